// Where access keys are written down.
#include <gtest/gtest.h>

#include <cstdlib>

#include "credential_sources.hpp"
#include "spawn/plugin/cpp/plugin.hpp"

namespace sqs {
namespace {

TEST(credentials, a_profile_is_read_from_a_file) {
  const std::string text =
      "[default]\naws_access_key_id = A\naws_secret_access_key=B\n\n"
      "# comment\n[ other ]\r\naws_access_key_id=C\r\n; more\r\naws_secret_access_key=D=\r\n"
      "aws_session_token=T\r\n[half]\naws_access_key_id=E";
  const auto first = from_profile(text, "default");
  ASSERT_TRUE(first);
  EXPECT_EQ(first->access_key, "A");
  EXPECT_EQ(first->secret_key, "B");
  EXPECT_EQ(first->session_token, "");
  const auto other = from_profile(text, "other");
  ASSERT_TRUE(other);
  EXPECT_EQ(other->secret_key, "D=");
  EXPECT_EQ(other->session_token, "T");
  EXPECT_FALSE(from_profile(text, "half"));
  EXPECT_FALSE(from_profile(text, "none"));
}

TEST(credentials, a_service_answers_json) {
  const auto got = from_service(
      R"({"AccessKeyId": "A", "SecretAccessKey": "B", "Token": "T", "Expiration": "2030-01-02T03:04:05Z"})");
  ASSERT_TRUE(got);
  EXPECT_EQ(got->session_token, "T");
  EXPECT_EQ(got->expires_unix_ms, 1'893'553'445'000);
  EXPECT_FALSE(from_service("no json"));
  EXPECT_FALSE(from_service("[]"));
  EXPECT_FALSE(from_service(R"({"AccessKeyId": "A"})"));
}

TEST(credentials, urls_are_taken_apart) {
  std::string target;
  EXPECT_EQ(parse_url("https://sqs.eu-central-1.amazonaws.com/1/q?x=y", target),
            (origin{true, "sqs.eu-central-1.amazonaws.com", 443}));
  EXPECT_EQ(target, "/1/q?x=y");
  EXPECT_EQ(parse_url("http://[::1]:99", target), (origin{false, "::1", 99}));
  EXPECT_EQ(target, "/");
  for (const char* bad : {"", "ftp://x", "http://", "http://x:0", "http://x:99999", "http://a@b",
                          "http://x:1y", "http://[::1", "http://[::1]x99"}) {
    EXPECT_FALSE(parse_url(bad, target)) << bad;
  }
  EXPECT_EQ((origin{true, "x", 443}).authority(), "x");
  EXPECT_EQ((origin{true, "x", 80}).authority(), "x:80");
  EXPECT_EQ((origin{false, "::1", 8080}).authority(), "[::1]:8080");
}

TEST(credentials, a_containers_service_is_asked_in_the_clear_only_where_that_is_safe) {
  ::setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://example.org/creds", 1);
  credential_settings settings;
  EXPECT_THROW(read_environment(settings), spawn::plugin::refused);
  ::setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "https://example.org/creds", 1);
  EXPECT_NO_THROW(read_environment(settings));
  ::setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1", 1);
  ::setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "token", 1);
  read_environment(settings);
  ASSERT_TRUE(settings.container);
  EXPECT_EQ(settings.container->target, "/v1");
  EXPECT_EQ(settings.container->headers.back().second, "token");
  ::unsetenv("AWS_CONTAINER_CREDENTIALS_FULL_URI");
  ::unsetenv("AWS_CONTAINER_AUTHORIZATION_TOKEN");
}

}  // namespace
}  // namespace sqs
