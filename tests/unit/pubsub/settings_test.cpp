// What the config block becomes.
#include "settings.hpp"

#include <gtest/gtest.h>

#include "spawn/plugin/testing/fake_host.hpp"

namespace {

using pubsub::settings;

settings parsed(const std::string& config, const char* emulator = nullptr) {
  spawn::plugin::testing::fake_host host;
  return pubsub::parse(
      {spawn::plugin::host_ref(host.table()), "name", config, 1, std::span<const spawn_kv>()},
      emulator);
}

std::string why_refused(const std::string& config, const char* emulator = nullptr) {
  try {
    (void)parsed(config, emulator);
    return "taken";
  } catch (const spawn::plugin::refused& e) {
    return e.what();
  }
}

TEST(pubsub_settings, names_are_made_full_or_stay) {
  const settings s = parsed(
      R"({"project": "p", "subscription": "s", "topic": "projects/q/topics/t",
          "dead_letter_topic": "d"})");
  EXPECT_EQ(s.subscription, "projects/p/subscriptions/s");
  EXPECT_EQ(s.topic, "projects/q/topics/t");
  EXPECT_EQ(s.dead_letter_topic, "projects/p/topics/d");
  EXPECT_EQ(s.topic_name("x"), "projects/p/topics/x");
  EXPECT_EQ(s.topic_name("projects/q/topics/x"), "projects/q/topics/x");
}

TEST(pubsub_settings, the_service_is_google_over_tls_with_the_machines_account) {
  const settings s = parsed(R"({"project": "p", "subscription": "s"})");
  EXPECT_EQ(s.endpoint, "pubsub.googleapis.com:443");
  EXPECT_TRUE(s.tls);
  EXPECT_EQ(s.verify, pubsub::verify_mode::full);
  EXPECT_EQ(s.auth, pubsub::auth_mode::metadata);
}

TEST(pubsub_settings, an_emulator_is_used_in_plain_text_and_without_auth) {
  const settings s = parsed(R"({"project": "p", "subscription": "s"})", "127.0.0.1:8085");
  EXPECT_EQ(s.endpoint, "127.0.0.1:8085");
  EXPECT_FALSE(s.tls);
  EXPECT_EQ(s.auth, pubsub::auth_mode::none);
}

TEST(pubsub_settings, an_endpoint_of_the_config_is_stronger_than_the_emulator) {
  const settings s =
      parsed(R"({"project": "p", "subscription": "s", "endpoint": "e:1"})", "127.0.0.1:8085");
  EXPECT_EQ(s.endpoint, "e:1");
  EXPECT_TRUE(s.tls);
}

TEST(pubsub_settings, the_scheme_of_an_endpoint_says_whether_it_is_encrypted) {
  const settings plain = parsed(R"({"project": "p", "topic": "t", "endpoint": "http://e:1"})");
  EXPECT_EQ(plain.endpoint, "e:1");
  EXPECT_FALSE(plain.tls);
  EXPECT_EQ(plain.auth, pubsub::auth_mode::none);
  const settings secure = parsed(
      R"({"project": "p", "topic": "t", "endpoint": "https://e:1", "tls": {"verify": "ca"}})");
  EXPECT_EQ(secure.endpoint, "e:1");
  EXPECT_TRUE(secure.tls);
  EXPECT_EQ(secure.verify, pubsub::verify_mode::ca);
}

TEST(pubsub_settings, what_is_missing_is_named) {
  EXPECT_EQ(why_refused(R"({"subscription": "s"})"), "config: project is missing");
  EXPECT_EQ(why_refused(R"({"project": "p"})"),
            "config: subscription is missing, and so is topic: one of them is needed");
  EXPECT_EQ(why_refused(R"({"project": "p", "topic": "t", "auth": "key_file"})"),
            "config: credentials_file is missing");
  EXPECT_EQ(why_refused(
                R"({"project": "p", "topic": "t", "endpoint": "http://e:1", "auth": "metadata"})"),
            "config: endpoint is in plain text, and auth sends tokens only over TLS");
  EXPECT_EQ(why_refused(R"({"project": "p", "topic": "t", "endpoint": "http://e:1", "tls": {}})"),
            "config: tls is said, and endpoint is http://");
  EXPECT_EQ(why_refused(R"({"project": "p", "topic": "t", "tls": {"ca": "/no/such/file"}})"),
            "config: tls.ca: /no/such/file can not be read, or is empty");
  EXPECT_EQ(why_refused(R"({"project": "p", "topic": "t", "streams": "many"})"),
            "config: streams is not a number");
}

}  // namespace
