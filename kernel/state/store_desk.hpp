// Reads and writes of records for people and tools, past the cells: what is told is what is
// durable, and what is written is seen by a cell as a conflict.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/unique_function.hpp"
#include "state/journal.hpp"
#include "state/record.hpp"

namespace spawn {

// A record or an earlier revision as the store has it: sealed.
struct stored_row {
  std::string key;
  std::uint64_t revision = 0;
  std::uint64_t writer = 0;
  std::int64_t written_ms = 0;
  std::int64_t expires_ms = 0;  // 0: never
  bool tombstone = false;
  bool has_payload = false;
  std::string type_url, payload, meta;

  // As a store gives it; borrowed.
  [[nodiscard]] spawn_ss_record view() const noexcept;
};

struct stored_page {
  std::vector<stored_row> rows;
  std::string cursor;  // empty: the last page
};

struct page_order {
  bool history = false;  // of the key `from`; else the keys from <= k < to
  bool tombstones = false;
  bool reverse = false;
  bool with_payload = true;
  std::uint32_t limit = 0;
  std::uint64_t from_revision = 0;  // of history
  std::string from, to, cursor;
};

struct write_order {
  std::uint16_t code = 0;  // SPAWN_SS_*
  std::uint16_t flags = 0;
  std::string key;
  std::uint64_t expect_revision = 0, expect_writer = 0;
  std::uint64_t new_revision = 0;
  std::uint64_t writer = 0;  // 0 in a SAVE or DELETE: a name of the lane's own, never used before
  std::uint32_t ttl_s = 0, keep_history = 0;
  std::uint64_t keep_history_ms = 0;
  std::int64_t written_ms = 0;
  sealed_record content;
};

struct write_outcome {
  errc code = errc::ok;
  std::string why;
  std::uint64_t stored_revision = 0, stored_writer = 0;  // of a conflict
};

// Life: with its lane's router; everything asked for has ended before it goes. [lane]
class store_desk {
 public:
  using page_fn = unique_function<void(result<stored_page>)>;
  using pages_fn = unique_function<void(std::vector<result<stored_page>>)>;
  using written_fn = unique_function<void(std::vector<write_outcome>)>;

  store_desk() = default;
  store_desk(const store_desk&) = delete;
  store_desk& operator=(const store_desk&) = delete;

  // `done` runs on the lane, by the deadline (lane clock) if the store keeps its promise.
  void read(journal& store, page_order order, std::uint64_t deadline_ns, page_fn done);
  // All in one batch; the pages are in the order of the orders.
  void read_all(journal& store, std::vector<page_order> orders, std::uint64_t deadline_ns,
                pages_fn done);
  // All in one batch, each for itself; the outcomes are in the order of the orders.
  void write(journal& store, std::vector<write_order> orders, std::uint64_t deadline_ns,
             written_fn done);

 private:
  struct reading;
  struct writing;
  op_slab<list_request> lists_;
  op_slab<save_request> saves_;
};

}  // namespace spawn
