// What a child gives up before it runs a line of its plugin.
#pragma once
#include <string>

#include "base/result.hpp"
#include "plugin/isolate/frames.hpp"

namespace spawn::isolate {

// Limits of memory, open files and core dumps; no new privileges; files (Landlock) and system calls
// (seccomp). Returns what is in force, as text for operators: "seccomp landlock". Call before any
// other thread is made. Landlock may be missing from the running kernel, which is told and no
// error; anything else is.
[[nodiscard]] result<std::string> enter_sandbox(const create_order& order);

// The parts. Also for tests.
[[nodiscard]] result<bool> confine_files(const create_order& order);  // false: no Landlock here
[[nodiscard]] result<void> confine_calls(bool network);

}  // namespace spawn::isolate
