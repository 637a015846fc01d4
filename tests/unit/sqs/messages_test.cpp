// Messages to deliveries, and published messages to entries.
#include <gtest/gtest.h>

#include "incoming.hpp"
#include "outgoing.hpp"
#include "spawn/plugin/cpp/bytes.hpp"

namespace sqs {
namespace {

using nlohmann::json;
using spawn::plugin::slice;

json received(const json& more = {}) {
  json out{{"MessageId", "m1"}, {"ReceiptHandle", "r1"}, {"Body", "{}"}};
  out.update(more);
  return out;
}

json text_attribute(const std::string& value) {
  return {{"DataType", "String"}, {"StringValue", value}};
}

const queue_facts from{"http://x/1/orders", "orders", false, false, false};

struct published {
  std::vector<spawn_kv> headers;
  spawn_sink_message message{};

  published(std::string_view payload, std::string_view key, std::string_view dedup_id) {
    message.payload = slice(payload);
    message.key = slice(key);
    message.dedup_id = slice(dedup_id);
  }
  outgoing written(bool fifo) {
    message.headers = headers.data();
    message.n_headers = static_cast<std::uint32_t>(headers.size());
    return write_message(message, fifo);
  }
};

TEST(incoming, a_plain_message) {
  const auto got = read_message(received({{"Attributes", {{"ApproximateReceiveCount", "3"}}}}),
                                from, "text/plain");
  ASSERT_TRUE(got);
  EXPECT_EQ(got->receipt, "r1");
  EXPECT_EQ(got->delivery->source, "orders");
  EXPECT_EQ(got->delivery->dedup_id, "m1");
  EXPECT_EQ(got->delivery->attempt, 3u);
  EXPECT_EQ(got->delivery->flags, std::uint32_t{SPAWN_D_REDELIVERED});
  EXPECT_EQ(got->delivery->content_type, "text/plain");
  EXPECT_EQ(got->delivery->payload, "{}");
}

TEST(incoming, what_is_no_message_is_not_taken) {
  EXPECT_FALSE(read_message(json(7), from, ""));
  EXPECT_FALSE(read_message({{"MessageId", "m1"}}, from, ""));
  EXPECT_FALSE(read_message({{"MessageId", 5}, {"ReceiptHandle", "r"}}, from, ""));
}

TEST(incoming, a_group_orders_and_a_deduplication_id_names) {
  const auto message =
      received({{"Attributes", {{"MessageGroupId", "g"}, {"MessageDeduplicationId", "d"}}}});
  EXPECT_EQ(read_message(message, from, "")->delivery->order_key, "g");
  EXPECT_EQ(read_message(message, from, "")->delivery->dedup_id, "d");
  queue_facts per_group = from;
  per_group.dedup_per_group = true;
  EXPECT_EQ(read_message(message, per_group, "")->delivery->dedup_id, "g/d");
}

TEST(incoming, a_deduplication_id_made_from_the_body_names_nothing) {
  const auto message =
      received({{"Body", "hello"},
                {"Attributes",
                 {{"MessageDeduplicationId",
                   "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"}}}});
  EXPECT_EQ(read_message(message, from, "")->delivery->dedup_id, "m1");
}

TEST(incoming, attributes_are_headers) {
  const auto got =
      read_message(received({{"MessageAttributes",
                              {{"Content-Type", text_attribute("application/json")},
                               {"x", text_attribute("y")},
                               {"b", {{"DataType", "Binary"}, {"BinaryValue", "AAE="}}}}}}),
                   from, "text/plain");
  EXPECT_EQ(got->delivery->content_type, "application/json");
  const auto& headers = got->delivery->headers;
  const auto has = [&](const char* name, const char* value) {
    return std::ranges::find(headers, std::pair<std::string, std::string>(name, value)) !=
           headers.end();
  };
  EXPECT_TRUE(has("x", "y"));
  EXPECT_TRUE(has("b", "AAE="));
  EXPECT_TRUE(has("sqs-message-id", "m1"));
}

TEST(outgoing, what_is_written_is_read_again) {
  const std::string bytes("a\0\xff", 3);
  published one(bytes, "k", "d");
  one.message.type_url = slice("type.googleapis.com/x.Y");
  for (int i = 0; i < 20; ++i) {
    one.headers.push_back({slice("same"), slice("v")});
  }
  one.headers.push_back({slice("no name"), slice("")});
  const outgoing out = one.written(false);
  EXPECT_LE(out.entry.at("MessageAttributes").size(), 10u);
  json message = received({{"Body", out.entry.at("MessageBody")},
                           {"MessageAttributes", out.entry.at("MessageAttributes")}});
  const auto got = read_message(message, from, "");
  EXPECT_EQ(got->delivery->payload, bytes);
  EXPECT_EQ(got->delivery->dedup_id, "d");
  EXPECT_EQ(got->delivery->order_key, "k");
  EXPECT_EQ(got->delivery->type_url, "type.googleapis.com/x.Y");
  EXPECT_EQ(
      std::ranges::count(got->delivery->headers, std::pair<std::string, std::string>("same", "v")),
      20);
  EXPECT_EQ(std::ranges::count(got->delivery->headers,
                               std::pair<std::string, std::string>("no name", "")),
            1);
}

TEST(outgoing, ten_attributes_go_as_they_are_and_an_eleventh_is_packed) {
  published one("x", "", "");
  std::vector<std::string> names;
  for (int i = 0; i < 11; ++i) {
    names.push_back("h" + std::to_string(i));
  }
  for (int i = 0; i < 10; ++i) {
    one.headers.push_back({slice(names[static_cast<std::size_t>(i)]), slice("v")});
  }
  EXPECT_FALSE(one.written(false).entry.at("MessageAttributes").contains(attribute::headers));
  one.headers.push_back({slice(names[10]), slice("v")});
  const auto attributes = one.written(false).entry.at("MessageAttributes");
  EXPECT_EQ(attributes.size(), 10u);
  EXPECT_TRUE(attributes.contains(attribute::headers));
}

TEST(outgoing, an_empty_body_arrives_empty) {
  const outgoing out = published("", "", "").written(false);
  const auto got =
      read_message(received({{"Body", out.entry.at("MessageBody")},
                             {"MessageAttributes", out.entry.at("MessageAttributes")}}),
                   from, "");
  EXPECT_EQ(got->delivery->payload, "");
}

TEST(outgoing, a_fifo_queue_has_group_and_deduplication_id) {
  const outgoing out = published("x", "k", "d").written(true);
  EXPECT_EQ(out.entry.at("MessageGroupId"), "k");
  EXPECT_EQ(out.entry.at("MessageDeduplicationId"), "d");
  EXPECT_FALSE(out.entry.contains("MessageAttributes"));
  EXPECT_EQ(published("x", "", "d").written(true).entry.at("MessageGroupId"), "d");
  EXPECT_EQ(published("x", "", "")
                .written(true)
                .entry.at("MessageDeduplicationId")
                .get<std::string>()
                .size(),
            32u);
}

TEST(outgoing, an_id_the_service_does_not_take_is_hashed) {
  EXPECT_EQ(as_id(std::string(128, 'a')), std::string(128, 'a'));
  EXPECT_EQ(as_id(std::string(129, 'a')).size(), 64u);
  EXPECT_EQ(as_id("with blank").size(), 64u);
}

TEST(outgoing, bytes_are_counted_as_the_service_does) {
  published one("12345", "", "");
  one.headers.push_back({slice("name"), slice("value")});
  EXPECT_EQ(one.written(false).bytes, 5u + 4 + 6 + 5);
}

TEST(outgoing, a_plain_body_is_utf8_of_characters_that_xml_has) {
  EXPECT_TRUE(is_plain_body("a\tb\r\n"));
  EXPECT_TRUE(is_plain_body("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80"));
  for (const std::string& bad : {std::string(), std::string("a\0b", 3), std::string("\x01"),
                                 std::string("\xff"), std::string("\xc3"), std::string("\xc0\x80"),
                                 std::string("\xe0\x80\x80"), std::string("\xed\xa0\x80"),
                                 std::string("\xef\xbf\xbf"), std::string("\xf4\x90\x80\x80")}) {
    EXPECT_FALSE(is_plain_body(bad)) << bad.size();
  }
}

TEST(outgoing, a_copy_for_dead_letters_keeps_body_and_attributes) {
  const json message = received({{"MessageAttributes", {{"x", text_attribute("y")}}},
                                 {"Attributes", {{"MessageGroupId", "g"}}}});
  const outgoing out = copy_of(message, true);
  EXPECT_EQ(out.entry.at("MessageBody"), "{}");
  EXPECT_EQ(out.entry.at("MessageAttributes").at("x").at("StringValue"), "y");
  EXPECT_EQ(out.entry.at("MessageGroupId"), "g");
  EXPECT_EQ(out.entry.at("MessageDeduplicationId"), "m1");
  EXPECT_FALSE(copy_of(message, false).entry.contains("MessageGroupId"));
}

TEST(queue_name, is_the_last_part_of_the_url) {
  EXPECT_EQ(queue_name("https://sqs.eu-central-1.amazonaws.com/123456789012/orders"), "orders");
  EXPECT_EQ(queue_name("orders.fifo"), "orders.fifo");
}

}  // namespace
}  // namespace sqs
