// Actor definitions as the SDKs send them.
#include "wire/registration.hpp"

#include <gtest/gtest.h>

#include "unit/wire/hex.hpp"
#include "wire/common.hpp"

namespace spawn {
namespace {

std::string actor_with_metadata(std::string_view metadata) {
  std::string out;
  wire::put_actor_id(out, 1, {"s", "", "a"});
  wire::put_bytes(out, 6, metadata);
  return out;
}

TEST(channel_group, is_read_as_a_channel_message) {
  const auto def =
      wire::read_definition(actor_with_metadata(test::from_hex("0a060a0474657374")), "s", "a");
  ASSERT_TRUE(def);
  ASSERT_EQ((*def)->channels.size(), 1u);
  EXPECT_EQ((*def)->channels[0].topic, "test");
  EXPECT_EQ((*def)->channels[0].action, "receive");
}

TEST(channel_group, is_read_as_text_from_sdks_that_send_it_so) {
  const auto def =
      wire::read_definition(actor_with_metadata(test::from_hex("0a0474657374")), "s", "a");
  ASSERT_TRUE(def);
  ASSERT_EQ((*def)->channels.size(), 1u);
  EXPECT_EQ((*def)->channels[0].topic, "test");
  EXPECT_EQ((*def)->channels[0].action, "receive");
}

TEST(definition, takes_defaults_for_all_that_is_left_out) {
  const auto def = wire::read_definition("", "system", "name");
  ASSERT_TRUE(def);
  EXPECT_EQ((*def)->system, "system");
  EXPECT_EQ((*def)->type, "name");
  EXPECT_FALSE((*def)->stateful);
  EXPECT_TRUE((*def)->actions.empty());
  EXPECT_TRUE((*def)->channels.empty());
}

TEST(definition, refuses_a_name_one_byte_too_long_and_takes_the_longest) {
  EXPECT_TRUE(wire::read_definition("", "s", std::string(512, 'n')));
  const auto refused = wire::read_definition("", "s", std::string(513, 'n'));
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().text.find("513"), std::string::npos);
}

TEST(spawn_request, names_what_is_missing) {
  std::string bytes;
  wire::put_actor_id(bytes, 1, {"s", "", "n"});
  const auto got = wire::read_spawn(bytes);
  ASSERT_FALSE(got);
  EXPECT_NE(got.error().text.find("parent"), std::string::npos);
}

TEST(tags, are_canonical_whatever_their_order) {
  EXPECT_EQ(wire::canonical_tags({{"b", "2"}, {"a", "1"}}),
            wire::canonical_tags({{"a", "0"}, {"b", "2"}, {"a", "1"}}));
  const std::string text = wire::canonical_tags({{"b", "2"}, {"a", "1"}});
  const auto read = wire::read_tags(text);
  ASSERT_EQ(read.size(), 2u);
  EXPECT_EQ(read[0].key, "a");
  EXPECT_EQ(read[1].value, "2");
}

}  // namespace
}  // namespace spawn
