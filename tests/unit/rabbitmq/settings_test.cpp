#include "settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "arguments.hpp"
#include "field_text.hpp"
#include "parsed.hpp"

namespace {

using rabbitmq::parsed;
using rabbitmq::refusal_of;
using testing::HasSubstr;
using testing::Not;

TEST(settings, a_queue_is_enough) {
  const auto s = parsed(R"({"queue": "orders"})");
  EXPECT_EQ(s.queue, "orders");
  EXPECT_EQ(s.where(), "localhost:5672");
  EXPECT_EQ(s.username, "guest");
  EXPECT_EQ(s.vhost, "/");
  EXPECT_FALSE(s.declare.made);
  EXPECT_FALSE(s.tls.on);
  EXPECT_FALSE(s.dead_letters);
}

TEST(settings, an_url_says_it_all_and_what_stands_beside_it_wins) {
  const auto s = parsed(R"({"queue": "q", "url": "amqps://u%40x:p%2Fw@broker:1234/shop"})");
  EXPECT_EQ(s.where(), "broker:1234");
  EXPECT_EQ(s.username, "u@x");
  EXPECT_EQ(s.password, "p/w");
  EXPECT_EQ(s.vhost, "shop");
  EXPECT_TRUE(s.tls.on);
  EXPECT_EQ(s.tls.verify, rabbitmq::checking::full);
  const auto other = parsed(
      R"({"queue": "q", "url": "amqp://u:p@broker/", "host": "near", "port": 99, "vhost": "v"})");
  EXPECT_EQ(other.where(), "near:99");
  EXPECT_EQ(other.vhost, "v");
  EXPECT_EQ(parsed(R"({"queue": "q", "url": "amqp://broker/"})").vhost, "/");
  EXPECT_EQ(parsed(R"({"queue": "q", "url": "amqps://broker"})").port, 5671);
  EXPECT_EQ(parsed(R"({"queue": "q", "tls": {}})").port, 5671);
}

TEST(settings, an_url_that_is_none_does_not_show_its_password) {
  const std::string why = refusal_of(R"({"queue": "q", "url": "amqp://u:hidden@h:port/"})");
  EXPECT_THAT(why, HasSubstr("url"));
  EXPECT_THAT(why, Not(HasSubstr("hidden")));
}

TEST(settings, numbers_and_flags_may_come_as_text) {
  const auto s = parsed(R"({"queue": "q", "port": "7", "heartbeat_s": "5", "exclusive": "true"})");
  EXPECT_EQ(s.port, 7);
  EXPECT_EQ(s.heartbeat_s, 5);
  EXPECT_TRUE(s.exclusive);
}

TEST(settings, errors_name_the_key) {
  EXPECT_THAT(refusal_of("{}"), HasSubstr("queue is missing"));
  EXPECT_THAT(refusal_of(R"({"queue": "q", "exclusive": "perhaps"})"), HasSubstr("exclusive"));
  EXPECT_THAT(refusal_of(R"({"queue": "q", "connect_ms": 5000})"), HasSubstr("connect_ms"));
  EXPECT_THAT(refusal_of(R"({"queue": "q", "consumer_priority": 40000})"),
              HasSubstr("consumer_priority"));
  EXPECT_THAT(refusal_of(R"({"queue": "q", "declare": {"dead_letter_routing_key": "d"}})"),
              HasSubstr("dead_letter_exchange"));
  EXPECT_THAT(refusal_of(R"({"queue": "q", "declare": {"arguments": {"x": [1]}}})"),
              HasSubstr("declare.arguments.x"));
  EXPECT_THAT(refusal_of("{\"queue\": \"" + std::string(256, 'q') + "\"}"), HasSubstr("queue"));
  EXPECT_THAT(refusal_of(R"({"queue": "q", "order_by": "moon"})"), HasSubstr("order_by"));
}

TEST(settings, an_instance_may_only_publish) {
  EXPECT_EQ(refusal_of(R"({"sink": {}})"), "");
  EXPECT_THAT(refusal_of(R"({"sink": {}, "declare": {}})"), HasSubstr("queue is missing"));
}

TEST(settings, dead_letters_follow_the_declaration_unless_it_is_said) {
  EXPECT_TRUE(parsed(R"({"queue": "q", "declare": {"dead_letter_exchange": ""}})").dead_letters);
  EXPECT_FALSE(parsed(R"({"queue": "q", "declare": {}})").dead_letters);
  EXPECT_TRUE(parsed(R"({"queue": "q", "dead_letters": true})").dead_letters);
}

TEST(settings, a_queue_is_declared_with_its_arguments) {
  const auto s = parsed(
      R"({"queue": "q", "declare": {"dead_letter_exchange": "dlx", "arguments":)"
      R"( {"x-delivery-limit": 5, "x-single-active-consumer": true, "x-dead-letter-exchange": "own"}}})");
  rabbitmq::arguments with(s.declare);
  std::map<std::string, std::string> shown;
  for (int i = 0; i < with.table().num_entries; ++i) {
    const amqp_table_entry_t& one = with.table().entries[i];
    shown[std::string(rabbitmq::view(one.key))] = rabbitmq::field_text(one.value);
  }
  EXPECT_EQ(shown, (std::map<std::string, std::string>{{"x-queue-type", "quorum"},
                                                       {"x-dead-letter-exchange", "own"},
                                                       {"x-delivery-limit", "5"},
                                                       {"x-single-active-consumer", "true"}}));
  rabbitmq::arguments none(parsed(R"({"queue": "q"})").declare);
  EXPECT_EQ(none.table().num_entries, 0);
}

}  // namespace
