// A test in a process of its own: this program once more, with --child.
#pragma once
#include <string>
#include <vector>

#include "options.hpp"
#include "outcome.hpp"
#include "test.hpp"

namespace spawn::check {

// Runs it, waits for its end, at most as long as the limit, and removes its folder. [any thread]
[[nodiscard]] outcome run_in_child(const options& given, const std::string& id, std::uint64_t seed);

// The other side: runs the test of that id and says on given.result_fd what became of it.
// Never returns.
[[noreturn]] void be_the_child(const options& given, const test_list& tests);

}  // namespace spawn::check
