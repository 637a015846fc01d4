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
  // For plugins with virtual parents: actions their actors have, and payloads to call them with.
  std::vector<std::string> actions{"start", "status"};
  std::vector<payload> requests{payload{}};
};

// A case adds one line per broken promise; none means passed.
using findings = std::vector<std::string>;

struct suite_case {
  const char* id;           // stable
  const char* description;  // the promise, as a sentence
  void (*run)(plugin_under_test& plugin, const suite_options& options, findings& found);
};

[[nodiscard]] const std::vector<suite_case>& workflow_suite();

// What the cases share.
// The promises that hold for each and every step.
void check_outcome(const step_outcome& o, const std::string& where, findings& found);
[[nodiscard]] step step_for(const std::string& part_type, std::string part);
// A CALL to an actor below a virtual parent.
[[nodiscard]] step call_for(const std::string& parent, const std::string& action,
                            const payload& request);

// The cases about flows, in suite_flows.cpp; a plugin without virtual parents passes them.
void takes_any_call(plugin_under_test& plugin, const suite_options& options, findings& found);
void withstands_any_scratch(plugin_under_test& plugin, const suite_options& options,
                            findings& found);
void flows_are_pure(plugin_under_test& plugin, const suite_options& options, findings& found);

}  // namespace spawn::contract
