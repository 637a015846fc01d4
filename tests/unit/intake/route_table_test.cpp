// From messages to actors.
#include "intake/route_table.hpp"

#include <gtest/gtest.h>

#include "unit/intake/made_delivery.hpp"

namespace spawn {
namespace {

using test::made_delivery;

text_template of(std::string_view text) {
  auto parsed = text_template::parse(text);
  EXPECT_TRUE(parsed);
  return std::move(*parsed);
}

route_rule to(std::string_view actor, std::string_view action = "place") {
  route_rule out;
  out.actor = of(actor);
  out.action = of(action);
  return out;
}

route_table table(std::vector<route_rule> rules) {
  route_table::options with;
  with.system = "shop";
  with.rules = std::move(rules);
  with.metadata_bytes = 100;
  with.metadata_entries = 3;
  return route_table(std::move(with));
}

std::string why_not(const route_table& routes, const made_delivery& message) {
  auto found = routes.resolve(message.get());
  return found ? "it is routed" : found.error().text;
}

TEST(route_table, fills_templates) {
  auto rule = to("order-{body.id}", "{header.kind}");
  rule.register_ref = of("Order");
  rule.dedup_id = of("{source}/{body.id}");
  const auto found = table({rule}).resolve(
      made_delivery(R"({"id":7})", "application/json", {{"Kind", "place"}}).get());
  ASSERT_TRUE(found) << found.error().text;
  EXPECT_EQ(found->system, "shop");
  EXPECT_EQ(found->actor, "order-7");
  EXPECT_EQ(found->action, "place");
  EXPECT_EQ(found->register_ref, "Order");
  EXPECT_EQ(found->dedup_id, "orders/7");
  ASSERT_EQ(found->metadata.size(), 1u);
  EXPECT_EQ(found->metadata[0].first, "kind");
}

TEST(route_table, the_first_rule_that_fits_is_taken) {
  auto special = to("special");
  special.when = {{"header.type", "placed*"}, {"source", "orders"}};
  auto other = to("other");
  other.when = {{"source", "other"}};
  const auto routes = table({other, special, to("rest")});
  EXPECT_EQ(routes.resolve(made_delivery("", "", {{"type", "placed.v2"}}).get())->actor, "special");
  EXPECT_EQ(routes.resolve(made_delivery("", "", {{"type", "sent"}}).get())->actor, "rest");
  EXPECT_EQ(routes.resolve(made_delivery("").get())->actor, "rest");
}

TEST(route_table, says_why_there_is_no_way) {
  auto only = to("x");
  only.when = {{"source", "nowhere"}};
  EXPECT_EQ(why_not(table({only}), made_delivery("")),
            "none of the activator's routes fits the message");
  EXPECT_EQ(why_not(table({}), made_delivery("")), "the activator has no route");
  EXPECT_EQ(why_not(table({to("order-{body.id}")}), made_delivery("{}")),
            "actor: the body has no field id");
  EXPECT_EQ(why_not(table({to("{header.x}")}), made_delivery("", "", {{"x", ""}})),
            "the route gives no actor");
  EXPECT_EQ(why_not(table({to(std::string(600, 'x'))}), made_delivery("")),
            "the actor has more than 512 bytes or is not UTF-8");
}

TEST(route_table, a_message_may_name_its_actor) {
  made_delivery message("{}");
  message.raw.to.name = message.keep("clock");
  message.raw.action = message.keep("tick");
  const auto found = table({}).resolve(message.get());
  ASSERT_TRUE(found);
  EXPECT_EQ(found->actor, "clock");
  EXPECT_EQ(found->action, "tick");
}

TEST(route_table, headers_have_no_power) {
  const auto found = table({to("a")}).resolve(made_delivery("", "",
                                                            {{"Idempotency-Key", "k"},
                                                             {"spawn-revision", "1"},
                                                             {"reminder-name", "r"},
                                                             {"good", "1"}})
                                                  .get());
  ASSERT_TRUE(found);
  ASSERT_EQ(found->metadata.size(), 1u);
  EXPECT_EQ(found->metadata[0].first, "good");
}

TEST(route_table, too_many_headers_say_what_to_do) {
  const made_delivery message("", "", {{"a", "1"}, {"b", "1"}, {"c", "1"}, {"d", "1"}});
  EXPECT_EQ(why_not(table({to("a")}), message),
            "its headers are 4 with 8 bytes, more than limits.metadata_entries or "
            "limits.metadata_bytes allow; list those that are wanted under headers of the "
            "activator");
  route_table::options some;
  some.system = "shop";
  some.rules = {to("a")};
  some.all_headers = false;
  some.headers = {"b"};
  some.metadata_bytes = 100;
  some.metadata_entries = 3;
  EXPECT_EQ(route_table(std::move(some)).resolve(message.get())->metadata.size(), 1u);
}

TEST(route_table, ids_can_be_left_out) {
  made_delivery message("{}");
  message.raw.dedup_id = message.keep("m1");
  route_table::options with;
  with.system = "shop";
  with.rules = {to("a")};
  with.metadata_bytes = with.metadata_entries = 10;
  EXPECT_EQ(route_table(with).resolve(message.get())->dedup_id, "m1");
  with.dedup = false;
  EXPECT_EQ(route_table(with).resolve(message.get())->dedup_id, "");
}

}  // namespace
}  // namespace spawn
