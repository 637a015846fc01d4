#include "sql-common/plain_saves.hpp"

#include <algorithm>

namespace sql_store {

namespace {

using spawn::plugin::text;

// Flags and fields that ask for more than the columns of a head go to the plan.
bool is_plain(const spawn_ss_save& op) noexcept {
  return op.op.code == SPAWN_SS_SAVE && (op.op.flags & ~SPAWN_SS_F_DURABLE) == 0 &&
         op.keep_history == 0 && op.ttl_s == 0;
}

}  // namespace

std::vector<spawn_ss_save*> plain_saves(std::span<const std::span<spawn_op* const>> units,
                                        history_rule defaults, bool has_history) {
  std::vector<spawn_ss_save*> ops;
  if (defaults.keep != 0 || has_history) {
    return ops;
  }
  ops.reserve(units.size());
  for (const auto& unit : units) {
    auto* op = reinterpret_cast<spawn_ss_save*>(unit[0]);
    if (unit.size() != 1 || !is_plain(*op)) {
      return {};
    }
    ops.push_back(op);
  }
  const auto key_of = [](const spawn_ss_save* op) { return text(op->key); };
  std::ranges::sort(ops, {}, key_of);
  if (std::ranges::adjacent_find(ops, {}, key_of) != ops.end()) {
    return {};
  }
  return ops;
}

}  // namespace sql_store
