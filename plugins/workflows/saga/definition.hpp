// What the configuration declares: sagas, their steps, how each is called and undone. Made at
// create, constant from then on, shared by all lanes.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "flow-common/target.hpp"

namespace spawn::plugin::saga {

inline constexpr std::size_t sagas_max = 256;
inline constexpr std::size_t steps_max = 128;    // of one saga
inline constexpr std::size_t parallel_max = 32;  // of one group
inline constexpr std::size_t earlier_max = 8;    // older definitions of one saga

struct retry_policy {
  std::uint32_t attempts = 1;
  std::uint64_t backoff_ms = 100;  // before the second attempt, doubled each time
  std::uint64_t max_backoff_ms = 30'000;
  // A call that timed out is sent again too. The actor must recognise the repeat.
  bool timeouts = false;
};

struct call_definition {
  flows::target to;
  std::uint64_t timeout_ms = 30'000;
  retry_policy retry;
};

struct step_definition {
  std::string name;
  call_definition run;
  std::optional<call_definition> undo;
  bool pivot = false;
  bool keeps_result = false;  // some template refers to it
};

// Steps [first, first + count) run at the same time.
struct step_group {
  std::size_t first = 0, count = 0;
};

struct definition {
  std::uint64_t hash = 0;  // of the steps as they are written
  std::uint64_t deadline_ms = 0, keep_ms = 0;
  std::vector<step_definition> steps;
  std::vector<step_group> groups;
  std::optional<std::size_t> pivot;                // index of the step
  std::vector<flows::reference> input_references;  // below {input}, all steps
};

struct declared_saga {
  std::string name;
  std::vector<definition> versions;  // the first is the one that new sagas run by

  [[nodiscard]] const definition* by_hash(std::uint64_t hash) const;
};

// Sorted by name. Throws refused, naming the path.
[[nodiscard]] std::vector<declared_saga> read_sagas(const flows::config_reader& config);

}  // namespace spawn::plugin::saga
