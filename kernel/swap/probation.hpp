// Whether a plugin that was swapped in does worse than the one before.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "plugin/instance.hpp"

namespace spawn {

// What a plugin may be worse by. See plugins.probation in docs/configuration.md.
struct probation_limits {
  std::uint32_t failures_percent = 5;  // of all operations, more than before
  std::uint32_t slower_factor = 4;     // times the p99 from before; 0: not looked at
  std::uint64_t slower_ms = 20;        // a p99 up to this is never too slow
  std::uint64_t operations = 100;      // judged once it has ended so many
};

// How the operations of one instance ended.
struct op_figures {
  std::uint64_t completed = 0, failed = 0;
  std::uint64_t samples = 0, p99_ns = 0;  // from submit to end, of some

  [[nodiscard]] static op_figures of(const plugin_instance& instance);
};

class probation {
 public:
  // p99 of fewer is not compared.
  static constexpr std::uint64_t samples_min = 20;

  probation(const op_figures& before, const probation_limits& limits)
      : before_(before), limits_(limits) {}
  // Why it has failed, if it has.
  [[nodiscard]] std::optional<std::string> verdict(const op_figures& now) const;

 private:
  op_figures before_;
  probation_limits limits_;
};

}  // namespace spawn
