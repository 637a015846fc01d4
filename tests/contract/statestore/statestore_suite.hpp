// What every statestore/1 must do (plugin-api/include/spawn/plugin/statestore.h), as checks.
#pragma once
#include <vector>

#include "contract/common/check.hpp"

namespace contract {

[[nodiscard]] std::vector<check> statestore_checks();

// The parts of it, by file.
void add_record_checks(std::vector<check>& out);
void add_limit_checks(std::vector<check>& out);
void add_group_checks(std::vector<check>& out);
void add_page_checks(std::vector<check>& out);
void add_upkeep_checks(std::vector<check>& out);
void add_model_checks(std::vector<check>& out);

}  // namespace contract
