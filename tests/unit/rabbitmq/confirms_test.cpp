#include "confirms.hpp"

#include <gtest/gtest.h>

#include <deque>

#include "sent_op.hpp"

namespace {

using rabbitmq::address;
using rabbitmq::confirms;
using rabbitmq::message;
using rabbitmq::sent_op;

class confirms_of_a_channel : public testing::Test {
 protected:
  ~confirms_of_a_channel() override {
    all_.lost("the test is over");
    EXPECT_TRUE(host_.violations().empty());
  }
  sent_op& send(const address& to, const std::string& id, const std::string& body = "x",
                std::uint64_t deadline_ns = 0) {
    sent_op& one = ops_.emplace_back(host_, id, body, deadline_ns);
    all_.sent(to, one.raw);
    all_.taken(one.right());
    return one;
  }
  static message returned(const address& to, const std::string& id) {
    message out;
    out.returned = true;
    out.exchange = to.exchange;
    out.routing_key = to.routing_key;
    out.message_id = id;
    return out;
  }

  spawn::plugin::testing::fake_host host_;
  std::deque<sent_op> ops_;
  confirms all_;
};

TEST_F(confirms_of_a_channel, an_ack_ends_one_or_all_before_it) {
  for (int i = 0; i < 5; ++i) {
    (void)send({"e", "k"}, std::to_string(i));
  }
  all_.confirmed(4, false, true);
  EXPECT_TRUE(ops_[3].ended());
  EXPECT_FALSE(ops_[0].ended());
  all_.confirmed(3, true, true);
  for (int i = 0; i < 4; ++i) {
    EXPECT_TRUE(ops_[static_cast<std::size_t>(i)].ended());
    EXPECT_EQ(ops_[static_cast<std::size_t>(i)].status(), SPAWN_OK);
  }
  EXPECT_FALSE(ops_[4].ended());
  EXPECT_EQ(all_.open(), 1u);
  all_.confirmed(4, false, true);  // said before
  all_.confirmed(99, false, true);
  EXPECT_EQ(all_.open(), 1u);
}

TEST_F(confirms_of_a_channel, a_nack_is_tried_again) {
  sent_op& one = send({"e", "k"}, "a");
  all_.confirmed(1, false, false);
  EXPECT_EQ(one.status(), SPAWN_E_UNAVAILABLE);
}

TEST_F(confirms_of_a_channel, a_return_names_the_one_it_is_about) {
  sent_op& a = send({"e", "none"}, "a");
  sent_op& b = send({"e", "there"}, "b");
  sent_op& c = send({"e", "none"}, "c");
  all_.returned(returned({"e", "none"}, "c"));
  EXPECT_FALSE(c.ended()) << "its confirm is still to come";
  all_.confirmed(3, true, true);
  EXPECT_EQ(a.status(), SPAWN_OK);
  EXPECT_EQ(b.status(), SPAWN_OK);
  EXPECT_EQ(c.status(), SPAWN_E_NOT_FOUND);
}

TEST_F(confirms_of_a_channel, equal_ones_are_returned_oldest_first) {
  sent_op& a = send({"e", "k"}, "same");
  sent_op& b = send({"e", "k"}, "same");
  all_.returned(returned({"e", "k"}, "same"));
  all_.confirmed(1, false, true);
  EXPECT_EQ(a.status(), SPAWN_E_NOT_FOUND);
  all_.returned(returned({"e", "k"}, "same"));
  all_.returned(returned({"e", "k"}, "unknown"));
  all_.confirmed(2, false, true);
  EXPECT_EQ(b.status(), SPAWN_E_NOT_FOUND);
}

TEST_F(confirms_of_a_channel, what_is_late_ends_and_its_confirm_finds_nobody) {
  sent_op& late = send({"e", "k"}, "a", "x", 100);
  sent_op& early = send({"e", "k"}, "b", "x", 300);
  EXPECT_EQ(all_.expire(99), 100u);
  EXPECT_EQ(all_.expire(100), 300u);
  EXPECT_EQ(late.status(), SPAWN_E_UNKNOWN_OUTCOME);
  EXPECT_EQ(all_.open(), 1u);
  EXPECT_EQ(all_.unspoken(), 2u);
  all_.confirmed(2, true, true);
  EXPECT_EQ(early.status(), SPAWN_OK);
  EXPECT_EQ(all_.unspoken(), 0u);
  EXPECT_EQ(all_.expire(1'000), std::nullopt);
}

TEST_F(confirms_of_a_channel, a_closed_channel_blames_those_it_names) {
  sent_op& other = send({"good", "k"}, "a");
  sent_op& gone = send({"gone", "k"}, "b");
  all_.channel_closed(404, "the broker says 404 NOT_FOUND - no exchange 'gone' in vhost '/'");
  EXPECT_EQ(gone.status(), SPAWN_E_NOT_FOUND);
  EXPECT_FALSE(other.ended());
  all_.lost("away");
  EXPECT_EQ(other.status(), SPAWN_E_UNKNOWN_OUTCOME);

  sent_op& denied = send({"closed", "k"}, "c");
  sent_op& large = send({"good", "k"}, "d", std::string(500, 'x'));
  all_.channel_closed(403, "access to exchange 'closed' in vhost '/' refused for user 'u'");
  EXPECT_EQ(denied.status(), SPAWN_E_DENIED);
  all_.channel_closed(406, "message size 500 is larger than configured max size 100");
  EXPECT_EQ(large.status(), SPAWN_E_TOO_LARGE);
}

TEST_F(confirms_of_a_channel, a_new_session_counts_from_one) {
  (void)send({"e", "k"}, "a");
  all_.lost("away");
  sent_op& one = send({"e", "k"}, "b");
  all_.confirmed(1, false, true);
  EXPECT_EQ(one.status(), SPAWN_OK);
}

}  // namespace
