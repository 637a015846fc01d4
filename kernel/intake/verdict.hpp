// What becomes of a message whose call has ended.
#pragma once
#include "model/outcome.hpp"

namespace spawn {

enum class verdict : std::uint8_t {
  done,   // it took effect, now or before
  hold,   // nothing is wrong with it: try again for as long as it takes
  await,  // nobody has registered its actor yet
  again,  // try again; it counts as an attempt
  dead,   // no retry helps
};

[[nodiscard]] constexpr verdict verdict_of(failure why) noexcept {
  switch (why) {
    case failure::none:
    case failure::response_not_kept:
      return verdict::done;
    case failure::unavailable:
    case failure::resource_exhausted:
    case failure::shutting_down:
    case failure::call_in_progress:
    case failure::outcome_unknown:
    case failure::not_applied:
      return verdict::hold;
    case failure::actor_not_found:
      return verdict::await;
    case failure::invalid_argument:
    case failure::key_reused:
    case failure::too_large:
      return verdict::dead;
    case failure::action_not_found:
    case failure::deadline_exceeded:
    case failure::host_error:
    case failure::hop_limit:
    case failure::revision_not_found:
    case failure::unimplemented:
    case failure::corrupt:
    case failure::internal:
      return verdict::again;
  }
  return verdict::again;
}

}  // namespace spawn
