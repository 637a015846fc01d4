// What a config block comes to, and what is said of one that is wrong.
#include "settings.hpp"

#include <gmock/gmock.h>

#include "spawn/plugin/testing/fake_host.hpp"

namespace http_activator {
namespace {

using spawn::plugin::refused;
using testing::HasSubstr;

settings parsed(const std::string& json, const std::string& secret_at = {},
                const std::string& secret = {}) {
  const spawn::plugin::testing::fake_host host;
  const spawn_kv one{spawn::plugin::slice(secret_at), spawn::plugin::slice(secret)};
  return parse({spawn::plugin::host_ref(host.table()), "orders", json, 1,
                std::span(&one, secret_at.empty() ? 0u : 1u)});
}

std::string refusal(const std::string& routes, const std::string& more = {}) {
  try {
    (void)parsed(R"({"port":1,)" + more + R"("routes":[)" + routes + "]}");
  } catch (const refused& e) {
    return e.what();
  }
  return "taken";
}

TEST(Settings, WhatIsNotSaidHasItsDefault) {
  const settings s = parsed(R"({"port":8080,"routes":[{"path":"/a"}]})");
  EXPECT_EQ(s.address, "127.0.0.1");
  EXPECT_EQ(s.port, 8080);
  EXPECT_EQ(s.body_bytes_max, 1u << 20);
  EXPECT_FALSE(s.tls);
  const route& one = s.routes.all().front();
  EXPECT_EQ(one.name, "POST /a");
  EXPECT_TRUE(one.wants_reply);
  EXPECT_EQ(one.dedup_header, "idempotency-key");
  EXPECT_TRUE(std::holds_alternative<std::monostate>(one.auth));
}

TEST(Settings, ASecretThatComesApartIsPutIn) {
  const settings s = parsed(
      R"({"port":1,"routes":[{"path":"/a","auth":{"hmac":{"header":"X-Sig","secret":null}}}]})",
      "/routes/0/auth/hmac/secret", "hush");
  const auto& rule = std::get<hmac_rule>(s.routes.all().front().auth);
  EXPECT_THAT(rule.secrets, testing::ElementsAre("hush"));
  EXPECT_EQ(rule.header, "x-sig");
  EXPECT_EQ(rule.signed_text, "{body}");
}

TEST(Settings, ARouteThatCanNotWorkIsNamed) {
  EXPECT_THAT(refusal(R"({"path":"/a/{b}c"})"), HasSubstr("config: routes[0].path"));
  EXPECT_THAT(refusal(R"({"path":"/a"},{"path":"/b","action":"{id}"})"),
              HasSubstr("config: routes[1].action: {id}"));
  EXPECT_THAT(refusal(R"({"path":"/a","content":"protobuf"})"),
              HasSubstr("config: routes[0].message is missing"));
  EXPECT_THAT(refusal(R"({"path":"/a","message":"a.B"})"),
              HasSubstr("config: routes[0].message needs descriptors"));
  EXPECT_THAT(refusal(R"({"path":"/a","dedup":"a b"})"), HasSubstr("config: routes[0].dedup"));
  EXPECT_THAT(refusal(R"({"path":"/a"},{"path":"/a"})"), HasSubstr("config: routes: "));
  EXPECT_THAT(refusal(""), HasSubstr("config: routes is missing"));
}

TEST(Settings, AnAuthThatProtectsNothingIsRefused) {
  const auto with = [](const std::string& auth) {
    return refusal(R"({"path":"/a","auth":)" + auth + "}");
  };
  EXPECT_THAT(with(R"({"bearer":{"tokens":[]}})"), HasSubstr("auth.bearer.tokens is missing"));
  EXPECT_THAT(with(R"({"bearer":{"tokens":[""]}})"), HasSubstr("auth.bearer.tokens has an empty"));
  EXPECT_THAT(with(R"({"hmac":{"secret":"","header":"x"}})"),
              HasSubstr("auth.hmac.secret is empty"));
  EXPECT_THAT(with(R"({"hmac":{"secret":"s"}})"), HasSubstr("auth.hmac.header is missing"));
  EXPECT_THAT(with(R"({"hmac":{"secret":"s","header":"x","signed":"v0"}})"),
              HasSubstr("auth.hmac.signed does not contain {body}"));
  EXPECT_THAT(
      with(R"({"hmac":{"secret":"s","header":"x","timestamp_header":"t","signed":"{body}"}})"),
      HasSubstr("auth.hmac.signed does not contain {timestamp}"));
  EXPECT_THAT(with(R"({"hmac":{"secret":"s","header":"x"},"bearer":{"tokens":["a"]}})"),
              HasSubstr("names both"));
}

TEST(Settings, BoundsThatContradictEachOtherAreRefused) {
  EXPECT_THAT(refusal(R"({"path":"/a"})", R"("body_bytes_max":100,"reading_bytes_max":99,)"),
              HasSubstr("config: reading_bytes_max"));
}

}  // namespace
}  // namespace http_activator
