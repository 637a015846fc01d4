#include "intake.hpp"

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace {

using kafka_activator::intake;
using kafka_activator::message;
using kafka_activator::message_ptr;

constexpr const char* topic = "t";

message_ptr record(std::int32_t partition, std::int64_t offset, const std::string& key = "") {
  auto out = std::make_shared<message>();
  out->topic = topic;
  out->partition = partition;
  out->offset = offset;
  out->order_key = key.empty() ? std::to_string(offset) : key;
  return out;
}

TEST(intake, offers_what_was_taken_once_and_in_order) {
  intake all;
  all.open({topic, 0});
  EXPECT_TRUE(all.take(record(0, 1)));
  EXPECT_TRUE(all.take(record(0, 2)));
  EXPECT_FALSE(all.take(record(0, 2))) << "a second time";
  EXPECT_FALSE(all.take(record(1, 1))) << "not our partition";
  EXPECT_EQ(all.ready(), 2u);
  const auto first = all.next(0);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->what->offset, 1);
  EXPECT_EQ(first->attempt, 1u);
  EXPECT_EQ(all.next(0)->what->offset, 2);
  EXPECT_FALSE(all.next(0));
  EXPECT_EQ(all.offered(), 2u);
}

TEST(intake, partitions_take_turns) {
  intake all;
  for (std::int32_t partition : {0, 1}) {
    all.open({topic, partition});
    for (std::int64_t offset = 0; offset < 3; ++offset) {
      EXPECT_TRUE(all.take(record(partition, offset)));
    }
  }
  std::vector<std::int32_t> served;
  while (const auto one = all.next(0)) {
    served.push_back(one->what->partition);
  }
  for (std::size_t i = 1; i < served.size(); ++i) {
    EXPECT_NE(served[i], served[i - 1]);
  }
}

TEST(intake, a_retry_waits_and_counts_and_a_release_does_not) {
  intake all;
  all.open({topic, 0});
  EXPECT_TRUE(all.take(record(0, 1)));
  all.again(all.next(0)->token, 500, true);
  EXPECT_EQ(all.due_ns(), 500u);
  EXPECT_EQ(all.ready(), 0u) << "a delayed one leaves its room to others";
  EXPECT_FALSE(all.next(499));
  const auto second = all.next(500);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->attempt, 2u);
  all.again(second->token, 0, false);
  EXPECT_EQ(all.next(500)->attempt, 2u);
}

TEST(intake, later_records_of_its_key_wait_behind_a_delayed_one) {
  intake all;
  all.open({topic, 0});
  EXPECT_TRUE(all.take(record(0, 1, "a")));
  all.again(all.next(0)->token, 100, true);
  EXPECT_TRUE(all.take(record(0, 2, "a")));
  EXPECT_TRUE(all.take(record(0, 3, "b")));
  EXPECT_EQ(all.next(50)->what->offset, 3);
  EXPECT_FALSE(all.next(50));
  EXPECT_EQ(all.next(100)->what->offset, 1);
  EXPECT_EQ(all.next(100)->what->offset, 2);
}

TEST(intake, a_buried_record_is_settled_when_its_letter_has_arrived) {
  intake all;
  all.open({topic, 0});
  EXPECT_TRUE(all.take(record(0, 1)));
  const std::uint64_t token = all.next(0)->token;
  ASSERT_TRUE(all.bury(token));
  EXPECT_FALSE(all.bury(token)) << "twice";
  EXPECT_EQ(all.offered(), 0u);
  all.ack(token);
  all.again(token, 0, true);
  EXPECT_EQ(all.look({topic, 0})->position, 1) << "a late verdict counts for nothing";
  all.arrived(token);
  EXPECT_EQ(all.look({topic, 0})->position, 2);
}

TEST(intake, a_closed_partition_forgets_its_tokens) {
  intake all;
  all.open({topic, 0});
  EXPECT_TRUE(all.take(record(0, 1)));
  EXPECT_TRUE(all.take(record(0, 2)));
  const std::uint64_t token = all.next(0)->token;
  all.close({topic, 0});
  EXPECT_EQ(all.offered() + all.ready(), 0u);
  all.open({topic, 0});
  EXPECT_TRUE(all.take(record(0, 1)));
  all.ack(token);
  EXPECT_EQ(all.look({topic, 0})->position, 1);
  EXPECT_NE(all.next(0)->token, token) << "a token is never given again";
}

TEST(intake, a_held_partition_offers_nothing) {
  intake all;
  all.open({topic, 0});
  EXPECT_TRUE(all.take(record(0, 1)));
  all.hold({topic, 0});
  EXPECT_FALSE(all.next(0));
}

// Every record in one map: what may be offered is found by looking at all of them.
struct naive_intake {
  struct one {
    std::string key;
    std::uint64_t token = 0, not_before = 0;
  };
  std::map<std::int64_t, one> unsettled;

  [[nodiscard]] std::set<std::int64_t> offerable(std::uint64_t now) const {
    std::set<std::int64_t> out;
    std::set<std::string> behind;
    for (const auto& [offset, r] : unsettled) {
      if (r.token == 0 && r.not_before > now) {
        behind.insert(r.key);
      } else if (r.token == 0 && !behind.contains(r.key)) {
        out.insert(offset);
      }
    }
    return out;
  }
};

TEST(intake, agrees_with_a_naive_one) {
  for (unsigned seed = 0; seed < 100; ++seed) {
    std::mt19937 random(seed);
    const auto below = [&](unsigned n) { return random() % n; };
    intake all;
    naive_intake naive;
    all.open({topic, 0});
    std::int64_t next = 0;
    std::vector<std::pair<std::uint64_t, std::int64_t>> given;
    for (std::uint64_t now = 1; now < 400; ++now) {
      if (below(3) == 0) {
        const std::string key = std::to_string(below(4));
        ASSERT_TRUE(all.take(record(0, next, key)));
        naive.unsettled[next++] = {key, 0, 0};
      } else if (below(2) == 0) {
        const auto one = all.next(now);
        const auto may = naive.offerable(now);
        ASSERT_EQ(one.has_value(), !may.empty()) << "seed " << seed << " at " << now;
        if (one) {
          ASSERT_EQ(one->what->offset, *may.begin()) << "seed " << seed;
          naive.unsettled.at(one->what->offset).token = one->token;
          given.emplace_back(one->token, one->what->offset);
        }
      } else if (!given.empty()) {
        const auto at =
            given.begin() + static_cast<std::ptrdiff_t>(below(static_cast<unsigned>(given.size())));
        const auto [token, offset] = *at;
        given.erase(at);
        if (below(3) != 0) {
          all.ack(token);
          naive.unsettled.erase(offset);
        } else {
          const std::uint64_t due = below(2) == 0 ? 0 : now + below(30);
          all.again(token, due, true);
          naive.unsettled.at(offset).token = 0;
          naive.unsettled.at(offset).not_before = due;
        }
      }
      ASSERT_EQ(all.offered(), given.size());
      if (next > 0) {
        ASSERT_EQ(all.look({topic, 0})->position,
                  naive.unsettled.empty() ? next : naive.unsettled.begin()->first);
      }
    }
  }
}

}  // namespace
