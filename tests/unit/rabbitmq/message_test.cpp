#include "message.hpp"

#include <gtest/gtest.h>

#include <map>

#include "field_text.hpp"
#include "link.hpp"
#include "parsed.hpp"

namespace {

using rabbitmq::assembler;
using rabbitmq::bytes_of;
using rabbitmq::message;

// Frames as the client library hands them out.
struct frames {
  amqp_basic_deliver_t deliver{};
  amqp_basic_properties_t properties{};

  amqp_frame_t method() {
    amqp_frame_t out{};
    out.frame_type = AMQP_FRAME_METHOD;
    out.payload.method = {AMQP_BASIC_DELIVER_METHOD, &deliver};
    return out;
  }
  amqp_frame_t header(std::uint64_t bytes) {
    amqp_frame_t out{};
    out.frame_type = AMQP_FRAME_HEADER;
    out.payload.properties.body_size = bytes;
    out.payload.properties.decoded = &properties;
    return out;
  }
  static amqp_frame_t body(std::string_view piece) {
    amqp_frame_t out{};
    out.frame_type = AMQP_FRAME_BODY;
    out.payload.body_fragment = bytes_of(piece);
    return out;
  }
};

message through(frames& f, std::string_view body = "x") {
  assembler a;
  EXPECT_TRUE(a.take(f.method()));
  EXPECT_FALSE(a.whole());
  EXPECT_TRUE(a.take(f.header(body.size())));
  if (!body.empty()) {
    EXPECT_FALSE(a.whole());
    EXPECT_TRUE(a.take(frames::body(body)));
  }
  auto out = a.whole();
  EXPECT_TRUE(out.has_value());
  return std::move(out).value_or(message{});
}

std::map<std::string, std::string> headers_of(const spawn::plugin::delivery& d) {
  return {d.headers.begin(), d.headers.end()};
}

TEST(message, comes_together_from_its_frames) {
  frames f;
  f.deliver.delivery_tag = 7;
  f.deliver.redelivered = 1;
  f.deliver.exchange = bytes_of("events");
  f.deliver.routing_key = bytes_of("a.b");
  assembler a;
  (void)a.take(f.method());
  (void)a.take(f.header(4));
  (void)a.take(frames::body("ab"));
  EXPECT_FALSE(a.whole());
  (void)a.take(frames::body("cd"));
  const auto m = a.whole();
  ASSERT_TRUE(m);
  EXPECT_EQ(m->body, "abcd");
  EXPECT_EQ(m->tag, 7u);
  EXPECT_TRUE(m->redelivered);
  EXPECT_EQ(m->exchange, "events");
  EXPECT_EQ(m->routing_key, "a.b");
  EXPECT_FALSE(a.whole()) << "it is given out once";
  EXPECT_EQ(through(f, "").body, "");
}

TEST(message, parts_in_a_wrong_order_end_the_connection) {
  frames f;
  assembler a;
  EXPECT_THROW((void)a.take(f.header(1)), rabbitmq::link_lost);
  EXPECT_THROW((void)a.take(frames::body("x")), rabbitmq::link_lost);
  (void)a.take(f.method());
  EXPECT_THROW((void)a.take(f.method()), rabbitmq::link_lost);
}

TEST(message, other_frames_are_no_part_of_one) {
  amqp_frame_t frame{};
  frame.frame_type = AMQP_FRAME_METHOD;
  frame.payload.method.id = AMQP_BASIC_ACK_METHOD;
  assembler a;
  EXPECT_FALSE(a.take(frame));
}

TEST(message, becomes_a_delivery) {
  const auto how = rabbitmq::parsed(
      R"({"queue": "orders", "order_by": "header:customer", "content_type": "text/plain"})");
  std::vector<amqp_table_entry_t> table(2);
  table[0].key = bytes_of("customer");
  table[0].value.kind = AMQP_FIELD_KIND_I32;
  table[0].value.value.i32 = 42;
  table[1].key = bytes_of("rabbitmq-exchange");
  table[1].value.kind = AMQP_FIELD_KIND_UTF8;
  table[1].value.value.bytes = bytes_of("a lie");
  frames f;
  f.deliver.exchange = bytes_of("events");
  f.deliver.routing_key = bytes_of("placed");
  f.properties._flags = AMQP_BASIC_MESSAGE_ID_FLAG | AMQP_BASIC_HEADERS_FLAG |
                        AMQP_BASIC_APP_ID_FLAG | AMQP_BASIC_PRIORITY_FLAG;
  f.properties.message_id = bytes_of("m-1");
  f.properties.app_id = bytes_of("shop");
  f.properties.priority = 3;
  f.properties.headers = {2, table.data()};
  const auto d = as_delivery(through(f, "body"), 99, how);
  EXPECT_EQ(d->token, 99u);
  EXPECT_EQ(d->source, "orders");
  EXPECT_EQ(d->dedup_id, "m-1");
  EXPECT_EQ(d->order_key, "42");
  EXPECT_EQ(d->content_type, "text/plain");
  EXPECT_EQ(d->payload, "body");
  EXPECT_EQ(d->attempt, 1u);
  EXPECT_EQ(d->flags, 0u);
  EXPECT_EQ(headers_of(*d), (std::map<std::string, std::string>{{"customer", "42"},
                                                                {"rabbitmq-exchange", "events"},
                                                                {"rabbitmq-routing-key", "placed"},
                                                                {"rabbitmq-message-id", "m-1"},
                                                                {"rabbitmq-app-id", "shop"},
                                                                {"rabbitmq-priority", "3"}}));
}

TEST(message, without_an_id_has_no_dedup_id) {
  frames f;
  EXPECT_EQ(as_delivery(through(f), 1, rabbitmq::parsed(R"({"queue": "q"})"))->dedup_id, "");
  f.properties._flags = AMQP_BASIC_MESSAGE_ID_FLAG;
  f.properties.message_id = bytes_of("m");
  const auto none = rabbitmq::parsed(R"({"queue": "q", "dedup_by": "none"})");
  EXPECT_EQ(as_delivery(through(f), 1, none)->dedup_id, "");
}

TEST(message, attempts_are_the_brokers_where_it_counts) {
  const auto how = rabbitmq::parsed(R"({"queue": "q", "order_by": "queue"})");
  frames f;
  f.deliver.redelivered = 1;
  EXPECT_EQ(as_delivery(through(f), 1, how)->attempt, 0u) << "nobody counted";
  amqp_table_entry_t count{};
  count.key = bytes_of("x-delivery-count");
  count.value.kind = AMQP_FIELD_KIND_I64;
  count.value.value.i64 = 4;
  f.properties._flags = AMQP_BASIC_HEADERS_FLAG;
  f.properties.headers = {1, &count};
  const auto d = as_delivery(through(f), 1, how);
  EXPECT_EQ(d->attempt, 5u);
  EXPECT_EQ(d->flags, std::uint32_t{SPAWN_D_REDELIVERED});
  EXPECT_EQ(d->order_key, "q");
}

TEST(message, a_type_that_is_an_url_names_the_payload) {
  frames f;
  f.properties._flags = AMQP_BASIC_TYPE_FLAG;
  f.properties.type = bytes_of("type.googleapis.com/shop.Order");
  const auto how = rabbitmq::parsed(R"({"queue": "q"})");
  EXPECT_EQ(as_delivery(through(f), 1, how)->type_url, "type.googleapis.com/shop.Order");
  f.properties.type = bytes_of("order-placed");
  const auto d = as_delivery(through(f), 1, how);
  EXPECT_EQ(d->type_url, "");
  EXPECT_EQ(headers_of(*d).at("rabbitmq-type"), "order-placed");
}

}  // namespace
