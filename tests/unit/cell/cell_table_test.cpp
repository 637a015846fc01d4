// The table of active cells against a map, and what one cell costs.
#include "cell/cell_table.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <tuple>

#include "base/random.hpp"
#include "cell/cell_lane.hpp"

namespace spawn {
namespace {

// Cells that are never driven need no lane.
class cell_table_test : public ::testing::Test {
 protected:
  cell& insert(const std::string& system, const std::string& parent, const std::string& name) {
    const actor_view id{system, parent, name};
    return table_.insert(std::make_unique<cell>(*static_cast<cell_lane*>(nullptr_lane()), id,
                                                cell_table::hash_of(id), type_));
  }
  cell_table table_;
  actor_type type_;

 private:
  // Bound to a reference that nothing looks through.
  void* nullptr_lane() { return storage_; }
  alignas(cell_lane) unsigned char storage_[sizeof(cell_lane)]{};
};

TEST(cell, costs_little_when_idle) {
  RecordProperty("sizeof_cell", static_cast<int>(sizeof(cell)));
  std::printf("sizeof(cell) = %zu\n", sizeof(cell));
  // The promise is 256 bytes beside id and state; the text objects' own inline buffers hold small
  // states and are counted with these.
  EXPECT_LE(sizeof(cell) - 2 * sizeof(std::string), 256u);
}

TEST_F(cell_table_test, holds_what_a_map_holds_while_it_grows) {
  random rng(7);
  std::map<std::string, cell*> reference;
  for (int i = 0; i < 30'000; ++i) {
    const std::string name = "actor-" + std::to_string(rng.below(8'000));
    const auto known = reference.find(name);
    if (known == reference.end()) {
      ASSERT_EQ(table_.find({"s", "p", name}), nullptr);
      reference[name] = &insert("s", "p", name);
    } else if (rng.one_in(3)) {
      table_.erase(*known->second);
      reference.erase(known);
    } else {
      ASSERT_EQ(table_.find({"s", "p", name}), known->second);
    }
    ASSERT_EQ(table_.size(), reference.size());
  }
  std::set<cell*> seen;
  table_.for_each([&](cell& c) { EXPECT_TRUE(seen.insert(&c).second); });
  EXPECT_EQ(seen.size(), reference.size());
}

TEST_F(cell_table_test, tells_ids_apart_whose_parts_joined_are_equal) {
  cell& a = insert("ab", "c", "d");
  cell& b = insert("a", "bc", "d");
  cell& c = insert("a", "b", "cd");
  cell& d = insert("abcd", "", "");
  EXPECT_EQ(table_.find({"ab", "c", "d"}), &a);
  EXPECT_EQ(table_.find({"a", "bc", "d"}), &b);
  EXPECT_EQ(table_.find({"a", "b", "cd"}), &c);
  EXPECT_EQ(table_.find({"abcd", "", ""}), &d);
  EXPECT_EQ(table_.find({"a", "b", "c"}), nullptr);
  EXPECT_EQ(a.id(), (actor_view{"ab", "c", "d"}));
}

TEST_F(cell_table_test, visits_every_cell_once_in_slices) {
  for (int i = 0; i < 1'000; ++i) {
    insert("s", "", std::to_string(i));
  }
  std::size_t cursor = 0;
  std::set<cell*> seen;
  int slices = 0;
  bool more = true;
  while (more) {
    more = table_.for_some(&cursor, 50, [&](cell& c) { EXPECT_TRUE(seen.insert(&c).second); });
    ++slices;
  }
  EXPECT_EQ(seen.size(), 1'000u);
  EXPECT_GT(slices, 10);
}

}  // namespace
}  // namespace spawn
