// The inside of spawn-plugin-host: one instance of one plugin, served over shared memory.
#pragma once
#include <sys/types.h>

namespace spawn::isolate {

// Serves until the kernel says destroy; does not return before. The kernel kills it, or it dies
// with the kernel. `parent`: the process that started it. Returns an exit code.
[[nodiscard]] int run_child(pid_t parent);

}  // namespace spawn::isolate
