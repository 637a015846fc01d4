// The byte vectors of the protocol, whole and cut at every byte.
#include <gtest/gtest.h>

#include "unit/wire/hex.hpp"
#include "wire/common.hpp"
#include "wire/host_call.hpp"
#include "wire/invocation.hpp"
#include "wire/registration.hpp"
#include "wire/status.hpp"

namespace spawn {
namespace {

using test::from_hex;

const std::string request_bytes = from_hex(
    "0a030a017312080a060a01611201731a03696e6328013a0042060a016b1201764880d095ffbc315a0170");
const std::string response_bytes =
    from_hex("0a01611201731a002a0f12050a016322001a060a016212016632003801");

result<void> read(invocation& into, std::string bytes) {
  into.storage = std::move(bytes);
  wire::echo repeat;
  return wire::read_invocation(into, repeat);
}

TEST(wire_vectors, an_invocation_request_is_read_field_by_field) {
  invocation in;
  ASSERT_TRUE(read(in, request_bytes));
  EXPECT_EQ(in.target, (actor_view{"s", "", "a"}));
  EXPECT_EQ(in.action, "inc");
  EXPECT_EQ(in.argument.kind, presence::noop);
  EXPECT_TRUE(in.is_async);
  ASSERT_EQ(in.metadata.size(), 1u);
  EXPECT_EQ(in.metadata[0].key, "k");
  EXPECT_EQ(in.metadata[0].value, "v");
  EXPECT_EQ(in.scheduled_to, 1'700'000'000'000);
  EXPECT_EQ(in.register_ref, "p");
}

TEST(wire_vectors, a_host_call_is_written_byte_for_byte_up_to_the_order_of_fields) {
  wire::host_request call;
  call.self = {"s", "p", "a"};
  call.action = "inc";
  call.argument = {presence::noop, {}};
  std::string state;
  wire::put_text(state, 1, "type.googleapis.com/x.S");
  wire::put_bytes(state, 2, from_hex("0801"));
  call.state_any = state;
  const std::string tags = from_hex("2a060a0174120131");
  call.tags = tags;
  std::string out;
  wire::append_host_request(out, call);
  EXPECT_EQ(out, from_hex("0a090a01611201731a01701203696e631a320a1d0a17747970652e676f6f676c65617069"
                          "732e636f6d2f782e53120208011a090a01611201731a01702a060a01741201312a00"));
}

TEST(wire_vectors, a_host_response_is_read_with_its_workflow_in_the_order_it_runs) {
  const auto got = wire::read_host_response(response_bytes);
  ASSERT_TRUE(got);
  EXPECT_FALSE(got->has_state);
  EXPECT_EQ(got->value.kind, presence::noop);
  EXPECT_TRUE(got->checkpoint);
  ASSERT_EQ(got->parts.size(), 2u);
  EXPECT_EQ(got->parts[0].type, "broadcast");
  EXPECT_EQ(got->parts[1].type, "pipe");
}

TEST(wire_vectors, answers_are_written_byte_for_byte) {
  std::string out;
  wire::append_registration_response(out, wire::status::ok, "Accepted");
  EXPECT_EQ(out, from_hex("0a0c0801120841636365707465641216080110021a05737061776e2209322e302e302d"
                          "524339"));
  out.clear();
  wire::append_status(out, 1, wire::status::error, "Action [x] not found for Actor [a]");
  EXPECT_EQ(out, from_hex("0a2608031222416374696f6e205b785d206e6f7420666f756e6420666f72204163746f72"
                          "205b615d"));
}

TEST(wire_vectors, a_request_cut_anywhere_is_refused_or_consistent) {
  for (std::size_t n = 0; n < request_bytes.size(); ++n) {
    invocation in;
    const auto got = read(in, request_bytes.substr(0, n));
    if (got) {
      EXPECT_EQ(in.target.name, "a") << n;
      EXPECT_EQ(in.action, "inc") << n;
    } else {
      EXPECT_EQ(got.error().code, errc::invalid) << n;
      EXPECT_FALSE(got.error().text.empty()) << n;
    }
  }
}

TEST(wire_vectors, a_response_cut_anywhere_is_refused_or_consistent) {
  for (std::size_t n = 0; n < response_bytes.size(); ++n) {
    const std::string cut = response_bytes.substr(0, n);  // exact size: a sanitizer sees over-reads
    const auto got = wire::read_host_response(cut);
    if (got) {
      EXPECT_GE(n, 8u) << "without its context it is no answer";
    }
  }
}

TEST(wire_vectors, any_byte_may_be_wrong) {
  for (const auto& good : {request_bytes, response_bytes}) {
    for (std::size_t at = 0; at < good.size(); ++at) {
      for (int flip = 1; flip < 256; ++flip) {
        std::string bad = good;
        bad[at] = static_cast<char>(bad[at] ^ flip);
        static_cast<void>(wire::read_host_response(bad));
        static_cast<void>(wire::read_registration(bad));
        static_cast<void>(wire::read_definition(bad, "s", "a"));
        static_cast<void>(wire::read_spawn(bad));
        invocation in;
        static_cast<void>(read(in, bad));
      }
    }
  }
}

}  // namespace
}  // namespace spawn
