#include "plugin/ports/transport_overlap.hpp"

#include <gtest/gtest.h>

#include "base/clock.hpp"

namespace spawn {
namespace {

transport_message message(std::string payload, std::string id = {}) {
  transport_message out;
  out.subject = "news.a";
  out.payload = std::move(payload);
  if (!id.empty()) {
    out.headers.emplace_back("spawn-message-id", std::move(id));
  }
  return out;
}

struct TransportOverlap : ::testing::Test {
  void from_old(std::string payload, std::string id = {}) {
    const auto brought = message(payload, std::move(id));
    both.from_old(brought);
    handled += payload;
  }
  void from_new(std::string payload, std::string id = {}, std::uint64_t now_ns = 0) {
    if (auto now = both.from_new(message(std::move(payload), std::move(id)), now_ns)) {
      handled += now->payload;
    }
  }
  void end_old() {
    for (const auto& each : both.old_ended(0)) {
      handled += each.payload;
    }
  }
  transport_overlap both;
  std::string handled;
};

TEST_F(TransportOverlap, WhatBothBringIsHandledOnceAndInOrder) {
  from_old("a");
  from_new("b");
  from_new("c");
  from_old("b");
  EXPECT_EQ(handled, "ab");
  end_old();
  EXPECT_EQ(handled, "abc");
  from_new("d");
  EXPECT_EQ(handled, "abcd");
}

TEST_F(TransportOverlap, ACopyThatComesAfterTheOldOnesEndIsDropped) {
  from_old("a");
  end_old();
  EXPECT_FALSE(both.is_over(0));
  from_new("a");
  EXPECT_EQ(handled, "a");
  EXPECT_TRUE(both.is_over(0)) << "each has its copy";
  from_new("a");
  EXPECT_EQ(handled, "aa") << "this is another one";
}

TEST_F(TransportOverlap, EqualOnesAreCounted) {
  from_old("a");
  from_old("a");
  from_new("a");
  from_new("a");
  from_new("a");
  end_old();
  EXPECT_EQ(handled, "aaa");
}

TEST_F(TransportOverlap, AnIdTellsEqualBodiesApart) {
  from_old("a", "1");
  from_new("a", "2");
  end_old();
  EXPECT_EQ(handled, "aa");
}

TEST_F(TransportOverlap, IsOverAfterAWhile) {
  from_old("a");
  end_old();
  const std::uint64_t later = transport_overlap::grace_ms * ns_per_ms;
  EXPECT_FALSE(both.is_over(later - 1));
  EXPECT_TRUE(both.is_over(later));
  from_new("a", {}, later);
  EXPECT_EQ(handled, "aa");
}

TEST_F(TransportOverlap, HoldsSoManyAndNoMore) {
  for (std::size_t i = 0; i < transport_overlap::held_max; ++i) {
    from_new("a");
  }
  EXPECT_EQ(both.lost(), 0u);
  from_new("a");
  EXPECT_EQ(both.lost(), 1u);
  end_old();
  EXPECT_EQ(handled.size(), transport_overlap::held_max);
}

}  // namespace
}  // namespace spawn
