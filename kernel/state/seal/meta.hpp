// The kernel's own part of a record (durability.md: record, meta v1). Stores never look inside.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "state/seal/armed_reminder.hpp"

namespace spawn {

inline constexpr std::uint32_t meta_deleted = 1u << 0;        // a tombstone
inline constexpr std::uint32_t meta_restored_from = 1u << 1;  // saved by a restore

// Bytes: format (u8), then fields {tag u8, length varint, bytes}. A newer kernel may add fields
// within format 1; they land in `unknown` and are written back byte for byte, so that an older
// kernel in a mixed cluster loses nothing. A change an old kernel must not touch raises the format.
struct record_meta {
  std::uint64_t birth = 0;     // make_birth(); drawn when the record is created, kept by restore
  std::uint64_t next_seq = 1;  // next outgoing row; never goes down; 0 means "not known" in rows
  std::uint32_t flags = 0;     // meta_*; bits we do not know are kept
  std::map<std::string, std::string, std::less<>> tags{};
  std::uint64_t definition_hash = 0;
  // The last row sent to each receiver (a hash of its address, its number); all of them or none.
  std::vector<std::pair<std::uint64_t, std::uint64_t>> tails{};
  std::vector<armed_reminder> reminders{};
  std::string unknown{};  // fields of tags we do not know, as they were read

  [[nodiscard]] bool deleted() const noexcept { return (flags & meta_deleted) != 0; }
  friend bool operator==(const record_meta&, const record_meta&) = default;
};

// 48 bits of Unix milliseconds and 16 random bits.
[[nodiscard]] constexpr std::uint64_t make_birth(std::int64_t unix_ms,
                                                 std::uint64_t random) noexcept {
  return static_cast<std::uint64_t>(unix_ms) << 16 | (random & 0xffff);
}

// Replaces `out`, whose capacity is reused. [any]
void encode_meta(const record_meta& meta, std::string& out);
// unsupported: written by a newer kernel. corrupt: anything else that is not a meta, with the field
// and what is wrong with it. [any]
[[nodiscard]] result<record_meta> decode_meta(std::string_view bytes);

}  // namespace spawn
