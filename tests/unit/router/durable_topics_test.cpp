// Which broadcasts become rows: those that a type in mode commit listens to.
#include "router/durable_topics.hpp"

#include <gtest/gtest.h>

namespace spawn {
namespace {

definition listening(std::string_view type, std::vector<channel_binding> to, bool stateful = true) {
  definition out;
  out.system = "s";
  out.type = type;
  out.stateful = stateful;
  out.channels = std::move(to);
  return out;
}

TEST(durable_topics, are_those_of_types_in_mode_commit) {
  durable_topics known;
  known.install(listening("a", {{"news", "on"}, {"news", "also"}}));
  known.install(listening("b", {{"gossip", "on"}}, false));
  EXPECT_TRUE(known.contains("s", "news"));
  EXPECT_FALSE(known.contains("s", "gossip"));
  EXPECT_FALSE(known.contains("other", "news"));
}

TEST(durable_topics, end_with_the_last_type_that_listens) {
  durable_topics known;
  known.install(listening("a", {{"news", "on"}, {"news", "also"}}));
  known.install(listening("b", {{"news", "on"}}));
  known.install(listening("a", {}));
  EXPECT_TRUE(known.contains("s", "news"));
  known.install(listening("b", {{"news", "on"}}, false));
  EXPECT_FALSE(known.contains("s", "news"));
}

}  // namespace
}  // namespace spawn
