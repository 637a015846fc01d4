// Bounds of a request: at the limit, and one beyond.
#include <gtest/gtest.h>

#include "base/limits.hpp"
#include "wire/common.hpp"
#include "wire/invocation.hpp"

namespace spawn {
namespace {

std::string request(std::string_view system, std::string_view name, std::string_view action,
                    std::string_view metadata = {}) {
  std::string out;
  wire::invocation_fields fields;
  fields.target = {system, {}, name};
  fields.action = action;
  wire::append_invocation_request(out, fields);
  out += metadata;
  return out;
}

result<void> read(std::string bytes) {
  invocation in;
  in.storage = std::move(bytes);
  wire::echo repeat;
  return wire::read_invocation(in, repeat);
}

TEST(invocation_limits, names_may_have_512_bytes_and_not_513) {
  const std::string longest(limits::name_bytes_max, 'x');
  const std::string longer(limits::name_bytes_max + 1, 'x');
  EXPECT_TRUE(read(request(longest, longest, longest)));
  const std::pair<std::string, const char*> bad[] = {{request(longer, "a", "b"), "system"},
                                                     {request("s", longer, "b"), "name"},
                                                     {request("s", "a", longer), "action_name"}};
  for (const auto& [bytes, field] : bad) {
    const auto got = read(bytes);
    ASSERT_FALSE(got);
    EXPECT_NE(got.error().text.find(field), std::string::npos) << got.error().text;
    EXPECT_NE(got.error().text.find("513"), std::string::npos) << got.error().text;
  }
}

TEST(invocation_limits, metadata_may_have_so_many_entries_and_no_more) {
  std::string metadata;
  for (std::size_t i = 0; i < limits::metadata_entries_max; ++i) {
    wire::put_entry(metadata, 8, {"k" + std::to_string(i), "v"});
  }
  EXPECT_TRUE(read(request("s", "a", "b", metadata)));
  wire::put_entry(metadata, 8, {"one more", "v"});
  EXPECT_FALSE(read(request("s", "a", "b", metadata)));
}

TEST(invocation_limits, metadata_may_have_so_many_bytes_and_no_more) {
  std::string fits;
  wire::put_entry(fits, 8, {"k", std::string(limits::metadata_bytes_max - 1, 'v')});
  EXPECT_TRUE(read(request("s", "a", "b", fits)));
  std::string too_many;
  wire::put_entry(too_many, 8, {"k", std::string(limits::metadata_bytes_max, 'v')});
  EXPECT_FALSE(read(request("s", "a", "b", too_many)));
}

TEST(invocation_request, says_which_field_is_missing) {
  for (const auto& [bytes, field] :
       {std::pair{std::string(), "system"}, std::pair{request("s", "", "b"), "actor.id.name"},
        std::pair{request("s", "a", ""), "action_name"}}) {
    const auto got = read(bytes);
    ASSERT_FALSE(got);
    EXPECT_NE(got.error().text.find(field), std::string::npos) << got.error().text;
  }
}

TEST(invocation_request, is_read_as_it_was_written) {
  std::string bytes;
  wire::invocation_fields fields;
  fields.target = {"system", "parent", "name"};
  fields.action = "act";
  const std::string any = "\x0a\x01t";
  fields.argument = {presence::value, any};
  fields.is_async = true;
  fields.register_ref = "ref";
  wire::append_invocation_request(bytes, fields);
  invocation in;
  in.storage = bytes;
  wire::echo repeat;
  ASSERT_TRUE(wire::read_invocation(in, repeat));
  EXPECT_EQ(in.target, fields.target);
  EXPECT_EQ(in.action, "act");
  EXPECT_EQ(in.argument.kind, presence::value);
  EXPECT_EQ(in.argument.any, any);
  EXPECT_TRUE(in.is_async);
  EXPECT_EQ(in.register_ref, "ref");
}

}  // namespace
}  // namespace spawn
