// wire_parts.h: the typed readers, against bytes written out by hand.
#include "spawn/plugin/wire_parts.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace std::string_view_literals;

spawn_slice slice(std::string_view s) {
  return {s.data(), s.size()};
}

std::string_view view(const spawn_slice& s) {
  return s.len == 0 ? std::string_view{} : std::string_view{static_cast<const char*>(s.ptr), s.len};
}

// The InvocationRequest of the protocol's byte vectors, as the request of a SideEffect: system s,
// actor a@s, action inc, noop, async, metadata k=v, scheduled_to 1700000000000, register_ref p.
constexpr std::string_view effect_vector =
    "\x0a\x2a\x0a\x03\x0a\x01s\x12\x08\x0a\x06\x0a\x01"
    "a\x12\x01s\x1a\x03inc\x28\x01\x3a\x00"
    "\x42\x06\x0a\x01k\x12\x01v\x48\x80\xd0\x95\xff\xbc\x31\x5a\x01p"sv;

TEST(wire_effect, reads_the_byte_vector_of_the_protocol) {
  ASSERT_EQ(effect_vector.size(), 44u);
  spawn_wire_effect e;
  ASSERT_STREQ(spawn_wire_read_effect(slice(effect_vector), &e), nullptr);
  EXPECT_EQ(view(e.to.name), "a");
  EXPECT_EQ(view(e.to.system), "s");
  EXPECT_EQ(view(e.system), "s");
  EXPECT_EQ(view(e.action), "inc");
  EXPECT_EQ(e.payload.presence, unsigned{SPAWN_P_NOOP});
  EXPECT_EQ(e.async, 1u);
  EXPECT_EQ(e.pooled, 0u);
  EXPECT_EQ(e.has_caller, 0u);
  EXPECT_EQ(e.scheduled_to, 1'700'000'000'000);
  EXPECT_EQ(view(e.register_ref), "p");
  EXPECT_EQ(e.n_metadata, 1u);
  spawn_wire_effect_metadata m = spawn_wire_effect_metadata_of(slice(effect_vector));
  spawn_kv entry;
  ASSERT_EQ(spawn_wire_effect_metadata_next(&m, &entry), 1);
  EXPECT_EQ(view(entry.key), "k");
  EXPECT_EQ(view(entry.value), "v");
  EXPECT_EQ(spawn_wire_effect_metadata_next(&m, &entry), 0);
}

TEST(wire_effect, refuses_each_prefix_of_a_message_but_the_empty_one) {
  for (std::size_t n = 1; n < effect_vector.size(); ++n) {
    const std::string cut(effect_vector.substr(0, n));
    spawn_wire_effect e;
    EXPECT_NE(spawn_wire_read_effect(slice(cut), &e), nullptr) << n;
  }
  spawn_wire_effect e;
  EXPECT_EQ(spawn_wire_read_effect({nullptr, 0}, &e), nullptr);
  EXPECT_EQ(e.has_request, 0u);
}

TEST(wire_effect, hands_an_any_on_untouched) {
  constexpr std::string_view part = "\x0a\x09\x22\x07\x0a\x01u\x12\x02\xff\x00"sv;
  spawn_wire_effect e;
  ASSERT_EQ(spawn_wire_read_effect(slice(part), &e), nullptr);
  EXPECT_EQ(e.payload.presence, unsigned{SPAWN_P_VALUE});
  EXPECT_EQ(view(e.payload.type_url), "u");
  EXPECT_EQ(view(e.payload.value), "\xff\x00"sv);
  EXPECT_EQ(e.payload.value.ptr, part.data() + 9);
}

TEST(wire_effect, reads_a_negative_time_and_the_callers_id) {
  constexpr std::string_view part =
      "\x0a\x16\x32\x09\x0a\x01"
      "c\x12\x01s\x1a\x01p\x48\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"sv;
  spawn_wire_effect e;
  ASSERT_STREQ(spawn_wire_read_effect(slice(part), &e), nullptr);
  EXPECT_EQ(e.scheduled_to, -1);
  EXPECT_EQ(e.has_caller, 1u);
  EXPECT_EQ(view(e.caller.name), "c");
  EXPECT_EQ(view(e.caller.system), "s");
  EXPECT_EQ(view(e.caller.parent), "p");
}

TEST(wire_effect, skips_fields_it_does_not_know) {
  constexpr std::string_view part = "\x12\x01x\x0a\x07\xa2\x06\x01x\x1a\x01g"sv;
  spawn_wire_effect e;
  ASSERT_STREQ(spawn_wire_read_effect(slice(part), &e), nullptr);
  EXPECT_EQ(view(e.action), "g");
}

TEST(wire_effect, tells_which_field_has_the_wrong_type) {
  const std::vector<std::pair<std::string_view, std::string_view>> rows{
      {"\x08\x01"sv, "SideEffect.request is not an InvocationRequest"},
      {"\x0a\x02\x08\x01"sv, "SideEffect.request.system is not an ActorSystem"},
      {"\x0a\x02\x10\x01"sv, "SideEffect.request.actor is not an Actor"},
      {"\x0a\x04\x12\x02\x08\x01"sv, "SideEffect.request.actor is not an Actor"},
      {"\x0a\x02\x18\x01"sv, "SideEffect.request.action_name is not a string"},
      {"\x0a\x02\x20\x01"sv, "SideEffect.request.value is not an Any"},
      {"\x0a\x04\x22\x02\x08\x01"sv, "SideEffect.request.value is not an Any"},
      {"\x0a\x02\x2a\x00"sv, "SideEffect.request.async is not a bool"},
      {"\x0a\x02\x30\x01"sv, "SideEffect.request.caller is not an ActorId"},
      {"\x0a\x02\x38\x01"sv, "SideEffect.request.noop is not a Noop"},
      {"\x0a\x04\x42\x02\x08\x01"sv, "SideEffect.request.metadata has a malformed entry"},
      {"\x0a\x02\x4a\x00"sv, "SideEffect.request.scheduled_to is not an integer"},
      {"\x0a\x02\x52\x00"sv, "SideEffect.request.pooled is not a bool"},
      {"\x0a\x02\x58\x01"sv, "SideEffect.request.register_ref is not a string"},
      {"\x0a\x01\x08"sv, "SideEffect.request is cut off or malformed"},
  };
  for (const auto& [bytes, expected] : rows) {
    spawn_wire_effect e;
    EXPECT_STREQ(spawn_wire_read_effect(slice(bytes), &e), std::string(expected).c_str());
  }
}

TEST(wire_broadcast, reads_channel_action_and_payload) {
  spawn_wire_broadcast b;
  ASSERT_EQ(spawn_wire_read_broadcast(slice("\x0a\x01"
                                            "c\x12\x01r\x1a\x04\x0a\x02tu"sv),
                                      &b),
            nullptr);
  EXPECT_EQ(view(b.channel), "c");
  EXPECT_EQ(view(b.action), "r");
  EXPECT_EQ(b.payload.presence, unsigned{SPAWN_P_VALUE});
  EXPECT_EQ(view(b.payload.type_url), "tu");
}

TEST(wire_broadcast, reads_the_broadcast_of_the_byte_vector) {
  spawn_wire_broadcast b;
  ASSERT_EQ(spawn_wire_read_broadcast(slice("\x0a\x01\x63\x22\x00"sv), &b), nullptr);
  EXPECT_EQ(view(b.channel), "c");
  EXPECT_EQ(b.payload.presence, unsigned{SPAWN_P_NOOP});
}

TEST(wire_route, reads_pipe_and_forward) {
  constexpr std::string_view part = "\x0a\x01\x62\x12\x01\x66\x1a\x01r"sv;
  for (auto* read : {spawn_wire_read_pipe, spawn_wire_read_forward}) {
    spawn_wire_route route;
    ASSERT_EQ(read(slice(part), &route), nullptr);
    EXPECT_EQ(view(route.actor), "b");
    EXPECT_EQ(view(route.action), "f");
    EXPECT_EQ(view(route.register_ref), "r");
    EXPECT_STREQ(read(slice("\x08\x01"), &route), "actor is not a string");
  }
}

}  // namespace
