#include "offset_ledger.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace {

using kafka_activator::offset_ledger;

TEST(offset_ledger, knows_nothing_at_first) {
  const offset_ledger ledger;
  EXPECT_EQ(ledger.position(), offset_ledger::unknown);
  EXPECT_EQ(ledger.first(), offset_ledger::unknown);
  EXPECT_EQ(ledger.span(), 0u);
}

TEST(offset_ledger, stays_at_a_hole_until_it_is_settled) {
  offset_ledger ledger;
  for (const std::int64_t offset : {10, 11, 12}) {
    EXPECT_TRUE(ledger.take(offset));
  }
  EXPECT_TRUE(ledger.settle(12));
  EXPECT_TRUE(ledger.settle(11));
  EXPECT_EQ(ledger.position(), 10);
  EXPECT_EQ(ledger.span(), 3u);
  EXPECT_TRUE(ledger.settle(10));
  EXPECT_EQ(ledger.position(), 13);
  EXPECT_EQ(ledger.span(), 0u);
}

TEST(offset_ledger, passes_over_gaps_in_the_offsets) {
  offset_ledger ledger;
  EXPECT_TRUE(ledger.take(5));
  EXPECT_TRUE(ledger.take(9));
  EXPECT_TRUE(ledger.settle(5));
  EXPECT_EQ(ledger.position(), 9) << "7 is no record, so there is nothing to wait for";
  EXPECT_FALSE(ledger.settle(7));
}

TEST(offset_ledger, takes_and_settles_each_offset_once) {
  offset_ledger ledger;
  EXPECT_TRUE(ledger.take(3));
  EXPECT_FALSE(ledger.take(3));
  EXPECT_FALSE(ledger.take(2));
  EXPECT_TRUE(ledger.settle(3));
  EXPECT_FALSE(ledger.settle(3));
  EXPECT_FALSE(ledger.settle(4));
  EXPECT_EQ(ledger.next(), 4);
}

// The plainest thing that could be right: all offsets in a map, searched from the start.
struct naive_ledger {
  std::map<std::int64_t, bool> all;
  [[nodiscard]] std::int64_t position() const {
    for (const auto& [offset, done] : all) {
      if (!done) {
        return offset;
      }
    }
    return all.empty() ? offset_ledger::unknown : all.rbegin()->first + 1;
  }
};

TEST(offset_ledger, agrees_with_a_naive_one) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    const auto below = [&](unsigned n) { return static_cast<std::int64_t>(random() % n); };
    offset_ledger ledger;
    naive_ledger naive;
    std::int64_t next = below(1'000);
    for (int step = 0; step < 400; ++step) {
      if (below(2) == 0) {
        next += below(5) == 0 ? 1 + below(4) : 0;
        ASSERT_TRUE(ledger.take(next)) << "seed " << seed;
        naive.all[next++] = false;
      } else {
        const std::int64_t offset = next - 1 - below(20);
        const auto at = naive.all.find(offset);
        const bool counts = at != naive.all.end() && !at->second;
        ASSERT_EQ(ledger.settle(offset), counts) << "seed " << seed << " offset " << offset;
        if (counts) {
          at->second = true;
        }
      }
      ASSERT_EQ(ledger.position(), naive.position()) << "seed " << seed << " step " << step;
    }
  }
}

}  // namespace
