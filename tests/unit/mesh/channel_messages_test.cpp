// Broadcasts as messages on the transport, and as events for listeners.
#include "mesh/channel_messages.hpp"

#include <gtest/gtest.h>

#include "wire/json_any.hpp"
#include "wire/plain_content.hpp"

namespace spawn {
namespace {

constexpr std::uint64_t here = 1, there = 2;

transport_message sent(const channel_message& from) {
  transport_message out;
  out.subject = from.subject;
  out.headers = from.with;
  out.payload = from.body;
  return out;
}

broadcast_order order_of(payload argument) {
  broadcast_order out;
  out.system = "shop";
  out.channel = "orders.eu";
  out.argument = std::move(argument);
  return out;
}

TEST(ChannelMessages, AnotherKernelReadsWhatOneSaid) {
  broadcast_order from = order_of({presence::value, wire::json_any("[1]")});
  from.action = "hear";
  from.has_caller = true;
  from.caller = actor_id({"shop", "Kind", "me"});
  const auto back = decode_channel_message(sent(encode_channel_message(from, here)), there);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->system, "shop");
  EXPECT_EQ(back->channel, "orders.eu");
  EXPECT_EQ(back->action, "hear");
  EXPECT_TRUE(back->has_caller);
  EXPECT_EQ(back->caller.view(), from.caller.view());
  EXPECT_EQ(back->argument.any, from.argument.any);
}

TEST(ChannelMessages, AKernelDoesNotHearItself) {
  const auto message = sent(encode_channel_message(order_of({presence::noop, {}}), here));
  EXPECT_FALSE(decode_channel_message(message, here));
  EXPECT_TRUE(decode_channel_message(message, there));
}

TEST(ChannelMessages, EveryKindOfPayloadComesBack) {
  std::string own;
  wire::append_any(own, "type.googleapis.com/shop.Order", "\x0a\x01x");
  std::string empty, namesake;
  wire::append_any(empty, "type.googleapis.com/shop.Order", "");
  wire::append_any(namesake, "type.googleapis.com/shop.StringValue", "\x0a\x01x\x12\x01y");
  const payload all[] = {{presence::unset, {}},
                         {presence::noop, {}},
                         {presence::value, wire::json_any("{\"a\": 1}")},
                         {presence::value, wire::text_any("12")},
                         {presence::value, wire::text_any("")},
                         {presence::value, empty},
                         {presence::value, namesake},
                         {presence::value, wire::bytes_any(std::string_view("{}\0\xff", 4))},
                         {presence::value, own}};
  for (const payload& each : all) {
    const auto back =
        decode_channel_message(sent(encode_channel_message(order_of(each), here)), there);
    ASSERT_TRUE(back);
    EXPECT_EQ(back->argument.kind, each.kind);
    EXPECT_EQ(back->argument.any, each.any);
  }
}

TEST(ChannelMessages, ANameThatIsNoTextIsNoChannel) {
  transport_message message;
  message.subject = "channel.s.%FF";
  EXPECT_FALSE(decode_channel_message(message, here));
  message.subject = "channel.s." + std::string(2'000, 'x');
  EXPECT_FALSE(decode_channel_message(message, here));
}

TEST(ChannelMessages, WhatIsNoJsonIsATextInAnEvent) {
  const broadcast_order from = order_of({presence::value, wire::json_any("no json")});
  EXPECT_NE(channel_event_json(from).find(R"("payload":"no json")"), std::string::npos);
}

TEST(ChannelMessages, AnEventSaysWhoAndWhat) {
  broadcast_order from = order_of({presence::value, wire::json_any("[1]")});
  EXPECT_EQ(channel_event_json(from),
            R"({"channel":"orders.eu","from":null,"action":null,"payload":[1]})");
  from.action = "a\"b";
  from.has_caller = true;
  from.caller = actor_id({"shop", "", "me"});
  EXPECT_EQ(
      channel_event_json(from),
      R"({"channel":"orders.eu","from":{"name":"me","parent":""},"action":"a\"b","payload":[1]})");
}

}  // namespace
}  // namespace spawn
