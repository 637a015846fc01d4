// Turns whose call this kernel did not send: by a bound of the operator or an open circuit breaker
// (resiliency/guarded_link.hpp). Nothing ran.
#include <algorithm>

#include "cell/actor_pool.hpp"
#include "cell/cell_lane.hpp"

namespace spawn {
namespace {

// A message that is put off is looked at again between these.
constexpr std::uint64_t again_ms_min = 20;
constexpr std::uint64_t again_ms_max = 60'000;

}  // namespace

bool is_held_back(const host_call& ended) noexcept {
  return ended.result == host_result::refused && ended.held != held_back::no &&
         ended.held != held_back::connections;
}

outcome held_back_answer(const host_call& ended) {
  const failure why =
      ended.held == held_back::breaker ? failure::unavailable : failure::resource_exhausted;
  outcome out = outcome::failed(why, ended.why + "; the action was not executed");
  out.retry_after_s = std::max<std::uint32_t>((ended.retry_after_ms + 999) / 1'000, 1);
  return out;
}

std::uint64_t held_row_wait_ms(const host_call& ended, random& rng) noexcept {
  const std::uint64_t asked =
      std::clamp<std::uint64_t>(ended.retry_after_ms, again_ms_min, again_ms_max);
  return asked + rng.below(asked / 2 + 1);  // not all actors of a host at once
}

void cell_lane::turn_held_back(cell& c, turn& ended) {
  if (ended.message->row) {
    put_off_in_memory(c, std::move(ended.message), held_row_wait_ms(ended, s_.home.rng()));
    return;
  }
  s_.stats.refused.add();
  s_.stats.invocations_failed.add();
  c.type->failed.add();
  ended.message->answer(held_back_answer(ended));
}

// It was not tried, so no attempt is counted and nothing is written: it stays in the store as it
// is, and this actor looks for it again later. What is behind it of the same sender waits too.
void cell_lane::put_off_in_memory(cell& c, invocation_ptr message, std::uint64_t wait_ms) {
  const message_row& row = *message->row;
  inbox& in = inbox_of(c);
  take_from_mailbox(c, row);
  in.gave_back(row);
  if (row.due_ms != 0) {
    message_row later = row;
    later.due_ms = s_.home.unix_ms() + static_cast<std::int64_t>(wait_ms);
    s_.out->stored_for_later(later);
    return;
  }
  in.on_hold = true;
  s_.home.arm_after_ms(in.retry, wait_ms);
}

}  // namespace spawn
