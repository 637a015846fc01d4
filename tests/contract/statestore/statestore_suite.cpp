#include "contract/statestore/statestore_suite.hpp"

namespace contract {

std::vector<check> statestore_checks() {
  std::vector<check> out;
  add_record_checks(out);
  add_limit_checks(out);
  add_group_checks(out);
  add_page_checks(out);
  add_upkeep_checks(out);
  add_model_checks(out);
  return out;
}

}  // namespace contract
