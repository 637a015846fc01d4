// suite: what every workflow plugin must keep, whatever its parts mean. Written against the C ABI,
// free of any test framework, so that a checker for third-party plugins can run it too.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "contract/workflow/plugin_under_test.hpp"

namespace spawn::contract {

struct suite_options {
  std::uint64_t seed = 1;
  std::uint32_t fuzz_cases = 20'000;
  // Well-formed parts to mutate, one list for all part types; may be empty.
  std::vector<std::string> corpus;
};

// A case adds one line per broken promise; none means passed.
using findings = std::vector<std::string>;

struct suite_case {
  const char* id;           // stable
  const char* description;  // the promise, as a sentence
  void (*run)(plugin_under_test& plugin, const suite_options& options, findings& found);
};

[[nodiscard]] const std::vector<suite_case>& workflow_suite();

}  // namespace spawn::contract
