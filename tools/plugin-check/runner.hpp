// Runs tests in their order, several at a time between two gates.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "options.hpp"
#include "outcome.hpp"
#include "test.hpp"

namespace spawn::check {

struct finding {
  const test* of = nullptr;
  outcome result;
};

// Calls `told` after each one, in the order of the list. The findings are in that order too.
[[nodiscard]] std::vector<finding> run_all(const options& given, const test_list& tests,
                                           const std::function<void(const finding&)>& told);

// Random rounds until the time is up or one fails; the seed counts up from the one given.
struct fuzzed {
  std::uint64_t rounds = 0;
  std::uint64_t seed = 0;  // of the last round
  std::string id;          // of the test that failed; empty: none
  outcome result;
};
[[nodiscard]] fuzzed fuzz(const options& given, const test_list& tests);

}  // namespace spawn::check
