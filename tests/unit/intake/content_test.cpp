// Bodies as arguments.
#include "intake/content.hpp"

#include <gtest/gtest.h>

#include "unit/intake/made_delivery.hpp"
#include "wire/common.hpp"

namespace spawn {
namespace {

using test::made_delivery;

// "<last name of the type>: <value as it is encoded>"
std::string made(const made_delivery& of, content_kind as = content_kind::automatic,
                 std::string_view message = {}) {
  const delivery held = of.get();
  const event from(held);
  auto value = make_argument(from, as, message);
  if (!value) {
    return "! " + value.error().text;
  }
  if (value->kind == presence::noop) {
    return "noop";
  }
  wire::any_view any;
  EXPECT_TRUE(wire::read_any(value->any, any));
  return std::string(wire::last_segment(any.type_url)) + ": " + std::string(any.value);
}

TEST(content, goes_by_the_content_type) {
  EXPECT_EQ(made(made_delivery("{}", "application/json")), "JSONType: \n\2{}");
  EXPECT_EQ(made(made_delivery("{}", "application/vnd.x+json; v=1")), "JSONType: \n\2{}");
  EXPECT_EQ(made(made_delivery("hi", "Text/Plain")), "StringValue: \n\2hi");
  EXPECT_EQ(made(made_delivery("\1\2", "image/png")), "BytesValue: \n\2\1\2");
  EXPECT_EQ(made(made_delivery("{x", "application/json")), "! the body is not JSON");
  EXPECT_EQ(made(made_delivery("\xff", "text/plain")), "! the body is not UTF-8 text");
}

TEST(content, without_a_type_json_is_json) {
  EXPECT_EQ(made(made_delivery("[1]")), "JSONType: \n\3[1]");
  EXPECT_EQ(made(made_delivery("[1")), "BytesValue: \n\2[1");
}

TEST(content, nothing_is_a_noop) {
  EXPECT_EQ(made(made_delivery("")), "noop");
  EXPECT_EQ(made(made_delivery("", "application/json")), "noop");
  made_delivery none("");
  none.raw.payload.presence = SPAWN_P_NOOP;
  EXPECT_EQ(made(none), "noop");
  EXPECT_EQ(made(made_delivery(""), content_kind::bytes), "BytesValue: ");
}

TEST(content, what_has_a_type_stays_as_it_is) {
  made_delivery of("\n\1x", "application/json");
  of.raw.payload.type_url = of.keep("type.googleapis.com/shop.Order");
  EXPECT_EQ(made(of), "Order: \n\1x");
  of.raw.payload.type_url = of.keep("\xff/shop.Order");  // no host could read it
  EXPECT_EQ(made(of), "! its type url is not UTF-8");
}

TEST(content, a_route_may_say_what_it_is) {
  EXPECT_EQ(made(made_delivery("\n\1x"), content_kind::protobuf, "shop.Order"), "Order: \n\1x");
  EXPECT_EQ(made(made_delivery("1"), content_kind::text),
            "StringValue: \n\1"
            "1");
}

}  // namespace
}  // namespace spawn
