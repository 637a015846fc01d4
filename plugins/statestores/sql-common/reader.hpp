// The reads of a store on a server: what LOAD, LIST and HISTORY answer, whatever the dialect. The
// session fetches rows; which of them count, and where a page ends, is decided here.
#pragma once
#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <string>
#include <string_view>

#include "spawn/plugin/cpp/page.hpp"
#include "spawn/plugin/cpp/statestore.hpp"

namespace sql_store {

// A row as the session has it; the views are good until its next row.
struct stored_row {
  std::string_view key;  // not of one key's revisions
  spawn::plugin::record_view record;
  bool deleted = false;         // of heads, and of a range with tombstones
  std::int64_t expires_at = 0;  // unix ms; 0: never
};
using take_row = std::function<void(const stored_row&)>;

// Live keys, or all, between two bounds, of which none is longer than a key can be.
struct key_range {
  std::string low, high;
  bool low_included = true, high_included = false;
  bool reverse = false, with_payload = false;
  bool tombstones = false;  // these too, and what has expired
  std::uint32_t rows = 0;   // at most
  std::int64_t now = 0;
};

// The live head and the superseded revisions of one key; none when its record has expired.
struct revision_range {
  std::string_view key;
  std::uint64_t low = 0, high = 0;  // inclusive
  bool reverse = false, with_payload = false;
  std::uint32_t rows = 0;  // at most
  std::int64_t now = 0;
};

// A bound for a column of signed numbers, which has no greater revision.
[[nodiscard]] inline std::uint64_t as_signed(std::uint64_t revision) noexcept {
  constexpr auto top = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  return revision < top ? revision : top;
}

// What a session fetches. Each may throw sql_error, after any number of rows.
class row_source {
 public:
  virtual ~row_source() = default;
  // Whatever is stored of these keys, tombstones too, in any order. Keys may be there twice.
  virtual void fetch_heads(std::span<const std::string_view> keys, const take_row& take) = 0;
  virtual void fetch_past(std::string_view key, std::uint64_t revision, const take_row& take) = 0;
  // In order.
  virtual void fetch_range(const key_range& range, const take_row& take) = 0;
  virtual void fetch_revisions(const revision_range& range, const take_row& take) = 0;
};

// Set the outcome of each op, unless they throw.
void read_loads(row_source& from, std::span<spawn_ss_load* const> ops, std::int64_t now);
void read_list(row_source& from, spawn_ss_list& op, std::int64_t now);
void read_history(row_source& from, spawn_ss_list& op, std::int64_t now);

}  // namespace sql_store
