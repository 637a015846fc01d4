#include "sql-common/segments.hpp"

#include <string_view>
#include <unordered_map>

#include "sql-common/utf8.hpp"

namespace sql_store {

namespace {

using spawn::plugin::set_outcome;
using spawn::plugin::text;

constexpr std::uint64_t type_url_bytes_max = 65'535;  // what every dialect's column holds

// What the segment under way does with a key.
struct use {
  bool written = false;
  bool read_after = false;
};

class cutter {
 public:
  explicit cutter(std::uint64_t bytes_max) : bytes_max_(bytes_max) { out_.emplace_back(); }

  void read(spawn_op* op) {
    if (op->code == SPAWN_SS_LOAD) {
      auto* load = reinterpret_cast<spawn_ss_load*>(op);
      use& u = uses_[text(load->key)];
      u.read_after = u.written;
      (u.read_after ? out_.back().after : out_.back().before).loads.push_back(load);
    } else {
      auto* page = reinterpret_cast<spawn_ss_list*>(op);
      page_after_ = page_after_ || !out_.back().units.empty();
      (page_after_ ? out_.back().after : out_.back().before).pages.push_back(page);
    }
  }

  void write(std::span<spawn_op* const> unit) {
    std::uint64_t bytes = 0;
    bool clash = page_after_;
    for (const spawn_op* op : unit) {
      const auto& save = *reinterpret_cast<const spawn_ss_save*>(op);
      bytes += spawn::plugin::payload_size(save) + save.meta.len + save.key.len;
      if (const auto at = uses_.find(text(save.key)); at != uses_.end()) {
        clash = clash || at->second.read_after;
      }
    }
    if (clash || (bytes_ > 0 && bytes_ + bytes > bytes_max_)) {
      out_.emplace_back();
      uses_.clear();
      page_after_ = false;
      bytes_ = 0;
    }
    bytes_ += bytes;
    for (const spawn_op* op : unit) {
      uses_[text(reinterpret_cast<const spawn_ss_save*>(op)->key)].written = true;
    }
    out_.back().units.push_back(unit);
  }

  std::vector<segment> take() { return std::move(out_); }

 private:
  const std::uint64_t bytes_max_;
  std::vector<segment> out_;
  std::unordered_map<std::string_view, use> uses_;
  bool page_after_ = false;
  std::uint64_t bytes_ = 0;
};

// True: its outcome is set.
bool refuse(spawn::plugin::host_ref host, spawn_op* op, std::uint64_t record_bytes_max) {
  if (spawn::plugin::refuse_store_op(host, op)) {
    return true;
  }
  if (!spawn::plugin::is_store_write(op)) {
    return false;
  }
  const auto& save = *reinterpret_cast<const spawn_ss_save*>(op);
  if (spawn::plugin::payload_size(save) + save.meta.len > record_bytes_max) {
    set_outcome(op, SPAWN_E_TOO_LARGE, "payload and meta are larger than max_record_bytes");
    return true;
  }
  if (op->code == SPAWN_SS_SAVE &&
      (save.type_url.len > type_url_bytes_max || !is_text(text(save.type_url)))) {
    set_outcome(op, SPAWN_E_INVALID, "type_url is no UTF-8 text of at most 65535 bytes");
    return true;
  }
  return false;
}

}  // namespace

std::vector<segment> cut(spawn::plugin::host_ref host, const spawn::plugin::unit_list& units,
                         std::uint64_t record_bytes_max, std::uint64_t bytes_max) {
  cutter pieces(bytes_max);
  for (std::size_t i = 0; i < units.size(); ++i) {
    const auto unit = units[i];
    const spawn_op* loser = nullptr;
    for (spawn_op* op : unit) {
      if (refuse(host, op, record_bytes_max)) {
        loser = op;
        break;
      }
    }
    if (loser != nullptr) {
      for (spawn_op* op : unit) {
        if (op != loser) {
          set_outcome(op, SPAWN_E_ABORTED, "another op of the group failed");
        }
      }
    } else if (spawn::plugin::is_store_write(unit[0])) {
      pieces.write(unit);
    } else {
      pieces.read(unit[0]);
    }
  }
  return pieces.take();
}

}  // namespace sql_store
