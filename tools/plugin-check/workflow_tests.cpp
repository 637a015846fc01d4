#include "contract/workflow/flow_configs.hpp"
#include "contract/workflow/part_corpus.hpp"
#include "contract/workflow/suite.hpp"
#include "workflow_case.hpp"

namespace spawn::check {

namespace suite = spawn::contract;  // the workflow suite has a namespace of its own

namespace {

constexpr std::size_t findings_shown = 5;

std::string joined(const suite::findings& found) {
  std::string out;
  for (std::size_t i = 0; i < found.size() && i < findings_shown; ++i) {
    out += (i == 0 ? "" : "\n") + found[i];
  }
  return found.size() > findings_shown
             ? out + "\nand " + std::to_string(found.size() - findings_shown) + " more"
             : out;
}

std::string underscored(std::string id) {
  for (char& c : id) {
    c = c == '-' ? '_' : c;
  }
  return id;
}

}  // namespace

void run_workflow_case(subject& s, const suite::suite_case& one) {
  const auto plugin = suite::plugin_under_test::of(s.entry(), s.path(), s.fresh_config());
  suite::suite_options options;
  options.seed = s.seed();
  options.corpus = suite::part_corpus();
  options.actions = suite::flow_actions();
  options.requests = suite::flow_requests();
  suite::findings found;
  one.run(*plugin, options, found);
  // It is about what the other cases made it do, too, and here each has a process of its own.
  for (const std::string& fault : plugin->faults()) {
    found.push_back("fault: " + fault);
  }
  contract::require(found.empty(), joined(found));
}

test_list workflow_tests() {
  test_list out;
  for (const suite::suite_case& one : suite::workflow_suite()) {
    out.push_back({"workflow." + underscored(one.id), one.description,
                   [&one](subject& s) { run_workflow_case(s, one); }});
  }
  return out;
}

}  // namespace spawn::check
