#include "cell/inbox.hpp"

#include <gtest/gtest.h>

#include "state/rows/row_keys.hpp"

namespace spawn {
namespace {

using verdict = inbox::verdict;

class InboxTest : public ::testing::Test {
 protected:
  // Never looked at: an inbox only hands it to its timer.
  inbox in{*reinterpret_cast<cell*>(&in)};

  static message_row row(std::uint64_t seq, std::uint64_t prev, const char* sender = "ann") {
    message_row out;
    out.sender = row_actor({"s", "", sender});
    out.birth = 5;
    out.seq = seq;
    out.prev = prev;
    out.key = pending_key({"s", "", "bob"}, out);
    return out;
  }
  static message_row unordered(std::uint64_t seq) {
    message_row out = row(seq, 0);
    out.kind = row_kind::async;
    out.sender = row_from_outside;
    out.key = pending_key({"s", "", "bob"}, out);
    return out;
  }
};

TEST_F(InboxTest, TakesAHintThatFollowsWhatItTook) {
  message_row first = row(3, 2);
  EXPECT_EQ(in.judge_hint(first), verdict::unsure);  // who knows what became of 2
  EXPECT_EQ(in.judge_listed(first), verdict::take);
  in.took(first);
  EXPECT_EQ(in.judge_hint(row(5, 3)), verdict::take);
  EXPECT_EQ(in.judge_hint(row(7, 5)), verdict::unsure);
  EXPECT_EQ(in.judge_hint(row(3, 2)), verdict::known);
  EXPECT_EQ(in.judge_hint(row(2, 1)), verdict::known);
}

TEST_F(InboxTest, TakesTheFirstEverAtOnce) {
  message_row first = row(1, 0);
  EXPECT_EQ(in.judge_hint(first), verdict::unsure);
  first.is_first = true;
  EXPECT_EQ(in.judge_hint(first), verdict::take);
  in.took(first);
  in.gave_back(first);  // its turn failed: later, and only by the store's word
  EXPECT_EQ(in.judge_hint(first), verdict::unsure);
}

TEST_F(InboxTest, KeepsSendersApart) {
  message_row anns = row(3, 0);
  in.took(anns);
  EXPECT_EQ(in.judge_hint(row(4, 3, "eve")), verdict::unsure);
  EXPECT_EQ(in.judge_hint(row(4, 3)), verdict::take);
}

TEST_F(InboxTest, LetsNothingPassAClosedLane) {
  message_row first = row(3, 0);
  in.took(first);
  in.close(first);
  EXPECT_EQ(in.judge_hint(row(4, 3)), verdict::unsure);
  EXPECT_EQ(in.judge_listed(row(4, 3)), verdict::known);
  in.open(first);
  in.gave_back(first);
  EXPECT_EQ(in.judge_hint(row(4, 3)), verdict::unsure);
  EXPECT_EQ(in.judge_listed(row(3, 0)), verdict::take);
}

TEST_F(InboxTest, ForgetsThePageOnItsWayWhenARowIsGivenBack) {
  message_row first = row(3, 0);
  in.took(first);
  in.list_begins();
  in.gave_back(first);
  EXPECT_TRUE(in.discard);
  EXPECT_TRUE(in.wanted);
}

TEST_F(InboxTest, TakesRowsWithoutOrderOnce) {
  message_row one = unordered(1);
  message_row two = unordered(2);
  EXPECT_EQ(in.judge_hint(two), verdict::take);
  in.took(two);
  EXPECT_EQ(in.judge_hint(two), verdict::known);
  EXPECT_EQ(in.judge_hint(one), verdict::take);
  in.list_begins();
  in.consumed(two);
  EXPECT_EQ(in.judge_listed(two), verdict::known);  // the page may be older than its end
  in.listing = false;
  in.list_begins();
  EXPECT_EQ(in.judge_listed(two), verdict::take);
}

TEST_F(InboxTest, CountsWhatIsStillInTheStore) {
  message_row first = row(3, 0);
  message_row other = unordered(1);
  in.took(first);
  in.took(other);
  EXPECT_EQ(in.pending(), 2u);
  EXPECT_FALSE(in.is_quiet());
  in.consumed(first);
  in.consumed(other);
  EXPECT_EQ(in.pending(), 0u);
  EXPECT_TRUE(in.is_quiet());
}

TEST_F(InboxTest, RowsOfALifeBeforeAreNotItsOwn) {
  message_row first = row(3, 0);
  in.took(first);
  in.reset();
  in.consumed(first);
  in.gave_back(first);
  EXPECT_EQ(in.pending(), 0u);
  EXPECT_EQ(in.judge_listed(first), verdict::take);
}

TEST(TailList, KnowsTheLastRowToEachReceiver) {
  tail_list tails;
  EXPECT_FALSE(tails.is_complete());
  tails.begin();
  EXPECT_TRUE(tails.is_complete());
  EXPECT_FALSE(tails.is_stored());
  tails.sent(1, 10);
  tails.sent(2, 11);
  tails.sent(1, 12);
  EXPECT_EQ(tails.find(1), 12u);
  EXPECT_EQ(tails.find(2), 11u);
  EXPECT_EQ(tails.find(3), 0u);
  EXPECT_TRUE(tails.is_stored());
}

TEST(TailList, IsNotCompleteOnceItHasForgotten) {
  tail_list tails;
  tails.begin();
  for (std::uint64_t i = 1; i <= tail_list::stored_max; ++i) {
    tails.sent(i, i);
  }
  EXPECT_TRUE(tails.is_stored());
  tails.sent(1'000, 1'000);
  EXPECT_FALSE(tails.is_stored());
  EXPECT_TRUE(tails.is_complete());
  for (std::uint64_t i = 0; i < tail_list::kept_max; ++i) {
    tails.sent(2'000 + i, 2'000 + i);
  }
  EXPECT_FALSE(tails.is_complete());
  EXPECT_EQ(tails.find(1'000), 0u);
}

}  // namespace
}  // namespace spawn
