#include "plugin/flight_log.hpp"

#include <algorithm>
#include <string>

namespace spawn {

bool end_here(spawn_op& raw, errc status, std::string_view text) {
  const auto* op = static_cast<const port_op*>(raw.host_private[0]);
  const auto now = op->now.load(std::memory_order_acquire);
  if (now != port_op::phase::flying && now != port_op::phase::parked) {
    return false;  // what the plugin wrote into it is its owner's already
  }
  auto* held = new std::string(text);
  raw.status = static_cast<spawn_status>(status);
  raw.error = {held->data(), held->size(),
               [](void* ctx, const void*, std::uint64_t) { delete static_cast<std::string*>(ctx); },
               held};
  if (port_op::end(raw)) {
    return true;
  }
  delete held;
  return false;
}

bool flight_log::flight::flying() const noexcept {
  if (op->generation.load(std::memory_order_acquire) != generation) {
    return false;
  }
  const auto now = op->now.load(std::memory_order_acquire);
  return now == port_op::phase::flying || now == port_op::phase::parked;
}

void flight_log::add(spawn_op& raw, std::uint64_t now_ns) {
  forget_ended(now_ns);
  auto* op = static_cast<port_op*>(raw.host_private[0]);
  note_submitted(raw, now_ns);
  flights_.push_back({op, op->generation.load(std::memory_order_relaxed), raw.code, raw.op_id,
                      raw.deadline_ns != 0 ? raw.deadline_ns : now_ns + patience_ms * ns_per_ms});
  ++added_;
}

void flight_log::forget_ended(std::uint64_t now_ns) {
  while (head_ < flights_.size()) {
    const flight& oldest = flights_[head_];
    if (oldest.flying()) {
      if (now_ns < oldest.due_ns + patience_ms * ns_per_ms) {
        break;
      }
      // It would hide everything behind it: put it aside.
      if (overdue_.size() >= kept_max) {
        std::erase_if(overdue_, [](const flight& f) { return !f.flying(); });
      }
      if (overdue_.size() < kept_max) {
        overdue_.push_back(oldest);
      }
    }
    ++head_;
  }
  if (head_ == flights_.size()) {
    flights_.clear();
    head_ = 0;
  } else if (head_ > 1'024 && head_ * 2 > flights_.size()) {
    flights_.erase(flights_.begin(), flights_.begin() + static_cast<std::ptrdiff_t>(head_));
    head_ = 0;
  }
}

std::size_t flight_log::end_newest(std::size_t n, errc status, std::string_view text) {
  std::size_t ended = 0;
  const std::size_t from = flights_.size() - std::min(n, flights_.size() - head_);
  for (std::size_t i = from; i < flights_.size(); ++i) {
    if (flights_[i].flying() && end_here(*flights_[i].op->header, status, text)) {
      ++ended;
    }
  }
  return ended;
}

void flight_log::list(std::uint64_t now_ns, std::uint32_t lane,
                      std::vector<unfinished_op>& out) const {
  const auto add_one = [&](const flight& f) {
    if (f.flying()) {
      const std::uint64_t late = now_ns > f.due_ns ? (now_ns - f.due_ns) / ns_per_ms : 0;
      out.push_back({f.op_id, lane, f.code, late});
    }
  };
  std::for_each(overdue_.begin(), overdue_.end(), add_one);
  std::for_each(flights_.begin() + static_cast<std::ptrdiff_t>(head_), flights_.end(), add_one);
}

bool flight_log::all_ended() const noexcept {
  const auto flying = [](const flight& f) { return f.flying(); };
  return std::none_of(overdue_.begin(), overdue_.end(), flying) &&
         std::none_of(flights_.begin() + static_cast<std::ptrdiff_t>(head_), flights_.end(),
                      flying);
}

}  // namespace spawn
