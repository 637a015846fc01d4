// The row that remembers a call by its idempotency key (durability.md 22):
// k/ in row_keys.hpp. It is created in the first group of the call, so it is there if and only if
// the call took effect, and is gone when its time is over. [any]
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "model/invocation.hpp"
#include "state/record.hpp"

namespace spawn {

inline constexpr std::string_view call_type_url = "spawn.call/1";

// Numbers are stored.
enum class call_state : std::uint8_t {
  running = 1,   // it took effect; its answer comes from a later hop
  done = 2,      // with this response
  not_kept = 3,  // its response is too large to be kept, or was not the kernel's to know
  failed = 4,    // its chain ended with this error
};

struct call_row {
  // Of what is stored under the key, if anything ever was; of a row whose time is over, of what it
  // left behind. 0: nothing.
  std::uint64_t revision = 0;
  std::uint64_t writer = 0;
  bool is_there = false;

  call_state state = call_state::running;
  std::string digest;
  payload response;
  failure why = failure::none;
  std::string text;     // of the error
  std::string unknown;  // fields of a newer kernel, as they were read

  // What a repeat is answered. Not of a running call.
  [[nodiscard]] outcome answer() const;
};

// Tells one call from another: 32 hex digits of its action and payload.
[[nodiscard]] std::string call_digest(std::string_view action, payload_view argument);
// What is said of this call to systems outside: the same for each repeat.
[[nodiscard]] std::string call_message_id(actor_view actor, std::string_view idempotency_key);

// A call that is at its end. A response above limits::kept_response_bytes_max is not kept.
[[nodiscard]] call_row ended_call(std::string digest, const outcome& with);
// One whose response nobody will know.
[[nodiscard]] call_row unkept_call(std::string digest);

// One whose chain ended in the dead letters: what its last row says of itself.
[[nodiscard]] call_row dead_call(const message_row& last);

// Bytes: format (u8), then fields {tag u8, length varint, bytes}; fields that a newer kernel adds
// within the format are kept.
void encode_call(const call_row& row, std::string& out);
// unsupported: of a newer kernel. corrupt: anything else that is no such row.
[[nodiscard]] result<call_row> decode_call(std::string_view bytes);

// A chain's way back to the row of its call, as a field of its message rows.
[[nodiscard]] std::string encode_link(const call_link& link);
[[nodiscard]] result<void> read_link(std::string_view bytes, std::shared_ptr<const call_link>& out);

// One write of such a row, as part of somebody's atomic group. Its bytes stay as they are through
// every repeat (durability.md 7).
struct call_write {
  std::string key;
  std::uint64_t expect_revision = 0, expect_writer = 0;
  std::uint64_t new_revision = 0, writer = 0;
  std::uint32_t ttl_s = 0;
  sealed_record content;

  void fill(spawn_ss_save& op) noexcept;
};
// `bytes`: as encode_call made them. Sealed to key, revision and writer, as a record is. [lane]
[[nodiscard]] result<call_write> make_call_write(record_codec& codec, std::string key,
                                                 std::uint64_t expect_revision,
                                                 std::uint64_t expect_writer, std::uint64_t writer,
                                                 std::uint32_t ttl_s, std::string_view bytes);
// Opens what a load gave; its buffers are not released here. [lane]
[[nodiscard]] result<call_row> open_call(record_codec& codec, std::string_view key, errc status,
                                         const spawn_ss_record& in);

// The message that brings the end of a chain to its call's row: it has the id of the chain's last
// row, and an "f", so one chain has one end. `last` is in a store and has a call.
[[nodiscard]] invocation_ptr make_call_end(const invocation& last, std::uint64_t writer,
                                           std::int64_t now_ms, const call_row& end);

}  // namespace spawn
