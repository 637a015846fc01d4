#include "plugin/ports/group_batch.hpp"

#include <algorithm>
#include <cstdint>
#include <unordered_map>

#include "spawn/plugin/statestore.h"

namespace spawn {
namespace {

std::uint64_t group_of(const spawn_op& op) noexcept {
  const bool write = op.code == SPAWN_SS_SAVE || op.code == SPAWN_SS_DELETE ||
                     op.code == SPAWN_SS_REWRITE || op.code == SPAWN_SS_CHECK ||
                     op.code == SPAWN_SS_PRUNE;
  if (!write || op.struct_size < sizeof(spawn_ss_save)) {
    return 0;
  }
  return reinterpret_cast<const spawn_ss_save&>(op).atomic_group;
}

}  // namespace

std::size_t next_batch(std::span<spawn_op* const> ops, std::size_t most) {
  if (ops.size() <= most) {
    return ops.size();
  }
  std::unordered_map<std::uint64_t, std::size_t> last_of;
  for (std::size_t i = 0; i < ops.size(); ++i) {
    if (const std::uint64_t group = group_of(*ops[i]); group != 0) {
      last_of[group] = i;
    }
  }
  std::size_t best = 0;
  std::size_t open_until = 0;  // index of the last op of any group that began
  for (std::size_t i = 0; i < ops.size(); ++i) {
    if (const std::uint64_t group = group_of(*ops[i]); group != 0) {
      open_until = std::max(open_until, last_of[group]);
    }
    if (open_until > i) {
      continue;
    }
    if (i + 1 <= most) {
      best = i + 1;
    } else {
      return best != 0 ? best : i + 1;
    }
  }
  return best != 0 ? best : ops.size();
}

}  // namespace spawn
