#include "sql-common/write_plan.hpp"

#include <gmock/gmock.h>

#include <map>

#include "unit/sql_common/ops.hpp"

namespace sql_store {
namespace {

using spawn::plugin::text;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::int64_t now = 1'000'000;

// Plans a batch over a table of heads, and tells it.
struct Plan : testing::Test {
  void run(std::uint32_t keep = 0, bool has_history = false) {
    units = std::make_unique<spawn::plugin::unit_list>(ops.all);
    std::vector<std::span<spawn_op* const>> each;
    for (std::size_t i = 0; i < units->size(); ++i) {
      each.push_back((*units)[i]);
    }
    const auto keys = keys_of(each);
    std::vector<head> heads;
    for (const std::string_view key : keys) {
      const auto at = table.find(std::string(key));
      heads.push_back(at == table.end() ? head() : at->second);
    }
    plan = std::make_unique<write_plan>(keys, heads, now, history_rule{keep, 0}, has_history,
                                        [](const auto&) { return std::nullopt; });
    for (const auto& unit : each) {
      plan->add(unit);
    }
    plan->finish();
    plan->tell();
  }
  static std::vector<std::uint64_t> revisions(const std::vector<write_plan::row>& rows) {
    std::vector<std::uint64_t> out;
    for (const auto& row : rows) {
      out.push_back(row.from->new_revision);
    }
    return out;
  }
  std::map<std::string, head> table;
  test::ops ops;
  std::unique_ptr<spawn::plugin::unit_list> units;
  std::unique_ptr<write_plan> plan;
};

TEST_F(Plan, APipelineOnOneKeyIsOneRow) {
  ops.save("k", 0, 7);
  ops.save("k", 1, 7);
  ops.save("k", 2, 7);
  run();
  EXPECT_THAT(revisions(plan->inserts), ElementsAre(3));
  EXPECT_THAT(plan->updates, IsEmpty());
  EXPECT_THAT(plan->past, IsEmpty());
  for (const spawn_op* op : ops.all) {
    EXPECT_EQ(op->status, SPAWN_OK);
  }
}

TEST_F(Plan, WhatWasSupersededOnTheWayIsHistory) {
  table["k"] = {true, 4, 7, false, 0};
  ops.save("k", 4, 7);
  ops.save("k", 5, 7);
  ops.save("k", 6, 7);
  run(2);
  EXPECT_THAT(revisions(plan->updates), ElementsAre(7));
  EXPECT_THAT(revisions(plan->past), ElementsAre(5, 6)) << "two are kept, the stored one is not";
  EXPECT_THAT(plan->keep_head, IsEmpty());
  ASSERT_EQ(plan->prunes.size(), 1u);
  EXPECT_EQ(plan->prunes[0].below, 5u);
}

TEST_F(Plan, ALosingGroupLeavesNothingBehind) {
  table["a"] = {true, 1, 7, false, 0};
  table["b"] = {true, 9, 9, false, 0};
  spawn_ss_save& first = ops.save("a", 1, 7, 5);
  spawn_ss_save& loser = ops.save("b", 1, 7, 5);
  spawn_ss_save& innocent = ops.save("a", 1, 7);
  run();
  EXPECT_EQ(first.op.status, SPAWN_E_ABORTED);
  EXPECT_EQ(loser.op.status, SPAWN_E_CONFLICT);
  EXPECT_EQ(loser.out_revision, 9u);
  EXPECT_EQ(loser.out_writer, 9u);
  EXPECT_EQ(innocent.op.status, SPAWN_OK) << "the group did not touch what it expects";
  EXPECT_EQ(plan->updates.size(), 1u);
}

TEST_F(Plan, ChecksAloneChangeNothing) {
  table["k"] = {true, 2, 7, false, 0};
  spawn_ss_save& right = ops.write(SPAWN_SS_CHECK, "k", 2, 7, 0);
  spawn_ss_save& wrong = ops.write(SPAWN_SS_CHECK, "k", 2, 8, 0);
  run();
  EXPECT_EQ(right.op.status, SPAWN_OK);
  EXPECT_EQ(wrong.op.status, SPAWN_E_CONFLICT);
  EXPECT_FALSE(plan->changes_data());
}

TEST_F(Plan, AKeyPurgedAndMadeAgainIsWrittenOver) {
  table["k"] = {true, 3, 7, false, 0};
  ops.write(SPAWN_SS_DELETE, "k", 3, 7, 7).op.flags = SPAWN_SS_F_NO_TOMBSTONE;
  ops.save("k", 0, 8);
  run(0, true);
  EXPECT_THAT(plan->purges, IsEmpty());
  EXPECT_THAT(revisions(plan->updates), ElementsAre(1));
  EXPECT_THAT(plan->clear_history, ElementsAre("k"));
}

TEST_F(Plan, AnExpiredRecordLeavesNoHistory) {
  table["k"] = {true, 3, 7, false, now};
  ops.save("k", 3, 7);
  run(10, true);
  EXPECT_THAT(plan->keep_head, IsEmpty());
  EXPECT_THAT(plan->clear_history, ElementsAre("k"));
}

TEST_F(Plan, WhatAGroupOnlyChecksIsGuarded) {
  table["live"] = {true, 2, 7, false, 0};
  table["own"] = {true, 4, 7, false, 0};
  ops.write(SPAWN_SS_CHECK, "live", 2, 7, 0, 5);
  ops.write(SPAWN_SS_CHECK, "absent", 0, 0, 0, 5);
  ops.save("own", 4, 7, 5);
  ops.write(SPAWN_SS_CHECK, "alone", 0, 0, 0);
  run();
  EXPECT_THAT(plan->absent_guards, ElementsAre("absent"));
  EXPECT_THAT(plan->guards, ElementsAre("live"))
      << "the save guards itself, and a check alone is true when it was read";
}

TEST_F(Plan, AGroupThatLosesGuardsNothing) {
  table["b"] = {true, 9, 9, false, 0};
  ops.write(SPAWN_SS_CHECK, "a", 0, 0, 0, 5);
  ops.save("b", 1, 7, 5);
  run();
  EXPECT_THAT(plan->guards, IsEmpty());
  EXPECT_THAT(plan->absent_guards, IsEmpty());
}

TEST_F(Plan, AKeyMadeAndPurgedInOneGroupIsGuarded) {
  ops.save("k", 0, 7, 5);
  ops.write(SPAWN_SS_DELETE, "k", 1, 7, 7, 5).op.flags = SPAWN_SS_F_NO_TOMBSTONE;
  run();
  EXPECT_THAT(plan->inserts, IsEmpty());
  EXPECT_THAT(plan->absent_guards, ElementsAre("k"));
}

TEST_F(Plan, APruneAloneIsGuarded) {
  table["k"] = {true, 9, 7, false, 0};
  ops.write(SPAWN_SS_PRUNE, "k", 0, 0, 0).keep_history = 2;
  run(0, true);
  ASSERT_EQ(plan->prunes.size(), 1u);
  EXPECT_EQ(plan->prunes[0].below, 7u);
  EXPECT_THAT(plan->guards, ElementsAre("k"));
}

}  // namespace
}  // namespace sql_store
