#include "support.hpp"

namespace spawn::config {
namespace {

using testing::HasSubstr;

TEST(internal_nats_environment, unset_leaves_the_memory_transport) {
  const auto s = good("");
  EXPECT_EQ(s.transport.use, "memory");
  EXPECT_FALSE(s.cross_system);
}

TEST(internal_nats_environment, calls_between_systems_bring_their_transport) {
  const auto got = load("", {{"SPAWN_USE_INTERNAL_NATS", "true"},
                             {"SPAWN_INTERNAL_NATS_HOSTS", "a:4222,nats://b:4222"}});
  ASSERT_TRUE(got) << got.error().text;
  EXPECT_TRUE(got->value.cross_system);
  EXPECT_EQ(got->value.transport.use, "nats");
  EXPECT_EQ(got->value.transport.config_json, R"({"url":"nats://a:4222,nats://b:4222"})");
  EXPECT_THAT(got->notices[0], HasSubstr("SPAWN_USE_INTERNAL_NATS"));
}

TEST(internal_nats_environment, a_password_is_secret_and_tls_is_asked_for) {
  const auto s = good("", {{"SPAWN_USE_INTERNAL_NATS", "true"},
                           {"SPAWN_INTERNAL_NATS_AUTH", "true"},
                           {"SPAWN_INTERNAL_NATS_AUTH_PASS", "hidden"},
                           {"SPAWN_INTERNAL_NATS_TLS", "true"}});
  EXPECT_EQ(s.transport.config_json,
            R"({"password":null,"tls":{},"url":"nats://127.0.0.1:4222","username":"admin"})");
  EXPECT_THAT(s.transport.secrets, testing::ElementsAre(std::pair("/password", "hidden")));
}

TEST(internal_nats_environment, channels_alone_have_servers_of_their_own) {
  const auto s = good("", {{"SPAWN_PUBSUB_ADAPTER", "nats"},
                           {"SPAWN_PUBSUB_NATS_HOSTS", "nats://p:4222"},
                           {"SPAWN_INTERNAL_NATS_HOSTS", "nats://i:4222"}});
  EXPECT_EQ(s.transport.config_json, R"({"url":"nats://p:4222"})");
  EXPECT_FALSE(s.cross_system);
  EXPECT_EQ(good("", {{"SPAWN_PUBSUB_ADAPTER", "native"}}).transport.use, "memory");
}

TEST(internal_nats_environment, the_files_transport_is_kept) {
  const auto got = load("transport: {use: memory}", {{"SPAWN_USE_INTERNAL_NATS", "true"}});
  ASSERT_TRUE(got);
  EXPECT_EQ(got->value.transport.use, "memory");
  EXPECT_TRUE(got->value.cross_system);
  EXPECT_THAT(got->notices[0], HasSubstr("the transport is that of spawn.yaml"));
}

}  // namespace
}  // namespace spawn::config
