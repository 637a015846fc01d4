// One message running: the call to the host and what it started from.
#pragma once
#include "hostcall/host_link.hpp"
#include "model/definition.hpp"
#include "model/invocation.hpp"

namespace spawn {

class cell;

// Pinned while the host call is out; owned by its cell. [lane]
struct turn : host_call {
  cell* of = nullptr;
  invocation_ptr message;
  definition_ptr def;            // as it was when the turn began
  std::uint64_t read_batch = 0;  // the undurable batch its state came from, 0 = durable
  std::uint64_t began_ns = 0;
  bool is_init = false;
};

// Why a call to the host failed that came to an answer or to none. The message may be null.
[[nodiscard]] failure failure_of(const host_call& ended, const invocation* message) noexcept;

// --- calls that a policy or a circuit breaker kept back (held_back.cpp) ------------------------
[[nodiscard]] bool is_held_back(const host_call& ended) noexcept;
// What its caller is told.
[[nodiscard]] outcome held_back_answer(const host_call& ended);
// When a stored message is looked at again, with jitter.
[[nodiscard]] std::uint64_t held_row_wait_ms(const host_call& ended, random& rng) noexcept;

// Whether a call that failed may have done its work all the same: it did not come to an answer of
// the host's own.
[[nodiscard]] bool may_have_run(const host_call& ended) noexcept;

}  // namespace spawn
