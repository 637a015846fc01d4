// Who hears a channel.
#include "router/channels.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace spawn {
namespace {

definition_ptr with_channels(std::vector<channel_binding> bindings) {
  auto def = std::make_shared<definition>();
  def->channels = std::move(bindings);
  return def;
}

std::vector<std::string> hears(const channels& of, std::string_view topic) {
  std::vector<std::string> out;
  of.for_each(topic, [&](const subscriber& s) { out.push_back(s.id.name + "." + s.action); });
  return out;
}

using strings = std::vector<std::string>;

TEST(channels, match_topics_exactly) {
  channels c;
  actor_type t;
  t.now = with_channels({{"a.b", "on"}});
  c.subscribe({"s", "", "x"}, t);
  EXPECT_EQ(hears(c, "a.b"), (strings{"x.on"}));
  EXPECT_EQ(hears(c, "a"), strings{});
  EXPECT_EQ(hears(c, "a.b.c"), strings{});
}

TEST(channels, keep_one_entry_per_actor_topic_and_action) {
  channels c;
  actor_type t;
  t.now = with_channels({{"n", "on"}, {"n", "on"}, {"n", "other"}, {"m", "on"}});
  c.subscribe({"s", "", "x"}, t);
  c.subscribe({"s", "", "x"}, t);
  EXPECT_EQ(hears(c, "n"), (strings{"x.on", "x.other"}));
  EXPECT_EQ(hears(c, "m"), (strings{"x.on"}));
}

TEST(channels, follow_a_new_definition_and_leave_what_it_leaves_out) {
  channels c;
  actor_type t;
  t.now = with_channels({{"old", "on"}, {"both", "on"}});
  c.subscribe({"s", "p", "x"}, t);
  t.now = with_channels({{"new", "on"}, {"both", "on"}});
  c.subscribe({"s", "p", "x"}, t);
  EXPECT_EQ(hears(c, "old"), strings{});
  EXPECT_EQ(hears(c, "new"), (strings{"x.on"}));
  EXPECT_EQ(hears(c, "both"), (strings{"x.on"}));
}

TEST(channels, forget_who_leaves_and_nobody_else) {
  channels c;
  actor_type t;
  t.now = with_channels({{"n", "on"}});
  c.subscribe({"s", "", "x"}, t);
  c.subscribe({"s", "", "y"}, t);
  c.unsubscribe({"s", "", "x"});
  c.unsubscribe({"s", "", "stranger"});
  EXPECT_EQ(hears(c, "n"), (strings{"y.on"}));
}

definition_ptr durable(std::vector<channel_binding> bindings) {
  auto def = std::make_shared<definition>(*with_channels(std::move(bindings)));
  def->stateful = true;
  return def;
}

strings after(const channels& of, std::string_view place, std::size_t most) {
  strings out;
  for (const auto& each : of.durable_after("s", "n", place, most)) {
    out.push_back(each.place);
  }
  return out;
}

TEST(channels, tell_durable_listeners_from_others) {
  channels c;
  actor_type kept;
  kept.now = durable({{"n", "on"}});
  actor_type lost;
  lost.now = with_channels({{"n", "on"}});
  c.subscribe({"s", "", "x"}, kept);
  c.subscribe({"s", "", "y"}, lost);
  strings in_memory;
  c.for_each_in_memory("n", [&](const subscriber& s) { in_memory.push_back(s.id.name); });
  EXPECT_EQ(in_memory, (strings{"y"}));
  EXPECT_EQ(after(c, "", 9), (strings{"s/x//on"}));
  EXPECT_EQ(hears(c, "n").size(), 2);
}

TEST(channels, show_durable_listeners_page_by_page_and_system_by_system) {
  channels c;
  actor_type t;
  t.now = durable({{"n", "on"}, {"n", "and"}});
  for (const char* name : {"c", "a", "b"}) {
    c.subscribe({"s", "p", name}, t);
  }
  c.subscribe({"r", "p", "a"}, t);
  c.subscribe({"s2", "p", "a"}, t);
  const strings all{"s/a/p/and", "s/a/p/on", "s/b/p/and", "s/b/p/on", "s/c/p/and", "s/c/p/on"};
  EXPECT_EQ(after(c, "", 9), all);
  EXPECT_EQ(after(c, "", 2), (strings{all[0], all[1]}));
  EXPECT_EQ(after(c, all[1], 2), (strings{all[2], all[3]}));
  EXPECT_EQ(after(c, "s/a/p/gone", 1), (strings{all[1]}));
  EXPECT_EQ(after(c, all[5], 9), strings{});
}

TEST(channels, do_not_show_who_left_or_was_forgotten) {
  channels c;
  actor_type t;
  t.now = durable({{"n", "on"}});
  c.subscribe({"s", "", "x"}, t);
  c.subscribe({"s", "", "y"}, t);
  c.unsubscribe({"s", "", "x"});
  EXPECT_EQ(after(c, "", 9), (strings{"s/y//on"}));
  t.forgotten = true;
  EXPECT_EQ(after(c, "", 9), strings{});
}

std::string key(actor_view id) {
  return identity_key(id).text();
}

TEST(identity_key, long_names_are_kept_whole) {
  const std::string name(512, 'n');
  EXPECT_EQ(key({"s", "p", name}).size(), 8 + 2 + 512);
  EXPECT_EQ(identity_key({"s", "p", name}).view(), key({"s", "p", name}));
}

TEST(identity_key, tells_ids_apart_whose_parts_joined_are_equal) {
  EXPECT_NE(key({"ab", "c", "d"}), key({"a", "bc", "d"}));
  EXPECT_NE(key({"a", "", "bc"}), key({"a", "b", "c"}));
}

}  // namespace
}  // namespace spawn
