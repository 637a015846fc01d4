// What every activator/1, and every sink/1 beside one, must do (plugin-api/include/spawn/plugin/
// activator.h, sink.h), as checks. The broker is the driver of the source under test and outlives
// the checks.
#pragma once
#include <vector>

#include "contract/activator/broker.hpp"
#include "contract/common/check.hpp"

namespace contract {

[[nodiscard]] std::vector<check> activator_checks(broker& source);

// A round of random verdicts; for `--fuzz`.
[[nodiscard]] std::vector<check> activator_random_checks(broker& source);

// The parts.
class bench;
struct bench_check {
  const char* id;
  void (*run)(bench&);
  const char* promise;  // what holds when it passes
};
[[nodiscard]] std::vector<bench_check> window_checks();
[[nodiscard]] std::vector<bench_check> delivery_checks();
[[nodiscard]] std::vector<bench_check> settle_checks();
[[nodiscard]] std::vector<bench_check> again_checks();
[[nodiscard]] std::vector<bench_check> life_checks();
[[nodiscard]] std::vector<bench_check> sink_checks();

}  // namespace contract
