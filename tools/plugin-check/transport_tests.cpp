#include <algorithm>
#include <iterator>

#include "contract/transport/transport_kv_suite.hpp"
#include "contract/transport/transport_suite.hpp"
#include "suite_tests.hpp"

namespace spawn::check {

test_list transport_tests() {
  std::vector<contract::check> all = contract::transport_checks();
  std::ranges::move(contract::transport_kv_checks(), std::back_inserter(all));
  return suite_tests("transport", all);
}

}  // namespace spawn::check
