// Messages of the server as deliveries, and messages of a sink as the server's.
#include "messages.hpp"

#include <gmock/gmock.h>

#include "deliveries.hpp"
#include "spawn/plugin/cpp/bytes.hpp"

namespace {

using google::pubsub::v1::PubsubMessage;
using google::pubsub::v1::ReceivedMessage;
using pubsub::settings;
using spawn::plugin::slice;
using testing::Contains;
using testing::Pair;

ReceivedMessage received() {
  ReceivedMessage out;
  out.set_ack_id("ack");
  auto& message = *out.mutable_message();
  message.set_data("body");
  message.set_message_id("id");
  message.set_ordering_key("key");
  message.mutable_publish_time()->set_seconds(1'700'000'000);
  message.mutable_publish_time()->set_nanos(5'000'000);
  (*message.mutable_attributes())["a"] = "b";
  return out;
}

settings plain() {
  settings out;
  out.subscription = "projects/p/subscriptions/s";
  return out;
}

TEST(pubsub_messages, a_delivery_has_body_id_attributes_and_facts) {
  auto from = received();
  const auto got = pubsub::delivery_of(plain(), true, from);
  EXPECT_EQ(got->payload, "body");
  EXPECT_EQ(got->dedup_id, "id");
  EXPECT_EQ(got->order_key, "key");
  EXPECT_EQ(got->source, "projects/p/subscriptions/s");
  EXPECT_EQ(got->content_type, "");
  EXPECT_THAT(got->headers, Contains(Pair("a", "b")));
  EXPECT_THAT(got->headers, Contains(Pair("pubsub-publish-time-ms", "1700000000005")));
  EXPECT_THAT(got->headers, Contains(Pair("pubsub-ordering-key", "key")));
}

TEST(pubsub_messages, a_key_is_no_order_where_the_subscription_has_none) {
  auto from = received();
  EXPECT_EQ(pubsub::delivery_of(plain(), false, from)->order_key, "");
}

TEST(pubsub_messages, what_the_server_does_not_count_may_have_come_before) {
  for (const auto& [attempt, flags] :
       {std::pair<int, int>{0, SPAWN_D_REDELIVERED}, {1, 0}, {2, SPAWN_D_REDELIVERED}}) {
    auto from = received();
    from.set_delivery_attempt(attempt);
    const auto got = pubsub::delivery_of(plain(), true, from);
    EXPECT_EQ(got->attempt, static_cast<std::uint32_t>(attempt));
    EXPECT_EQ(got->flags, static_cast<std::uint32_t>(flags));
  }
}

TEST(pubsub_messages, the_content_type_of_a_message_is_stronger_than_the_configs) {
  settings s = plain();
  s.content_type = "text/plain";
  auto from = received();
  EXPECT_EQ(pubsub::delivery_of(s, true, from)->content_type, "text/plain");
  from = received();
  (*from.mutable_message()->mutable_attributes())["content-type"] = "application/json";
  EXPECT_EQ(pubsub::delivery_of(s, true, from)->content_type, "application/json");
}

class sink_messages : public testing::Test {
 protected:
  spawn_sink_message from() {
    spawn_sink_message made{};
    made.key = slice("key");
    made.dedup_id = slice("dedup");
    made.content_type = slice("text/plain");
    made.payload = slice("body");
    made.headers = headers.data();
    made.n_headers = static_cast<std::uint32_t>(headers.size());
    return made;
  }
  spawn_status status_of(const settings& s = {}) {
    out.Clear();
    const auto wrong = pubsub::fill(s, from(), out);
    return wrong ? wrong->status : SPAWN_OK;
  }

  std::string name, value;
  std::vector<spawn_kv> headers;
  PubsubMessage out;
};

TEST_F(sink_messages, headers_id_and_type_are_attributes) {
  headers = {{slice("a"), slice("b")}};
  ASSERT_EQ(status_of(), SPAWN_OK);
  EXPECT_EQ(out.data(), "body");
  EXPECT_EQ(out.ordering_key(), "key");
  EXPECT_EQ(out.attributes().at("a"), "b");
  EXPECT_EQ(out.attributes().at("message-id"), "dedup");
  EXPECT_EQ(out.attributes().at("content-type"), "text/plain");
  EXPECT_FALSE(out.attributes().contains("type-url"));
}

TEST_F(sink_messages, keys_are_left_out_where_the_config_says_so) {
  settings s;
  s.ordering_keys = false;
  ASSERT_EQ(status_of(s), SPAWN_OK);
  EXPECT_EQ(out.ordering_key(), "");
}

TEST_F(sink_messages, what_the_server_would_refuse_is_refused_at_its_limit) {
  const std::pair<std::string, std::string> good[] = {{std::string(256, 'n'), ""},
                                                      {"a", std::string(1'024, 'v')}};
  for (const auto& [n, v] : good) {
    headers = {{slice(n), slice(v)}};
    EXPECT_EQ(status_of(), SPAWN_OK);
  }
  const std::pair<std::string, std::string> bad[] = {
      {std::string(257, 'n'), ""}, {"a", std::string(1'025, 'v')}, {"google", "x"}, {"", "x"}};
  for (const auto& [n, v] : bad) {
    headers = {{slice(n), slice(v)}};
    EXPECT_EQ(status_of(), SPAWN_E_INVALID) << n.substr(0, 9);
  }
}

TEST_F(sink_messages, a_hundred_attributes_fit_and_no_more) {
  std::vector<std::string> names;
  for (int i = 0; i < 99; ++i) {
    names.push_back("n" + std::to_string(i));
  }
  for (const std::string& one : names) {
    headers.push_back({slice(one), slice(one)});
  }
  EXPECT_EQ(status_of(), SPAWN_E_INVALID);  // with message-id and content-type it has 101
  headers.pop_back();
  EXPECT_EQ(status_of(), SPAWN_OK);
}

}  // namespace
