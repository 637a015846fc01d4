#include <array>

#include "host_fixture.hpp"

namespace spawn::sdk::test {
namespace {

fake_kernel::answer_fn with(wire::InvocationResponse response) {
  return [bytes = response.SerializeAsString()](const seen_request&) {
    return raw_answer{200, bytes};
  };
}

wire::InvocationResponse ok() {
  wire::InvocationResponse response;
  response.mutable_status()->set_status(wire::OK);
  return response;
}

TEST(sdk_client, an_answer_is_decoded) {
  auto response = ok();
  counter::CounterState state;
  state.set_value(9);
  response.mutable_value()->set_type_url("type.googleapis.com/counter.CounterState");
  response.mutable_value()->set_value(state.SerializeAsString());
  fake_kernel kernel(0, with(response));
  client c({"127.0.0.1", kernel.port()});
  counter::AddRequest add;
  add.set_amount(9);
  const auto got = c.invoke<counter::CounterState>("s", "a/b", "Add", add);
  ASSERT_TRUE(got) << got.error().text;
  EXPECT_EQ(got->value(), 9);
  const auto seen = kernel.wait_requests(1).at(0);
  EXPECT_EQ(seen.target, "/api/v1/system/s/actors/a%2Fb/invoke");
  wire::InvocationRequest sent;
  ASSERT_TRUE(sent.ParseFromString(seen.body));
  EXPECT_EQ(sent.value().type_url(), "type.googleapis.com/counter.AddRequest");
  EXPECT_EQ(sent.metadata_size(), 0);
}

TEST(sdk_client, an_answer_of_another_type_is_a_failure_that_names_both) {
  auto response = ok();
  response.mutable_value()->set_type_url("type.googleapis.com/x.Y");
  fake_kernel kernel(0, with(response));
  client c({"127.0.0.1", kernel.port()});
  const auto got = c.invoke<counter::CounterState>("s", "a", "Get");
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().what, failure::kind::decode);
  EXPECT_EQ(got.error().text, "the answer is a x.Y of 0 bytes, wanted a counter.CounterState");
}

TEST(sdk_client, an_answer_without_payload_is_a_failure_only_when_one_is_wanted) {
  fake_kernel kernel(0, with(ok()));
  client c({"127.0.0.1", kernel.port()});
  EXPECT_TRUE(c.invoke("s", "a", "Get"));
  EXPECT_FALSE(c.invoke<json>("s", "a", "Get"));
  invoke_options async;
  async.async = true;
  EXPECT_TRUE(c.invoke<json>("s", "a", "Get", async));
}

TEST(sdk_client, an_unknown_actor_is_told_apart) {
  wire::InvocationResponse response;
  response.mutable_status()->set_status(wire::ACTOR_NOT_FOUND);
  response.mutable_status()->set_message("Actor a not found on ActorSystem s");
  const auto bytes = response.SerializeAsString();
  fake_kernel kernel(0, [&](const seen_request&) { return raw_answer{500, bytes}; });
  client c({"127.0.0.1", kernel.port()});
  const auto got = c.invoke("s", "a", "Get");
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().what, failure::kind::not_found);
}

TEST(sdk_client, a_failure_says_whether_the_request_may_have_been_executed) {
  client nobody({"127.0.0.1", free_port()});
  const auto refused = nobody.invoke("s", "a", "Get");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().what, failure::kind::not_sent);

  fake_kernel silent(0, [](const seen_request&) { return raw_answer{}; });
  client c({"127.0.0.1", silent.port()});
  const auto closed = c.invoke("s", "a", "Get");
  ASSERT_FALSE(closed);
  EXPECT_EQ(closed.error().what, failure::kind::unknown);
  EXPECT_NE(closed.error().text.find("may have been executed"), std::string::npos);
  EXPECT_EQ(silent.wait_requests(1).size(), 1U);  // and was not sent again
}

TEST(sdk_client, a_timeout_is_told_to_the_kernel) {
  fake_kernel kernel(0, with(ok()));
  client c({"127.0.0.1", kernel.port()});
  invoke_options options;
  options.timeout = std::chrono::milliseconds(1500);
  EXPECT_TRUE(c.invoke("s", "a", "Get", options));
  wire::InvocationRequest sent;
  ASSERT_TRUE(sent.ParseFromString(kernel.wait_requests(1).at(0).body));
  EXPECT_EQ(sent.metadata().at("request-timeout"), "1500");
}

TEST(sdk_client, spawn_binds_names_to_parents) {
  fake_kernel kernel;
  client c({"127.0.0.1", kernel.port()});
  const std::array ids{actor_id{"ann", "", "Account"}, actor_id{"bob", "other", "Account"}};
  const auto got = c.spawn("s", ids, 4);
  ASSERT_TRUE(got) << got.error().text;
  const auto seen = kernel.wait_requests(1).at(0);
  EXPECT_EQ(seen.target, "/api/v1/system/s/actors/spawn?revision=4");
  wire::SpawnRequest sent;
  ASSERT_TRUE(sent.ParseFromString(seen.body));
  ASSERT_EQ(sent.actors_size(), 2);
  EXPECT_EQ(sent.actors(0).system(), "s");
  EXPECT_EQ(sent.actors(1).system(), "other");
  EXPECT_EQ(sent.actors(1).parent(), "Account");
}

TEST(kernel_address_text, is_parsed_or_refused_with_the_text) {
  EXPECT_EQ(kernel_address::parse("h:1").host, "h");
  EXPECT_EQ(kernel_address::parse("[::1]:2").host, "::1");
  EXPECT_EQ(kernel_address::parse("[::1]:2").port, 2);
  EXPECT_EQ(kernel_address::parse("h").port, 9001);
  for (const char* bad : {"h:x", "h:70000", ":1", "h:"}) {
    EXPECT_THROW(static_cast<void>(kernel_address::parse(bad)), std::invalid_argument) << bad;
  }
}

}  // namespace
}  // namespace spawn::sdk::test
