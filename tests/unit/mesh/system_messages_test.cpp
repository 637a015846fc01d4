// What is said across systems, as bytes (protocol.md 9.2).
#include "mesh/system_messages.hpp"

#include <gtest/gtest.h>

#include "wire/invocation.hpp"
#include "wire/plain_content.hpp"

namespace spawn {
namespace {

transport_message arrived(const system_reply& from) {
  transport_message out;
  out.payload = from.body;
  out.headers = from.with;
  return out;
}

outcome there_and_back(const outcome& ended, bool is_async = false) {
  return decode_system_reply(arrived(encode_system_reply(ended, {"s", "", "a"}, is_async)));
}

TEST(SystemMessages, ARequestCarriesAllThatACallSays) {
  invocation from;
  from.target = {"abroad", "Kind", "name"};
  from.action = "act";
  from.argument = {presence::value, "any"};
  from.has_caller = true;
  from.caller = {"here", "P", "me"};
  from.metadata = {{"k", "v"}};
  from.register_ref = "Kind";
  from.scheduled_to = -5;
  from.pooled = true;
  from.is_async = true;
  invocation back;
  back.storage = encode_system_request(from, 0);
  wire::echo echo;
  ASSERT_TRUE(wire::read_invocation(back, echo));
  EXPECT_EQ(back.target, from.target);
  EXPECT_EQ(back.action, "act");
  EXPECT_EQ(back.argument.any, "any");
  EXPECT_TRUE(back.has_caller);
  EXPECT_EQ(back.caller, from.caller);
  ASSERT_EQ(back.metadata.size(), 1u);
  EXPECT_EQ(back.metadata[0].value, "v");
  EXPECT_EQ(back.register_ref, "Kind");
  EXPECT_EQ(back.scheduled_to, -5);
  EXPECT_TRUE(back.pooled);
  EXPECT_TRUE(back.is_async);
}

TEST(SystemMessages, ARequestSaysHowLongItsCallerWaits) {
  invocation from;
  from.target = {"s", "", "a"};
  from.action = "act";
  invocation back;
  wire::echo echo;
  back.storage = encode_system_request(from, 700);
  ASSERT_TRUE(wire::read_invocation(back, echo));
  ASSERT_EQ(back.metadata.size(), 1u);
  EXPECT_EQ(back.metadata[0].key, "request-timeout");
  EXPECT_EQ(back.metadata[0].value, "700");
  from.metadata = {{"request-timeout", "5"}};
  invocation own;
  own.storage = encode_system_request(from, 700);
  ASSERT_TRUE(wire::read_invocation(own, echo));
  ASSERT_EQ(own.metadata.size(), 1u) << "the caller's word stays";
  EXPECT_EQ(own.metadata[0].value, "5");
}

TEST(SystemMessages, EveryFailureComesBackAsItWas) {
  for (std::size_t i = 1; i < failures; ++i) {
    const auto why = static_cast<failure>(i);
    const outcome back = there_and_back(outcome::failed(why, "because: of this"));
    EXPECT_EQ(back.why, why) << facts(why).code;
    EXPECT_EQ(back.text, "because: of this");
  }
}

TEST(SystemMessages, TheFormsOfAnAnswer) {
  const std::string any = wire::text_any("x");
  const outcome value = there_and_back(outcome::done({presence::value, any}));
  EXPECT_TRUE(value.ok());
  EXPECT_EQ(value.value.any, any);
  EXPECT_EQ(there_and_back(outcome::done({presence::noop, {}})).value.kind, presence::noop);
  EXPECT_EQ(encode_system_reply(outcome::done({}), {}, false).body, "no_content");
  EXPECT_EQ(encode_system_reply(outcome::done({}), {}, true).body, "async");
  EXPECT_TRUE(there_and_back(outcome::done({})).ok());
  EXPECT_TRUE(there_and_back(outcome::done({}), true).ok());
}

TEST(SystemMessages, AnErrorOfAProxyIsItsText) {
  transport_message reply;
  reply.payload = "Action [x] not found for Actor [a]";
  const outcome told = decode_system_reply(reply);
  EXPECT_EQ(told.why, failure::host_error);
  EXPECT_EQ(told.text, reply.payload);
  // Bytes of a text may be those of some message.
  for (const char* text : {"error", "(none", "2\x03 ab"}) {
    reply.payload = text;
    EXPECT_EQ(decode_system_reply(reply).why, failure::host_error) << text;
  }
  reply.payload = "\xff\xfe";
  const outcome garbage = decode_system_reply(reply);
  EXPECT_EQ(garbage.why, failure::host_error);
  EXPECT_NE(garbage.text.find("malformed"), std::string::npos);
  reply.headers = {{std::string(header_error_code), "OK"}};
  EXPECT_EQ(decode_system_reply(reply).why, failure::host_error) << "OK is no error";
}

}  // namespace
}  // namespace spawn
