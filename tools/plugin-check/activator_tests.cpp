// The activator suite over the source that the driver stands for. Without a driver nobody publishes
// into the source, and the tests are skipped.
#include "command_broker.hpp"
#include "contract/activator/activator_suite.hpp"
#include "contract/activator/bench.hpp"
#include "subject.hpp"
#include "suite_tests.hpp"

namespace spawn::check {
namespace {

// Lists checks without running any: nobody is asked anything.
class no_broker : public contract::broker {
 public:
  std::string fresh_config() override { throw std::logic_error("there is no source"); }
  void publish(std::span<const contract::letter>) override {
    throw std::logic_error("there is no source");
  }
};

using list_of = std::vector<contract::check> (*)(contract::broker&);

void run_with_driver(subject& s, list_of checks, const std::string& id) {
  if (s.driver().empty()) {
    throw contract::skipped{"it needs somebody who publishes into the source: --driver COMMAND"};
  }
  command_broker source(s.driver(), s.patience());
  for (const contract::check& one : checks(source)) {
    if (one.id == id) {
      return one.run(s.target());
    }
  }
  throw std::logic_error("there is no check " + id);
}

test_list driven(list_of checks) {
  no_broker nobody;
  const std::vector<contract::check> all = checks(nobody);
  test_list out = suite_tests("activator", all);
  for (std::size_t i = 0; i < all.size(); ++i) {
    out[i].run = [checks, id = all[i].id](subject& s) { run_with_driver(s, checks, id); };
  }
  return out;
}

}  // namespace

test_list activator_tests() {
  return driven(contract::activator_checks);
}

test_list activator_random_tests() {
  return driven(contract::activator_random_checks);
}

}  // namespace spawn::check
