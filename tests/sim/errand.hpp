// Errands: the flows of a simulated world. What one is to do, and how far it has come.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sim {

inline constexpr std::string_view errand_parent = "errand";
inline constexpr std::uint32_t errand_schema = 1;

// What one step of an errand calls. All ids are made before it is sent: the step function is pure
// and may run twice.
struct errand_step {
  enum class kind : std::uint8_t {
    call,   // an actor; undone by another call, if it took effect and the errand turns back
    child,  // another errand, awaited to its end; it undoes itself
    note,   // an actor, and nobody waits; only that it can not be delivered is told
  };
  kind what = kind::call;
  std::string to;
  std::uint64_t id = 0;          // call, note: the request; child: the number of its errand
  std::uint64_t undo = 0;        // call: the request that undoes it
  std::uint64_t timeout_ms = 0;  // 0: its outcome is awaited for ever
  std::string plan;              // child: its plan, encoded
};

struct errand_plan {
  std::uint64_t number = 0;       // of this errand, for ever: a name may be used for several
  bool scatters = false;          // all steps at once
  bool ends_at_once = false;      // DONE with the last answer; else it is remembered for a while
  std::uint64_t pause_ms = 0;     // before each step but the first
  std::uint64_t patience_ms = 0;  // then it turns back, and drops what is out; 0: never
  std::vector<errand_step> steps;
};

enum class errand_phase : std::uint8_t { forward, back, ended };
enum class errand_end : std::uint8_t { none, completed, undone };

// How one step stands. `doubtful`: it may have taken effect.
struct errand_progress {
  enum class at : std::uint8_t { idle, out, done, failed, doubtful };
  at step = at::idle;
  at undo = at::idle;
  std::uint64_t token = 0;  // of the call that is out
  std::uint64_t told = 0;   // what the last receiver of a `done` step said: the entry of its run
  std::uint64_t undo_token = 0;
};

// The scratch of an errand's flow.
struct errand_state {
  errand_plan plan;
  errand_phase phase = errand_phase::forward;
  errand_end end = errand_end::none;
  std::uint64_t last_token = 0;
  // Timers that are set, 0: none.
  std::uint64_t pause = 0, patience = 0, again = 0, farewell = 0;
  std::vector<std::uint64_t> callers;  // call ids that wait for the end
  std::vector<errand_progress> steps;
  std::uint64_t strange = 0;  // a token it was told of and did not wait for: what must never be
};

[[nodiscard]] std::string encode_plan(const errand_plan& from);
[[nodiscard]] errand_plan decode_plan(std::string_view bytes);
[[nodiscard]] std::string encode_errand(const errand_state& from);
[[nodiscard]] errand_state decode_errand(std::string_view bytes);

// What who awaits an errand is told.
struct errand_answer {
  std::uint64_t number = 0;  // 0: there is none of that name
  errand_end end = errand_end::none;
};
[[nodiscard]] std::string encode_errand_answer(const errand_answer& from);
[[nodiscard]] errand_answer decode_errand_answer(std::string_view bytes);

}  // namespace sim
