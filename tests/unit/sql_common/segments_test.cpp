#include "sql-common/segments.hpp"

#include <gtest/gtest.h>

#include "spawn/plugin/testing/fake_host.hpp"
#include "unit/sql_common/ops.hpp"

namespace sql_store {
namespace {

struct Segments : testing::Test {
  std::vector<segment> cut_all(std::uint64_t bytes_max = 1u << 20) {
    units = std::make_unique<spawn::plugin::unit_list>(ops.all);
    return cut(spawn::plugin::host_ref(host.table()), *units, 1'000, bytes_max);
  }
  spawn::plugin::testing::fake_host host;
  test::ops ops;
  std::unique_ptr<spawn::plugin::unit_list> units;
};

TEST_F(Segments, ReadsOfOtherKeysGoFirstAndOfWrittenOnesLast) {
  ops.save("a", 0, 1);
  ops.load("b");
  ops.load("a");
  ops.save("c", 0, 1);
  const auto pieces = cut_all();
  ASSERT_EQ(pieces.size(), 1u);
  EXPECT_EQ(pieces[0].before.loads.size(), 1u);
  EXPECT_EQ(pieces[0].after.loads.size(), 1u);
  EXPECT_EQ(pieces[0].units.size(), 2u);
}

TEST_F(Segments, AWriteBehindAReadOfItsKeyWaitsForIt) {
  ops.save("a", 0, 1);
  ops.load("a");
  ops.save("a", 1, 1);
  const auto pieces = cut_all();
  ASSERT_EQ(pieces.size(), 2u);
  EXPECT_EQ(pieces[0].after.loads.size(), 1u);
  EXPECT_EQ(pieces[1].units.size(), 1u);
}

TEST_F(Segments, AreBoundedByTheirBytes) {
  const std::string payload(400, 'x');
  const spawn_slice slice = spawn::plugin::slice(payload);
  for (const char* key : {"a", "b", "c"}) {
    spawn_ss_save& op = ops.save(key, 0, 1);
    op.payload = &slice;
    op.n_payload = 1;
  }
  EXPECT_EQ(cut_all(900).size(), 2u);
}

TEST_F(Segments, RefuseWhatIsPlainlyWrongAndItsGroup) {
  const std::string payload(2'000, 'x');
  const spawn_slice slice = spawn::plugin::slice(payload);
  spawn_ss_save& large = ops.save("a", 0, 1, 3);
  large.payload = &slice;
  large.n_payload = 1;
  spawn_ss_save& companion = ops.save("b", 0, 1, 3);
  const auto pieces = cut_all();
  EXPECT_EQ(large.op.status, SPAWN_E_TOO_LARGE);
  EXPECT_EQ(companion.op.status, SPAWN_E_ABORTED);
  EXPECT_TRUE(pieces[0].units.empty());
}

TEST_F(Segments, RefuseATypeThatIsNoText) {
  const std::string bad("t/\xff", 3);
  ops.save("a", 0, 1).type_url = spawn::plugin::slice(bad);
  EXPECT_TRUE(cut_all()[0].units.empty());
  EXPECT_EQ(ops.all[0]->status, SPAWN_E_INVALID);
}

}  // namespace
}  // namespace sql_store
