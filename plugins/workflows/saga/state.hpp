// The state of one saga: what its scratch holds. Plain data; who changes it is in planner.hpp.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "flow-common/scratch_codec.hpp"
#include "flow-common/waiters.hpp"

namespace spawn::plugin::saga {

inline constexpr std::uint32_t scratch_schema = 1;
inline constexpr std::size_t outstanding_max = 8;  // unanswered attempts of one call
inline constexpr std::size_t error_bytes_max = 160;
inline constexpr std::size_t input_bytes_max = 64 * 1024;
inline constexpr std::size_t result_bytes_max = 64 * 1024;
inline constexpr std::size_t results_bytes_max = 96 * 1024;  // of all steps together

// Numbers are stored: they do not change.
enum class call_state : std::uint8_t {
  idle = 0,       // not sent yet
  in_flight = 1,  // sent, within its time-out
  backoff = 2,    // failed; waits for its next attempt
  late = 3,       // not answered in time, not sent again; its outcome still comes
  ok = 4,
  failed = 5,   // it has had no effect and is not tried again
  unknown = 6,  // it ended, and whether it had an effect can not be found out
  skipped = 7   // settled by an operator
};

// One action on one actor, with its attempts: the run or the undo of a step.
struct call_record {
  call_state state = call_state::idle;
  bool doubt = false;                      // an attempt ended without saying if it took effect
  std::uint32_t attempts = 0;              // in all
  std::uint32_t since_armed = 0;           // since the start or the operator's last word
  std::vector<std::uint64_t> outstanding;  // tokens of attempts that are not answered
  std::uint64_t timer = 0;                 // token of its time-out or backoff timer, 0 = none
  std::int64_t started = 0, ended = 0;
  std::string error;  // of the last failure
};

struct step_record {
  call_record run, undo;
  flows::any_payload result;
  bool result_dropped = false;  // it was too large to keep
};

enum class saga_mode : std::uint8_t { forward = 1, backward = 2, completed = 3, compensated = 4 };

struct saga_state {
  std::string name, id;
  std::uint64_t definition = 0;  // hash
  saga_mode mode = saga_mode::forward;
  bool cancelled = false;  // an operator asked for an end before the pivot
  std::string stuck;       // why nothing goes on without an operator; empty = it does
  std::string cause;       // why it was compensated
  std::int64_t started = 0, ended = 0, deadline = 0;
  std::uint64_t last_token = 0;  // tokens are counted and never come back
  std::uint64_t deadline_timer = 0, keep_timer = 0;
  flows::any_payload input;
  std::vector<step_record> steps;
  flows::waiter_list waiters;

  [[nodiscard]] bool has_ended() const {
    return mode == saga_mode::completed || mode == saga_mode::compensated;
  }
};

[[nodiscard]] std::string encode(const saga_state& state);
// Nothing if the bytes are no saga's scratch of this schema.
[[nodiscard]] std::optional<saga_state> decode(spawn_slice scratch);

}  // namespace spawn::plugin::saga
