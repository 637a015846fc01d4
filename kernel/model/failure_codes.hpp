// Between what a caller is told (failure) and what a plugin is told or says (errc).
#pragma once
#include "base/error.hpp"
#include "model/outcome.hpp"

namespace spawn {

// deadline and unknown_outcome: the action may have taken effect; with any other it has not.
[[nodiscard]] constexpr errc status_of(failure why) noexcept {
  switch (why) {
    case failure::none:
      return errc::ok;
    case failure::invalid_argument:
    case failure::hop_limit:
    case failure::key_reused:
      return errc::invalid;
    case failure::actor_not_found:
    case failure::action_not_found:
    case failure::revision_not_found:
      return errc::not_found;
    case failure::resource_exhausted:
      return errc::exhausted;
    case failure::unavailable:
    case failure::shutting_down:
    case failure::call_in_progress:
      return errc::unavailable;
    case failure::deadline_exceeded:
      return errc::deadline;
    case failure::not_applied:
      return errc::aborted;
    case failure::outcome_unknown:
    case failure::response_not_kept:  // it took effect, and nobody knows with what answer
      return errc::unknown_outcome;
    case failure::unimplemented:
      return errc::unsupported;
    case failure::too_large:
      return errc::too_large;
    case failure::corrupt:
      return errc::corrupt;
    case failure::host_error:
    case failure::internal:
      break;
  }
  return errc::internal;
}

// What the caller of a flow is told when a step refuses or fails a request.
[[nodiscard]] constexpr failure failure_for(errc status) noexcept {
  switch (status) {
    case errc::ok:
      return failure::none;
    case errc::invalid:
    case errc::conflict:
    case errc::denied:
      return failure::invalid_argument;
    case errc::not_found:
      return failure::actor_not_found;
    case errc::unavailable:
    case errc::shutdown:
      return failure::unavailable;
    case errc::unknown_outcome:
      return failure::outcome_unknown;
    case errc::deadline:
      return failure::deadline_exceeded;
    case errc::cancelled:
    case errc::aborted:
      return failure::not_applied;
    case errc::exhausted:
      return failure::resource_exhausted;
    case errc::too_large:
      return failure::too_large;
    case errc::unsupported:
      return failure::unimplemented;
    case errc::corrupt:
      return failure::corrupt;
    case errc::internal:
      break;
  }
  return failure::internal;
}

}  // namespace spawn
