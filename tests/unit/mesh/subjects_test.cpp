// Names of systems and channels, as subjects.
#include "mesh/subjects.hpp"

#include <gtest/gtest.h>

#include "base/random.hpp"

namespace spawn {
namespace {

TEST(Subjects, InvocationsOfASystem) {
  EXPECT_EQ(invocations_subject("spawn-system"), "spawn-system.actors.actions");
  EXPECT_EQ(invocations_subject("eu.shop"), "eu.shop.actors.actions");
  EXPECT_EQ(invocations_subject("my shop*"), "my%20shop%2A.actors.actions");
}

TEST(Subjects, AChannelKeepsItsDotsAndASystemDoesNot) {
  EXPECT_EQ(channel_subject("shop", "orders.eu"), "channel.shop.orders.eu");
  EXPECT_EQ(channel_subject("eu.shop", "orders"), "channel.eu%2Eshop.orders");
  EXPECT_EQ(channel_subject("s", ".a..b."), "channel.s.%2Ea.%2Eb%2E");
}

TEST(Subjects, AnyNameComesBackAsItWas) {
  random rng(7);
  for (int i = 0; i < 2'000; ++i) {
    std::string system, topic;
    for (std::uint64_t n = 1 + rng.below(12); n > 0; --n) {
      system += static_cast<char>(rng.below(256));
      topic += rng.below(3) == 0 ? '.' : static_cast<char>(rng.below(256));
    }
    const std::string subject = channel_subject(system, topic);
    EXPECT_EQ(subject.find_first_of(" *>\t\r\n"), subject.npos);
    EXPECT_EQ(subject.find(".."), subject.npos);
    const auto back = channel_of_subject(subject);
    ASSERT_TRUE(back) << subject;
    EXPECT_EQ(*back, std::pair(system, topic));
  }
}

TEST(Subjects, AChannelNeverLooksLikeTheCallsToASystem) {
  for (const auto& [system, topic] : {std::pair("actors", "actions"), {"x", "actors.actions"}}) {
    const std::string subject = channel_subject(system, topic);
    EXPECT_FALSE(subject.ends_with(".actors.actions")) << subject;
    EXPECT_EQ(*channel_of_subject(subject), std::pair(std::string(system), std::string(topic)));
  }
  EXPECT_FALSE(channel_of_subject(invocations_subject("channel")));
  EXPECT_FALSE(channel_of_subject(invocations_subject("channel.x")));
}

TEST(Subjects, OthersAreNoChannels) {
  for (const char* other : {"", "channel", "channel.", "channel.a", "channel.a.", "channel..b",
                            "channels.a.b", "a.channel.b"}) {
    EXPECT_FALSE(channel_of_subject(other)) << other;
  }
  const auto odd = channel_of_subject("channel.a%zz.b%");
  ASSERT_TRUE(odd) << "what is no escape stays as it is";
  EXPECT_EQ(*odd, std::pair(std::string("a%zz"), std::string("b%")));
}

}  // namespace
}  // namespace spawn
