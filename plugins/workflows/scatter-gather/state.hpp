// The state of one scatter: what its scratch holds. It has all that is needed after the start, so a
// changed configuration concerns only what is started later.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "flow-common/target.hpp"
#include "flow-common/waiters.hpp"
#include "scatter-gather/definition.hpp"

namespace spawn::plugin::scatter {

inline constexpr std::uint32_t scratch_schema = 1;
inline constexpr std::size_t error_bytes_max = 160;
inline constexpr std::size_t input_bytes_max = 64 * 1024;
inline constexpr std::size_t result_bytes_max = 64 * 1024;
inline constexpr std::size_t results_bytes_max = 144 * 1024;  // of all targets together

// Tokens: target i has i + 1; no call is made twice.
inline constexpr std::uint64_t timeout_token = 1'000;
inline constexpr std::uint64_t keep_token = 1'001;

// Numbers are stored: they do not change.
enum class gather_state : std::uint8_t {
  gathering = 1,
  complete = 2,  // as many successes as asked for
  partial = 3,   // all have answered, or it can not be reached any more
  timed_out = 4,
  cancelled = 5
};

struct target_record {
  std::string name;
  enum class kind : std::uint8_t { pending = 0, ok = 1, failed = 2 } state = kind::pending;
  spawn_status code = SPAWN_OK;
  std::string error;
  flows::any_payload result;
};

struct scatter_state {
  std::string name, id;
  gather_state state = gather_state::gathering;
  quorum_rule::kind rule = quorum_rule::kind::all;
  std::uint64_t quorum = 0, keep_ms = 0;
  std::int64_t started = 0, ended = 0;
  std::uint64_t first = 0;  // number of the target that succeeded first, from 1; 0 = none
  flows::any_payload input;
  std::vector<target_record> targets;
  std::optional<flows::rendered_call> then;  // without payload
  flows::waiter_list waiters;

  [[nodiscard]] bool has_ended() const { return state != gather_state::gathering; }
  [[nodiscard]] std::size_t count(target_record::kind what) const;
};

[[nodiscard]] std::string encode(const scatter_state& state);
[[nodiscard]] std::optional<scatter_state> decode(spawn_slice scratch);

}  // namespace spawn::plugin::scatter
