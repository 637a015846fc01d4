// Lanes and partitions of stored messages depend on these values: they must never change.
#include "base/hash.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <unordered_map>

namespace spawn {
namespace {

TEST(Hash, HasTheValuesItAlwaysHad) {
  EXPECT_EQ(hash_bytes(""), 0xf47cdffd9671363dULL);
  EXPECT_EQ(hash_bytes("a"), 0xab86e00a2b23f295ULL);
  EXPECT_EQ(hash_bytes("joe"), 0xf7994b5356d98a59ULL);
  EXPECT_EQ(hash_bytes("12345678"), 0x12023222c7d52e86ULL);
  EXPECT_EQ(hash_bytes("a/system/parent/name"), 0x703c9a90a636c405ULL);
  EXPECT_EQ(hash_bytes("joe", 1), 0x5417a9b8cf1a2d8dULL);
  EXPECT_EQ(hash_pair("sys", "joe"), 0x4c78c3f499911104ULL);
}

TEST(Hash, TellsLengthsAndOrdersApart) {
  std::set<std::uint64_t> seen;
  for (std::size_t size = 0; size < 64; ++size) {
    seen.insert(hash_bytes(std::string(size, '\0')));
  }
  EXPECT_EQ(seen.size(), 64u);
  EXPECT_NE(hash_pair("a", "b"), hash_pair("b", "a"));
  EXPECT_NE(hash_pair("ab", "c"), hash_pair("a", "bc"));
}

TEST(Hash, ReadsNothingBehindTheText) {
  const std::string longer = "abcdefghijk";
  for (std::size_t size = 0; size < longer.size(); ++size) {
    EXPECT_EQ(hash_bytes(std::string_view(longer).substr(0, size)),
              hash_bytes(longer.substr(0, size)));
  }
}

TEST(Hash, SpreadsNumberedActorsOverLanes) {
  constexpr std::size_t lanes = 8;
  constexpr int actors = 8'000;
  int count[lanes] = {};
  for (int i = 0; i < actors; ++i) {
    ++count[hash_pair("sys", "user-" + std::to_string(i)) % lanes];
  }
  for (const int each : count) {
    EXPECT_GT(each, 850);
    EXPECT_LT(each, 1'150);
  }
}

TEST(Hash, ServesTablesThatAreAskedWithViews) {
  std::unordered_map<std::string, int, text_hash, std::equal_to<>> table{{"joe", 1}};
  EXPECT_EQ(table.find(std::string_view("joe"))->second, 1);
  EXPECT_EQ(table.find(std::string_view("jim")), table.end());
}

}  // namespace
}  // namespace spawn
