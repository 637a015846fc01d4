// A question that waits for its answer: whose it is, and until when.
#pragma once
#include <cstdint>
#include <string_view>

#include "lane/timer_wheel.hpp"
#include "native/chunk_pool.hpp"
#include "native/live_address.hpp"

namespace spawn {

class live_lane;
class outside_ask;

struct live_ask : timer {
  enum class whose : std::uint8_t { nobody, actor, lane, outside };

  live_ask* next = nullptr;  // while it is free
  live_lane* owner = nullptr;
  std::uint32_t index = 0;
  std::uint32_t generation = 0;  // tells the tokens of its lives apart
  std::uint32_t life = 0;        // of the asker's object
  whose by = whose::nobody;
  live_address* asker = nullptr;   // actor
  live_address* asked = nullptr;   // who is to answer, when it is of this lane
  std::uint64_t token = 0;         // actor: its own. lane: of the question there
  live_lane* there = nullptr;      // lane
  outside_ask* outside = nullptr;  // outside

  // What an actor answers with.
  [[nodiscard]] std::uint64_t name() const noexcept {
    return (static_cast<std::uint64_t>(generation) << 32) | index;
  }
};

// A question of the kernel's own to a live actor. Pinned until `ended`, which runs on the lane,
// perhaps while the actor's call is running: it only notes what came. [lane]
class outside_ask {
 public:
  virtual ~outside_ask() = default;
  // `status` OK: the payload; otherwise its value is text for people.
  virtual void ended(spawn_status status, const spawn_payload& payload) = 0;
};

[[nodiscard]] inline spawn_payload text_payload(std::string_view text) noexcept {
  spawn_payload out{};
  out.presence = text.empty() ? SPAWN_P_UNSET : SPAWN_P_VALUE;
  out.value = {text.data(), text.size()};
  return out;
}

}  // namespace spawn
