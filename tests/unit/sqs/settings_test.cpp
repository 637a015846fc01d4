// The config block: what it defaults to, and that what is refused is named.
#include "settings.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

#include "spawn/plugin/testing/fake_host.hpp"

namespace sqs {
namespace {

settings parsed(const std::string& config) {
  static spawn::plugin::testing::fake_host host;
  return parse({spawn::plugin::host_ref(host.table()), "orders", config, 1, {}});
}

std::string refusal(const std::string& config) {
  try {
    (void)parsed(config);
  } catch (const spawn::plugin::refused& e) {
    return e.what();
  }
  return "taken";
}

TEST(settings, a_queue_and_a_region_are_enough) {
  const settings s = parsed(R"({"queue": "orders", "region": "eu-central-1"})");
  EXPECT_EQ(s.endpoint, (origin{true, "sqs.eu-central-1.amazonaws.com", 443}));
  EXPECT_EQ(s.tls.verify, tls_check::full);
  EXPECT_EQ(s.visibility_seconds, 30u);
  EXPECT_EQ(parsed(R"({"queue": "q", "region": "cn-north-1"})").endpoint.host,
            "sqs.cn-north-1.amazonaws.com.cn");
}

TEST(settings, a_queues_url_says_region_and_endpoint) {
  const settings s =
      parsed(R"({"queue": "https://sqs.eu-west-1.amazonaws.com/123456789012/orders"})");
  EXPECT_EQ(s.region, "eu-west-1");
  EXPECT_EQ(s.endpoint.host, "sqs.eu-west-1.amazonaws.com");
}

TEST(settings, the_environment_says_the_region_last) {
  EXPECT_EQ(refusal(R"({"queue": "q"})"), "config: region is missing");
  ::setenv("AWS_DEFAULT_REGION", "eu-north-1", 1);
  EXPECT_EQ(parsed(R"({"queue": "q"})").region, "eu-north-1");
  ::unsetenv("AWS_DEFAULT_REGION");
}

TEST(settings, what_is_refused_is_named) {
  EXPECT_EQ(refusal("{}"), "config: queue is missing");
  const auto names = [](const std::string& more, const std::string& key) {
    const auto why = refusal(R"({"queue": "q", "region": "r", )" + more + "}");
    return why.find(key) != std::string::npos ? "named" : why;
  };
  EXPECT_EQ(names(R"("endpoint": "http://x/path")", "endpoint"), "named");
  EXPECT_EQ(names(R"("access_key_id": "A")", "secret_access_key"), "named");
  EXPECT_EQ(names(R"("secret_access_key": "A")", "access_key_id"), "named");
  EXPECT_EQ(names(R"("credentials": "static")", "access_key_id"), "named");
  EXPECT_EQ(names(R"("credentials": "other")", "credentials"), "named");
  EXPECT_EQ(names(R"("dead_letters": "other")", "dead_letters"), "named");
  EXPECT_EQ(names(R"("dead_letter_queue": "http://")", "dead_letter_queue"), "named");
  EXPECT_EQ(names(R"("receivers": 0)", "receivers"), "named");
  EXPECT_EQ(names(R"("receivers": "33")", "receivers"), "named");
  EXPECT_EQ(names(R"("tls": {"key": "k"})", "tls.cert"), "named");
  EXPECT_EQ(names(R"("tls": {"verify": "maybe"})", "tls.verify"), "named");
}

TEST(settings, a_secret_never_shows_in_a_refusal) {
  EXPECT_EQ(refusal(R"({"queue": "q", "region": "r", "secret_access_key": "hidden-secret"})")
                .find("hidden-secret"),
            std::string::npos);
}

}  // namespace
}  // namespace sqs
