// One round of random requests each; the runner repeats them with another seed.
#include <string_view>

#include "contract/statestore/statestore_suite.hpp"
#include "contract/transport/transport_suite.hpp"
#include "contract/workflow/suite.hpp"
#include "suite_tests.hpp"
#include "workflow_case.hpp"

namespace spawn::check {
namespace {

test fuzzed(test of) {
  of.id = "fuzz." + of.id;
  return of;
}

}  // namespace

test_list fuzz_tests(std::string_view kind) {
  test_list out;
  if (kind.empty() || kind == "statestore") {
    std::vector<contract::check> random;
    contract::add_model_checks(random);
    for (test& one : suite_tests("statestore", random)) {
      out.push_back(fuzzed(std::move(one)));
    }
  }
  if (kind.empty() || kind == "transport") {
    for (test& one : suite_tests("transport", contract::transport_random_checks())) {
      out.push_back(fuzzed(std::move(one)));
    }
  }
  if (kind.empty() || kind == "activator") {
    for (test& one : activator_random_tests()) {
      out.push_back(fuzzed(std::move(one)));
    }
  }
  if (kind.empty() || kind == "workflow") {
    for (const spawn::contract::suite_case& one : spawn::contract::workflow_suite()) {
      const std::string_view id = one.id;
      if (id == "fuzz" || id == "scratch" || id == "calls") {
        out.push_back({"fuzz.workflow." + std::string(id), one.description,
                       [&one](subject& s) { run_workflow_case(s, one); }});
      }
    }
  }
  return out;
}

}  // namespace spawn::check
