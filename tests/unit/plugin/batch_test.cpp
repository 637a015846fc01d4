#include "plugin/ports/group_batch.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "spawn/plugin/statestore.h"

namespace spawn {
namespace {

// The cut for a queue of saves with these group ids (0: alone).
std::size_t cut(const std::vector<std::uint64_t>& groups, std::size_t most) {
  std::vector<spawn_ss_save> saves(groups.size());
  std::vector<spawn_op*> ops;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    saves[i].op.struct_size = sizeof(spawn_ss_save);
    saves[i].op.code = SPAWN_SS_SAVE;
    saves[i].atomic_group = groups[i];
    ops.push_back(&saves[i].op);
  }
  return next_batch(ops, most);
}

TEST(GroupBatch, TakesEverythingThatFits) {
  EXPECT_EQ(cut({}, 4), 0u);
  EXPECT_EQ(cut({0, 0, 0, 0}, 4), 4u);
  EXPECT_EQ(cut({7, 7, 7, 7}, 4), 4u);
}

TEST(GroupBatch, CutsSingleOpsAtTheLimit) {
  EXPECT_EQ(cut({0, 0, 0, 0, 0}, 4), 4u);
}

TEST(GroupBatch, DoesNotCutInsideAGroup) {
  EXPECT_EQ(cut({1, 1, 2, 2, 2, 0}, 4), 2u);
  EXPECT_EQ(cut({0, 1, 0, 1, 0, 0}, 3), 1u) << "a group may have others in between";
}

TEST(GroupBatch, TakesAGroupLargerThanTheLimitAsAWhole) {
  EXPECT_EQ(cut({5, 5, 5, 5, 5, 0}, 3), 5u);
  EXPECT_EQ(cut({5, 5, 5, 5, 5}, 3), 5u);
}

TEST(GroupBatch, LooksAtGroupsOfWritesOnly) {
  std::vector<spawn_ss_load> loads(3);
  std::vector<spawn_op*> ops;
  for (auto& load : loads) {
    load.op.struct_size = sizeof(spawn_ss_load);
    load.op.code = SPAWN_SS_LOAD;
    ops.push_back(&load.op);
  }
  EXPECT_EQ(next_batch(ops, 2), 2u);
}

}  // namespace
}  // namespace spawn
