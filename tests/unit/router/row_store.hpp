// A store in a map, for tests of what writes rows: groups apply all or none.
#pragma once
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "plugin/ports/statestore_port.hpp"

namespace spawn::test {

// Applies what it is given within submit(), and answers by a task of the lane, as every store.
class row_store final : public statestore_port {
 public:
  struct record {
    std::uint64_t revision = 0, writer = 0;
    std::string payload, meta;
    bool tombstone = false;
    std::int64_t written_ms = 0;
  };
  std::map<std::string, record> records;
  spawn_status writes_end = SPAWN_OK;  // of any group of more than one write
  int groups = 0;                      // written

  [[nodiscard]] std::string_view name() const noexcept override { return "map"; }
  [[nodiscard]] std::uint64_t capabilities() const noexcept override { return 0; }
  [[nodiscard]] bool shared_queue() const noexcept override { return true; }

  void submit(lane&, std::span<spawn_op* const> ops) override {
    for (std::size_t i = 0; i < ops.size();) {
      if (ops[i]->code == SPAWN_SS_LIST) {
        list(*reinterpret_cast<spawn_ss_list*>(ops[i++]));
        continue;
      }
      std::vector<spawn_ss_save*> group;
      const std::uint64_t of = save_of(*ops[i]).atomic_group;
      do {
        group.push_back(&save_of(*ops[i++]));
      } while (of != 0 && i < ops.size() && save_of(*ops[i]).atomic_group == of);
      write(group);
    }
  }
  // Keys with this prefix.
  [[nodiscard]] std::vector<std::string> keys(const std::string& prefix = {}) const {
    std::vector<std::string> out;
    for (const auto& [key, of] : records) {
      if (key.starts_with(prefix)) {
        out.push_back(key);
      }
    }
    return out;
  }

 private:
  struct page {
    std::vector<std::pair<std::string, record>> copies;
    std::vector<spawn_ss_row> rows;
  };
  static spawn_ss_save& save_of(spawn_op& op) { return reinterpret_cast<spawn_ss_save&>(op); }
  static spawn_buf borrow(const std::string& bytes) {
    return {bytes.data(), bytes.size(), nullptr, nullptr};
  }
  static void end(spawn_op& op, spawn_status status) {
    op.status = status;
    static_cast<void>(port_op::end(op));
  }

  void write(const std::vector<spawn_ss_save*>& group) {
    const bool fails = group.size() > 1 && writes_end != SPAWN_OK;
    spawn_ss_save* loser = nullptr;
    for (spawn_ss_save* op : group) {
      const record& now = records[std::string(view_of(op->key))];
      const bool holds = now.revision == op->expect_revision &&
                         (now.revision == 0 || now.writer == op->expect_writer);
      loser = !fails && loser == nullptr && !holds ? op : loser;
    }
    for (spawn_ss_save* op : group) {
      const std::string key(view_of(op->key));
      record& now = records[key];
      if (op == loser) {
        op->out_revision = now.revision;
        op->out_writer = now.writer;
      } else if (!fails && loser == nullptr && op->op.code == SPAWN_SS_DELETE &&
                 (op->op.flags & SPAWN_SS_F_NO_TOMBSTONE) == 0) {
        now = {op->new_revision, op->writer, {}, std::string(view_of(op->meta)), true, 0};
      } else if (!fails && loser == nullptr && op->op.code == SPAWN_SS_DELETE) {
        now = {};
      } else if (!fails && loser == nullptr) {
        now = {op->new_revision,
               op->writer,
               op->payload != nullptr ? std::string(view_of(*op->payload)) : std::string(),
               std::string(view_of(op->meta)),
               false,
               0};
      }
      if (now.revision == 0) {
        records.erase(key);
      }
    }
    groups += !fails && loser == nullptr ? 1 : 0;
    for (spawn_ss_save* op : group) {
      const spawn_status lost = op == loser ? SPAWN_E_CONFLICT : SPAWN_E_ABORTED;
      end(op->op, fails ? writes_end : loser != nullptr ? lost : SPAWN_OK);
    }
  }

  void list(spawn_ss_list& op) {
    page& out = pages_.emplace_back();
    const std::string cursor(view_of(op.cursor));
    auto at = cursor.empty() ? records.lower_bound(std::string(view_of(op.from)))
                             : records.upper_bound(cursor);
    for (; at != records.end() && at->first < view_of(op.to) && out.copies.size() < op.limit;
         ++at) {
      out.copies.emplace_back(*at);
    }
    for (const auto& [key, of] : out.copies) {
      spawn_ss_row row{};
      row.key = slice_of(key);
      row.rec.revision = of.revision;
      row.rec.writer = of.writer;
      row.tombstone = of.tombstone ? 1 : 0;
      row.rec.written_unix_ms = of.written_ms;
      row.rec.payload = of.tombstone ? spawn_buf{} : borrow(of.payload);
      row.rec.meta = borrow(of.meta);
      out.rows.push_back(row);
    }
    const bool more = at != records.end() && at->first < view_of(op.to);
    op.out_rows = out.rows.data();
    op.out_n = static_cast<std::uint32_t>(out.rows.size());
    op.out_row_stride = sizeof(spawn_ss_row);
    op.out_cursor = more ? borrow(out.copies.back().first) : spawn_buf{};
    end(op.op, SPAWN_OK);
  }

  std::deque<page> pages_;  // kept: a page is borrowed until it was read
};

}  // namespace spawn::test
