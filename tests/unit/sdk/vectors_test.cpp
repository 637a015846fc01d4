// The byte vectors of the protocol, through the host and the client.
#include "host_fixture.hpp"

namespace spawn::sdk::test {
namespace {

using host_vectors = host_fixture;

constexpr std::string_view invocation_vector =
    "0a090a01611201731a01701203696e631a320a1d0a17747970652e676f6f676c65617069732e636f6d2f782e5312"
    "0208011a090a01611201731a01702a060a01741201312a00";
constexpr std::string_view response_vector =
    "0a01611201731a002a0f12050a016322001a060a016212016632003801";
constexpr std::string_view request_vector =
    "0a030a017312080a060a01611201731a03696e6328013a0042060a016b1201764880d095ffbc315a0170";
constexpr std::string_view error_vector =
    "0a2608031222416374696f6e205b785d206e6f7420666f756e6420666f72204163746f72205b615d";

TEST_F(host_vectors, an_invocation_is_read_as_it_was_meant) {
  struct {
    actor_id self;
    string_map tags;
    any_value state;
    presence payload = presence::unset;
  } seen;
  app_->unnamed<any_value>("p").action("inc", [&](context<any_value>& ctx) {
    seen = {ctx.self(), ctx.tags(), ctx.view(), ctx.payload().kind};
  });
  EXPECT_EQ(wire().post(from_hex(invocation_vector)).status, 200);
  EXPECT_EQ(seen.self, (actor_id{"a", "s", "p"}));
  EXPECT_EQ(seen.tags, (string_map{{"t", "1"}}));
  EXPECT_EQ(seen.state.type_url, "type.googleapis.com/x.S");
  EXPECT_EQ(seen.state.value, from_hex("0801"));
  EXPECT_EQ(seen.payload, presence::noop);
}

TEST_F(host_vectors, an_answer_with_workflow_has_the_bytes_of_the_protocol) {
  app_->actor("a").action("inc", [](context<>& ctx) {
    ctx.pipe("b", "f");
    ctx.broadcast("c");
    ctx.checkpoint();
  });
  const auto answer = wire().post(invocation("a", "inc").SerializeAsString());
  EXPECT_EQ(to_hex(answer.body), response_vector);
}

TEST(client_vectors, a_request_has_the_bytes_of_the_protocol) {
  fake_kernel kernel(0, [](const seen_request&) { return raw_answer{200, from_hex("0a020801")}; });
  client c({"127.0.0.1", kernel.port()});
  invoke_options options;
  options.async = true;
  options.metadata = {{"k", "v"}};
  options.scheduled_to =
      std::chrono::system_clock::time_point(std::chrono::milliseconds(1'700'000'000'000));
  options.register_ref = "p";
  EXPECT_TRUE(c.invoke("s", "a", "inc", options));
  const auto seen = kernel.wait_requests(1);
  EXPECT_EQ(to_hex(seen.at(0).body), request_vector);
  EXPECT_EQ(seen.at(0).target, "/api/v1/system/s/actors/a/invoke");
}

TEST(client_vectors, an_error_answer_gives_the_text_of_the_kernel) {
  fake_kernel kernel(0,
                     [](const seen_request&) { return raw_answer{500, from_hex(error_vector)}; });
  client c({"127.0.0.1", kernel.port()});
  const auto got = c.invoke("s", "a", "x");
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().what, failure::kind::refused);
  EXPECT_EQ(got.error().text, "Action [x] not found for Actor [a]");
}

}  // namespace
}  // namespace spawn::sdk::test
