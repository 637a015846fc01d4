// Fields of messages by name, and CloudEvents.
#include "intake/event.hpp"

#include <gtest/gtest.h>

#include "unit/intake/made_delivery.hpp"

namespace spawn {
namespace {

using test::made_delivery;

std::string field(const made_delivery& of, std::string_view name) {
  const delivery held = of.get();
  event message(held);
  auto value = message.field(name);
  return value ? *value : "! " + value.error().text;
}

TEST(event, headers_do_not_care_about_case) {
  const made_delivery of("", "", {{"X-Order", "7"}});
  EXPECT_EQ(field(of, "header.x-order"), "7");
  EXPECT_EQ(field(of, "header.X-ORDER"), "7");
  EXPECT_EQ(field(of, "header.y"), "! the message has no header y");
}

TEST(event, fields_of_the_body) {
  const made_delivery of(R"({"id": 17, "a": {"b": ["x", {"c": true}]}, "n": null, "f": 1.5})");
  EXPECT_EQ(field(of, "body.id"), "17");
  EXPECT_EQ(field(of, "body.a.b.0"), "x");
  EXPECT_EQ(field(of, "body.a.b.1.c"), "true");
  EXPECT_EQ(field(of, "body.f"), "1.5");
  EXPECT_EQ(field(of, "body.a"), "! field a of the body is not a single value");
  EXPECT_EQ(field(of, "body.n"), "! field n of the body is null");
  EXPECT_EQ(field(of, "body.a.b.9"), "! the body has no field a.b.9");
  EXPECT_EQ(field(made_delivery("{"), "body.id"), "! the body is not JSON, so it has no field id");
}

TEST(event, what_the_source_says) {
  made_delivery of("text");
  of.raw.order_key = of.keep("k1");
  of.raw.attempt = 3;
  EXPECT_EQ(field(of, "key"), "k1");
  EXPECT_EQ(field(of, "source"), "orders");
  EXPECT_EQ(field(of, "attempt"), "3");
  EXPECT_EQ(field(of, "body"), "text");
  EXPECT_EQ(field(of, "id"), "! the message has no id");
}

TEST(event, a_structured_cloudevent_is_unwrapped) {
  const made_delivery of(
      R"({"specversion":"1.0","id":"e1","source":"/shop","type":"placed","data":{"id":5}})",
      "application/cloudevents+json; charset=utf-8");
  const delivery held = of.get();
  event message(held);
  ASSERT_TRUE(message.is_structured());
  ASSERT_TRUE(message.unwrap_cloudevent());
  EXPECT_EQ(*message.field("header.ce-type"), "placed");
  EXPECT_EQ(*message.field("header.ce-id"), "e1");
  EXPECT_EQ(*message.field("body.id"), "5");
  EXPECT_EQ(message.content_type(), "application/json");
}

TEST(event, a_cloudevent_may_have_bytes) {
  const made_delivery of(R"({"specversion":"1.0","id":"e","source":"s","type":"t",)"
                         R"("datacontenttype":"image/png","data_base64":"AAEC"})",
                         "application/cloudevents+json");
  const delivery held = of.get();
  event message(held);
  ASSERT_TRUE(message.unwrap_cloudevent());
  EXPECT_EQ(message.body(), std::string_view("\0\1\2", 3));
  EXPECT_EQ(message.content_type(), "image/png");
}

TEST(event, what_is_no_cloudevent_says_why) {
  const made_delivery of(R"({"id":"e","source":"s"})", "application/cloudevents+json");
  const delivery held = of.get();
  event message(held);
  auto done = message.unwrap_cloudevent();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().text, "the body is no CloudEvent: it has no type");
}

TEST(event, a_body_that_nests_without_end_is_refused) {
  const std::string deep = std::string(1'000'000, '[') + std::string(1'000'000, ']');
  EXPECT_EQ(field(made_delivery(deep), "body.0"),
            "! the body is nested more than 100 deep, so it has no field 0");
  const std::string envelope =
      R"({"specversion":"1.0","id":"e","source":"s","type":"t","data":)" + deep + "}";
  const made_delivery of(envelope, "application/cloudevents+json");
  const delivery held = of.get();
  event message(held);
  EXPECT_FALSE(message.is_json());
  EXPECT_FALSE(message.unwrap_cloudevent());
}

TEST(event, attributes_of_every_binding_have_one_name) {
  for (const char* name : {"ce-type", "ce_type", "cloudEvents:type", "cloudEvents_type"}) {
    EXPECT_EQ(field(made_delivery("x", "text/plain", {{name, "t"}}), "header.ce-type"), "t")
        << name;
  }
}

}  // namespace
}  // namespace spawn
