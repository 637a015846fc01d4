// The kernel's verdicts as answers.
#include "answers.hpp"

#include <gmock/gmock.h>

#include "spawn/plugin/cpp/bytes.hpp"

namespace http_activator {
namespace {

answer reply(const std::string& type_url, const std::string& value) {
  spawn_settle raw{};
  raw.struct_size = sizeof(raw);
  raw.verdict = SPAWN_ACK;
  raw.reply = {SPAWN_P_VALUE, 0, spawn::plugin::slice(type_url), spawn::plugin::slice(value)};
  return reply_of(settled(raw), "", nullptr);
}

constexpr const char* json_type = "type.googleapis.com/eigr.functions.protocol.JSONType";

TEST(Replies, JsonTypeIsItsText) {
  EXPECT_EQ(reply(json_type, "\x0a\x02{}").body, "{}");
  EXPECT_EQ(reply("type.googleapis.com/spawn.JSONType",
                  "\x0a\x01"
                  "1\x0a\x01"
                  "2")
                .body,
            "2")
      << "the last one counts, in any package";
  EXPECT_EQ(reply(json_type, "").body, "null");
  EXPECT_EQ(reply(json_type, "\x12\x01x\x0a\x02{}").body, "{}") << "other fields are passed over";
  const std::string long_text(300, ' ');
  EXPECT_EQ(reply(json_type, "\x0a\xac\x02" + long_text).body, long_text);
}

TEST(Replies, BrokenJsonTypesAreBytes) {
  for (const std::string& bad :
       {std::string("\x0a"), std::string("\x0a\x05x"), std::string("\x08\x01"),
        std::string(11, '\xff'), std::string("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")}) {
    const answer out = reply(json_type, bad);
    EXPECT_EQ(out.content_type, "application/octet-stream");
    EXPECT_EQ(out.body, bad);
  }
}

TEST(Replies, NothingIs204) {
  spawn_settle raw{};
  raw.struct_size = sizeof(raw);
  raw.verdict = SPAWN_ACK;
  raw.reply.presence = SPAWN_P_NOOP;
  const answer out = reply_of(settled(raw), "", nullptr);
  EXPECT_EQ(out.status, 204u);
  EXPECT_EQ(out.content_type, "");
}

}  // namespace
}  // namespace http_activator
