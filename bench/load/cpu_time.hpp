// CPU time of processes, from /proc.
#pragma once

#include <optional>

namespace spawn::bench {

// utime + stime of the process, all its threads; nothing when there is no such process.
[[nodiscard]] std::optional<double> cpu_seconds_of(int pid);
// Of this process.
[[nodiscard]] double own_cpu_seconds();

}  // namespace spawn::bench
