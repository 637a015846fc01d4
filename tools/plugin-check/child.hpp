// A test in a process of its own: this program once more, with --child.
#pragma once
#include <string>
#include <vector>

#include "options.hpp"
#include "outcome.hpp"
#include "test.hpp"

namespace spawn::check {

// For one test, in the folder for temporary files.
[[nodiscard]] std::string make_folder();

// Runs it, waits for its end, at most as long as the limit, and removes its folder. [any thread]
[[nodiscard]] outcome run_in_child(const options& given, const std::string& id, std::uint64_t seed);

// The other side: runs the test of that id and says on given.result_fd what became of it.
// Never returns.
[[noreturn]] void be_the_child(const options& given, const test_list& tests);

// That test in this process, which somebody may have under a debugger: the verdict goes to standard
// output, the process ends with the exit code of the verdict. A crash leaves the test's folder.
[[noreturn]] void be_alone(options given, const test& one);

}  // namespace spawn::check
