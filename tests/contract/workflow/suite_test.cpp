// Runs the suite over each first-party workflow plugin.
#include "contract/workflow/suite.hpp"

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

#include "contract/workflow/flow_configs.hpp"
#include "contract/workflow/part_bytes.hpp"
#include "contract/workflow/plugin_files.hpp"

namespace spawn::contract {
namespace {

std::vector<std::string> corpus() {
  const std::string effect = part_bytes().text(
      1, part_bytes()
             .text(1, part_bytes().text(1, "shop"))
             .text(2, part_bytes().text(1, part_bytes().text(1, "bill").text(2, "shop")))
             .text(3, "charge")
             .any(4, "type.example/Charge", "12")
             .integer(5, 1)
             .text(6, part_bytes().text(1, "cart").text(2, "shop"))
             .entry(8, "tenant", "red")
             .entry(8, "k", "v")
             .integer(9, 1'700'000'000'000)
             .integer(10, 1)
             .text(11, "biller"));
  const std::string route = part_bytes().text(1, "next").text(2, "go").text(3, "ref");
  const std::string broadcast =
      part_bytes().text(1, "news").text(2, "read").any(3, "type.example/News", "n");
  const std::string silent = part_bytes().text(1, "news").text(4, "");
  const std::string start =
      part_bytes().text(1, "demo").text(2, "id-1").any(3, "type.example/Order", "o");
  return {effect, route, broadcast, silent, start};
}

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
  options.corpus = corpus();
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
