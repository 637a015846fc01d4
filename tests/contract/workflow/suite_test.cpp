// Runs the suite over each first-party workflow plugin.
#include "contract/workflow/suite.hpp"

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

#include "contract/workflow/flow_configs.hpp"
#include "contract/workflow/part_corpus.hpp"
#include "contract/workflow/plugin_files.hpp"

namespace spawn::contract {
namespace {

struct one_case {
  std::string plugin;
  const suite_case* test;
};

void PrintTo(const one_case& c, std::ostream* os) {
  *os << c.plugin << ": " << c.test->description;
}

std::vector<one_case> all_cases() {
  std::vector<one_case> out;
  for (const char* plugin :
       {"effect", "broadcast", "pipe", "forward", "saga", "scatter-gather", "aggregator"}) {
    for (const suite_case& c : workflow_suite()) {
      out.push_back({plugin, &c});
    }
  }
  return out;
}

std::string name_of(const ::testing::TestParamInfo<one_case>& info) {
  std::string name = info.param.plugin + "_" + info.param.test->id;
  for (char& c : name) {
    c = c == '-' ? '_' : c;
  }
  return name;
}

class workflow_contract : public ::testing::TestWithParam<one_case> {};

TEST_P(workflow_contract, keeps_its_promise) {
  const auto plugin =
      plugin_under_test::open(plugin_file(GetParam().plugin), config_of(GetParam().plugin));
  suite_options options;
  options.corpus = part_corpus();
  options.actions = flow_actions();
  options.requests = flow_requests();
  findings found;
  GetParam().test->run(*plugin, options, found);
  for (const std::string& f : found) {
    ADD_FAILURE() << GetParam().test->description << ": " << f;
  }
}

INSTANTIATE_TEST_SUITE_P(first_party, workflow_contract, ::testing::ValuesIn(all_cases()), name_of);

}  // namespace
}  // namespace spawn::contract
