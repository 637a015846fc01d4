#include "sql-common/plain_saves.hpp"

#include <gtest/gtest.h>

#include "unit/sql_common/ops.hpp"

namespace sql_store {
namespace {

struct PlainSaves : testing::Test {
  std::vector<spawn_ss_save*> of_all(history_rule defaults = {}, bool has_history = false) const {
    const spawn::plugin::unit_list list(ops.all);
    std::vector<std::span<spawn_op* const>> units;
    for (std::size_t i = 0; i < list.size(); ++i) {
      units.push_back(list[i]);
    }
    return plain_saves(units, defaults, has_history);
  }
  test::ops ops;
};

TEST_F(PlainSaves, ComeInTheOrderOfTheirKeys) {
  auto& b = ops.save("b", 3, 1);
  auto& a = ops.save("a", 0, 1);
  a.op.flags = SPAWN_SS_F_DURABLE;
  EXPECT_EQ(of_all(), (std::vector{&a, &b}));
}

TEST_F(PlainSaves, NothingElseIsPlain) {
  for (const std::uint16_t code : {SPAWN_SS_DELETE, SPAWN_SS_CHECK, SPAWN_SS_REWRITE}) {
    ops.save("a", 1, 1);
    ops.write(code, "b", 1, 1, 1);
    EXPECT_TRUE(of_all().empty()) << code;
    ops.all.clear();
  }
}

TEST_F(PlainSaves, AnUnknownFlagATimeToLiveOrHistoryIsNot) {
  auto& op = ops.save("a", 1, 1);
  EXPECT_EQ(of_all().size(), 1u);
  op.op.flags = SPAWN_SS_F_DURABLE | 0x4000;
  EXPECT_TRUE(of_all().empty());
  op.op.flags = 0;
  op.ttl_s = 1;
  EXPECT_TRUE(of_all().empty());
  op.ttl_s = 0;
  op.keep_history = 1;
  EXPECT_TRUE(of_all().empty());
  op.keep_history = 0;
  EXPECT_TRUE(of_all({.keep = 1}).empty());
  EXPECT_TRUE(of_all({}, true).empty()) << "what is there may have to go";
}

TEST_F(PlainSaves, AGroupIsNot) {
  ops.save("a", 1, 1, 7);
  ops.save("b", 1, 1, 7);
  EXPECT_TRUE(of_all().empty());
}

TEST_F(PlainSaves, TwoOfOneKeyAreNot) {
  ops.save("a", 1, 1);
  ops.save("b", 1, 1);
  ops.save("a", 2, 1);
  EXPECT_TRUE(of_all().empty());
}

}  // namespace
}  // namespace sql_store
