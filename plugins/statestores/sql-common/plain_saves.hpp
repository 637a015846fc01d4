// plain_saves: tells the commonest batch from the others: saves that a single conditional statement
// can decide, so that nothing has to be locked and read first.
#pragma once
#include <span>
#include <vector>

#include "sql-common/write_plan.hpp"

namespace sql_store {

// These units' ops in the order of their keys, when each is a SAVE on its own, no two are of one
// key, and there is no history to keep or to prune. Whether it wins then hangs on its own row and
// nothing else. Empty otherwise. Borrowed.
[[nodiscard]] std::vector<spawn_ss_save*> plain_saves(
    std::span<const std::span<spawn_op* const>> units, history_rule defaults, bool has_history);

}  // namespace sql_store
