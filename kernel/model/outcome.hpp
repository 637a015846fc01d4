// How a request ended: the answer its caller gets.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "model/payload.hpp"

namespace spawn {

// Why a request failed (D6). Each has a fixed upper-case code, which begins the message, and an
// HTTP status: 503 only where nothing was executed. 409 and 422 are about idempotency keys.
enum class failure : std::uint8_t {
  none,
  invalid_argument,
  actor_not_found,
  action_not_found,
  resource_exhausted,  // a bound was reached; nothing was executed
  unavailable,         // the store or a plugin is down; nothing was executed
  shutting_down,       // draining; nothing was executed
  deadline_exceeded,
  host_error,       // the host failed the action, or gave no usable answer
  not_applied,      // the action ran, its state was not stored, and never will be
  outcome_unknown,  // may or may not have been applied
  hop_limit,
  call_in_progress,   // the call with this idempotency key has not come to its end yet
  key_reused,         // an idempotency key that another call has had; nothing was executed
  response_not_kept,  // the call with this key took effect; its response was not stored
  revision_not_found,
  unimplemented,
  too_large,
  corrupt,
  internal,
};

inline constexpr std::size_t failures = static_cast<std::size_t>(failure::internal) + 1;

struct failure_facts {
  std::string_view code;
  std::uint16_t http;
};

[[nodiscard]] constexpr failure_facts facts(failure why) noexcept {
  switch (why) {
    case failure::none:
      return {"OK", 200};
    case failure::invalid_argument:
      return {"INVALID_ARGUMENT", 400};
    case failure::actor_not_found:
      return {"ACTOR_NOT_FOUND", 500};
    case failure::action_not_found:
      return {"ACTION_NOT_FOUND", 500};
    case failure::resource_exhausted:
      return {"RESOURCE_EXHAUSTED", 503};
    case failure::unavailable:
      return {"UNAVAILABLE", 503};
    case failure::shutting_down:
      return {"SHUTTING_DOWN", 503};
    case failure::deadline_exceeded:
      return {"DEADLINE_EXCEEDED", 500};
    case failure::host_error:
      return {"HOST_ERROR", 500};
    case failure::not_applied:
      return {"NOT_APPLIED", 500};
    case failure::outcome_unknown:
      return {"OUTCOME_UNKNOWN", 500};
    case failure::hop_limit:
      return {"HOP_LIMIT_EXCEEDED", 500};
    case failure::call_in_progress:
      return {"CALL_IN_PROGRESS", 409};
    case failure::key_reused:
      return {"KEY_REUSED", 422};
    case failure::response_not_kept:
      return {"RESPONSE_NOT_KEPT", 500};
    case failure::revision_not_found:
      return {"REVISION_NOT_FOUND", 500};
    case failure::unimplemented:
      return {"UNIMPLEMENTED", 500};
    case failure::too_large:
      return {"TOO_LARGE", 413};
    case failure::corrupt:
      return {"CORRUPT", 500};
    case failure::internal:
      return {"INTERNAL", 500};
  }
  return {"INTERNAL", 500};
}

struct outcome {
  failure why = failure::none;
  std::uint32_t retry_after_s = 0;  // 503 and 409 carry at least 1
  std::string text;                 // without the code; empty on success
  payload value;

  [[nodiscard]] bool ok() const noexcept { return why == failure::none; }
  [[nodiscard]] static outcome failed(failure why, std::string text) {
    outcome out;
    out.why = why;
    out.text = std::move(text);
    out.retry_after_s = facts(why).http == 503 || facts(why).http == 409 ? 1 : 0;
    return out;
  }
  [[nodiscard]] static outcome done(payload value) {
    outcome out;
    out.value = std::move(value);
    return out;
  }
  // "CODE: text", as it stands in RequestStatus.message; "" on success.
  [[nodiscard]] std::string message() const {
    if (ok()) {
      return {};
    }
    return std::string(facts(why).code) + ": " + text;
  }
};

}  // namespace spawn
