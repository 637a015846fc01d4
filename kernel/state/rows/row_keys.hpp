// Store keys of message rows (durability.md 1).
//   m/<pp>/<system>/<name>/<sender>/<birth>/<seq>   due now; key order is FIFO per (name, sender)
//   t/<pp>/<due ms>/<sender>/<birth>/<seq>     due later
//   d/<system>/<parent>/<name>/<sender>/<birth>/<seq>   dead letters
//   g/<pp>/<sender>/<birth>/<seq>              guards of transfers between stores
//   k/<pp>/<system>/<name>/<parent>/<source>/<idempotency key>   calls (call_row.hpp)
// A sender is <system>/<name>/<parent>. The parent of a receiver is not part of where its rows
// wait: a name that was spawned may be addressed with it or without, and its rows are in one order.
// The name of a channel (model/channel_name.hpp) is %c and its topic, of a sink %s and its name.
// The sender of a row that a channel made for a subscriber has a last part of its own
// (channel_sender). A part longer than 140 bytes is cut and ends in its SHA-256, so that two actors
// fit one key; the full address is in the row. [any]
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "model/actor_id.hpp"
#include "model/message_row.hpp"
#include "state/seal/keys.hpp"

namespace spawn {

// Stands for a sender without a record. '%' begins nothing else in an encoded part.
inline constexpr std::string_view row_from_outside = "%x";
// Fixed for ever: partitions of rows by receiver, written as three hex digits.
inline constexpr std::uint32_t row_partitions = 1'024;

[[nodiscard]] std::string row_actor(actor_view id);  // "<system>/<name>/<parent>"
// The sender in the id of a row that a broadcast became for one subscriber and action: that of the
// fan_out row, and what tells this subscription from others. `place` names the subscriber among
// those of all topics. So the id is unique and the same whenever the page is made, a sender's
// broadcasts to one topic are one lane of rows at each subscriber, and its other messages are not
// part of it.
[[nodiscard]] std::string channel_sender(const message_row& fan_out, std::string_view topic,
                                         std::string_view place);
// All addresses of one name share a partition.
[[nodiscard]] std::uint32_t row_partition(std::string_view system, std::string_view name) noexcept;

// The partition that a key of m/ or t/ or g/ is in. Of another key: 0.
[[nodiscard]] std::uint32_t partition_of(std::string_view key) noexcept;

// "<sender>/<birth>/<seq>[f]".
[[nodiscard]] std::string row_id(const message_row& row);
// Stands for it at systems outside, which have limits of their own: 32 characters, digits and
// letters.
[[nodiscard]] std::string short_row_id(const message_row& row);
// Where a row for this receiver is pending: under t/ when it is due later.
[[nodiscard]] std::string pending_key(actor_view to, const message_row& row);
[[nodiscard]] std::string dead_key(actor_view to, const message_row& row);
[[nodiscard]] std::string guard_key(actor_view to, const message_row& row);
// Of a call that names itself; its source is row_from_outside, whoever makes it.
[[nodiscard]] std::string call_row_key(actor_view actor, std::string_view idempotency_key);

[[nodiscard]] key_range message_range();
// Everything addressed to one name, whatever the parent.
[[nodiscard]] key_range inbox_range(std::string_view system, std::string_view name);
[[nodiscard]] key_range timed_range();
// Rows of one partition that are due by `until_ms`; INT64_MAX: all there are.
[[nodiscard]] key_range timed_range(std::uint32_t partition, std::int64_t until_ms);
[[nodiscard]] key_range dead_range();
// Of messages to this actor, addressed with exactly this parent.
[[nodiscard]] key_range dead_range(actor_view to);

// What a key of m/ or t/ or d/ says of its row: due_ms, sender, birth, seq, of_failure, key.
// corrupt for any other key.
[[nodiscard]] result<message_row> parse_row_key(std::string_view key);
// Whether a row's key is of one that tells a flow the end of a call: those keep no order.
[[nodiscard]] constexpr bool is_outcome_key(std::string_view key) noexcept {
  constexpr std::size_t with_f = 17;  // a number has 16 digits, of which the last may be an f too
  return key.ends_with('f') && key.size() - (key.rfind('/') + 1) == with_f;
}
// Whether a key is of a row: pending, due later, or dead.
[[nodiscard]] constexpr bool is_message_key(std::string_view key) noexcept {
  return key.starts_with("m/") || key.starts_with("t/") || key.starts_with("d/");
}

}  // namespace spawn
