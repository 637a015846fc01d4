// Each variable of the protocol against the key it overrides, and what it does to a file.
#include "config/overrides.hpp"
#include "support.hpp"

namespace spawn::config {
namespace {

using testing::HasSubstr;

struct override_case {
  const char* variable;
  const char* text;
  const char* key;
  const char* shown;  // as JSON
};

class every_override : public testing::TestWithParam<override_case> {};

TEST_P(every_override, wins_over_the_file_and_says_so) {
  const auto& c = GetParam();
  const auto got = load(
      "system: from-file\n"
      "gateway: {http: {port: 1111}, uds: {enabled: true, path: /a}}\n"
      "host: {address: 10.0.0.9, port: 2222, connections: 3, idle_ms: 4}\n"
      "timers: {enabled: false}\n"
      "telemetry: {log: {level: warn}, metrics: {enabled: true}}\n",
      {{c.variable, c.text}});
  ASSERT_TRUE(got) << got.error().text;
  const origin* o = origin_of(*got, c.key);
  ASSERT_NE(o, nullptr);
  EXPECT_EQ(o->value, c.shown);
  EXPECT_EQ(o->from, source::env);
  EXPECT_EQ(o->where, c.variable);
}

TEST_P(every_override, empty_counts_as_unset) {
  const auto& c = GetParam();
  const auto got = load("", {{c.variable, ""}});
  ASSERT_TRUE(got) << got.error().text;
  EXPECT_EQ(got->value, good(""));
}

INSTANTIATE_TEST_SUITE_P(
    of_the_protocol, every_override,
    testing::Values(
        override_case{"PROXY_ACTOR_SYSTEM_NAME", "shop", "system", "\"shop\""},
        override_case{"PROXY_HTTP_PORT", "9100", "gateway.http.port", "9100"},
        override_case{"PROXY_UDS_ENABLED", "false", "gateway.uds.enabled", "false"},
        override_case{"PROXY_UDS_ADDRESS", "/x.sock", "gateway.uds.path", "\"/x.sock\""},
        override_case{"USER_FUNCTION_HOST", "10.1.1.1", "host.address", "\"10.1.1.1\""},
        override_case{"USER_FUNCTION_PORT", "8099", "host.port", "8099"},
        override_case{"PROXY_HTTP_CLIENT_ADAPTER_POOL_SIZE", "30", "host.connections", "30"},
        override_case{"PROXY_HTTP_CLIENT_ADAPTER_POOL_MAX_IDLE_TIMEOUT", "77", "host.idle_ms",
                      "77"},
        override_case{"SPAWN_DELAYED_INVOKES", "true", "timers.enabled", "true"},
        override_case{"SPAWN_PROXY_LOGGER_LEVEL", "debug", "telemetry.log.level", "\"debug\""},
        override_case{"SPAWN_DISABLE_METRICS", "true", "telemetry.metrics.enabled", "false"}),
    [](const auto& info) { return std::string(info.param.variable); });

TEST(environment_values, reach_the_settings) {
  const auto s = good("", {{"PROXY_ACTOR_SYSTEM_NAME", "shop"},
                           {"PROXY_HTTP_PORT", "9100"},
                           {"USER_FUNCTION_HOST", "10.1.1.1"},
                           {"USER_FUNCTION_PORT", "8099"},
                           {"SPAWN_DELAYED_INVOKES", "false"},
                           {"SPAWN_DISABLE_METRICS", "true"},
                           {"SPAWN_PROXY_LOGGER_LEVEL", "warning"}});
  EXPECT_EQ(s.system, "shop");
  EXPECT_EQ(s.gateway.http.port, 9100);
  EXPECT_EQ(s.host.address, "10.1.1.1");
  EXPECT_EQ(s.host.port, 8099);
  EXPECT_FALSE(s.timers_enabled);
  EXPECT_FALSE(s.telemetry.metrics);
  EXPECT_EQ(s.telemetry.log_level, log::level::warn);
}

TEST(environment_values, a_number_that_is_none_names_the_variable) {
  for (const auto* name :
       {"PROXY_HTTP_PORT", "USER_FUNCTION_PORT", "PROXY_HTTP_CLIENT_ADAPTER_POOL_SIZE",
        "PROXY_HTTP_CLIENT_ADAPTER_POOL_MAX_IDLE_TIMEOUT"}) {
    EXPECT_THAT(errors("", {{name, "90x1"}}), HasSubstr("environment " + std::string(name) + ": "))
        << name;
    EXPECT_THAT(errors("", {{name, "90x1"}}), HasSubstr("expected a whole number, got \"90x1\""));
  }
}

TEST(environment_values, a_number_out_of_range_names_the_variable_and_the_range) {
  EXPECT_EQ(errors("", {{"PROXY_HTTP_PORT", "70000"}}),
            "environment PROXY_HTTP_PORT: gateway.http.port: expected an integer from 1 to 65535, "
            "got 70000");
}

TEST(environment_values, booleans_are_exactly_true_and_all_else_is_false) {
  EXPECT_FALSE(good("", {{"SPAWN_DELAYED_INVOKES", "True"}}).timers_enabled);
  EXPECT_FALSE(good("", {{"SPAWN_DELAYED_INVOKES", "1"}}).timers_enabled);
  EXPECT_TRUE(good("", {{"SPAWN_DISABLE_METRICS", "yes"}}).telemetry.metrics);
}

TEST(environment_values, an_unknown_log_level_is_refused) {
  EXPECT_THAT(errors("", {{"SPAWN_PROXY_LOGGER_LEVEL", "debgu"}}),
              HasSubstr("environment SPAWN_PROXY_LOGGER_LEVEL: telemetry.log.level: expected one "
                        "of trace, debug, info, warn, error, off, got \"debgu\"; did you mean "
                        "'debug'?"));
}

TEST(environment_values, any_address_means_loopback_for_a_host) {
  EXPECT_EQ(good("", {{"USER_FUNCTION_HOST", "0.0.0.0"}}).host.address, "127.0.0.1");
  EXPECT_EQ(good("host: {address: 0.0.0.0}").host.address, "127.0.0.1");
  EXPECT_EQ(good("host: {address: \"::\"}").host.address, "::1");
  EXPECT_EQ(good("hosts: [{name: a, address: 0.0.0.0, port: 1, service: s}]").hosts[0].address,
            "127.0.0.1");
}

TEST(environment_values, the_socket_alone_replaces_tcp) {
  const auto got = load("", {{"PROXY_UDS_ENABLED", "true"}});
  ASSERT_TRUE(got);
  EXPECT_TRUE(got->value.gateway.uds.enabled);
  EXPECT_FALSE(got->value.gateway.http.enabled);
  EXPECT_EQ(got->notices.size(), 1u);
}

TEST(environment_values, the_socket_stands_beside_tcp_if_anyone_speaks_of_tcp) {
  const variables uds{{"PROXY_UDS_ENABLED", "true"}};
  EXPECT_TRUE(good("gateway: {http: {port: 9001}}", uds).gateway.http.enabled);
  EXPECT_TRUE(
      good("", {{"PROXY_UDS_ENABLED", "true"}, {"PROXY_HTTP_PORT", "9001"}}).gateway.http.enabled);
  // An empty section says nothing.
  EXPECT_FALSE(good("gateway:\n  http:\n", uds).gateway.http.enabled);
}

TEST(environment_values, keys_come_from_the_environment_and_are_hidden) {
  const std::string key = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
  const std::string old = "YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXoxMjM0NTY=";
  const auto got =
      load("", {{"SPAWN_STATESTORE_KEY", key}, {"SPAWN_STATESTORE_KEYS_OLD", old + "," + key}});
  ASSERT_TRUE(got) << got.error().text;
  ASSERT_TRUE(got->value.encryption.key);
  EXPECT_EQ((*got->value.encryption.key)[0], '0');
  ASSERT_EQ(got->value.encryption.keys.size(), 2u);
  EXPECT_EQ(got->value.encryption.keys[0][0], 'a');
  EXPECT_EQ(origin_of(*got, "encryption.key")->value, "(secret)");
  EXPECT_EQ(origin_of(*got, "encryption.key")->where, "SPAWN_STATESTORE_KEY");
  EXPECT_TRUE(got->notices.empty());
}

TEST(environment_values, a_bad_key_names_the_variable_and_not_the_key) {
  EXPECT_EQ(errors("", {{"SPAWN_STATESTORE_KEY", "c2hvcnQ="}}),
            "environment SPAWN_STATESTORE_KEY: encryption.key: the key has 5 bytes; expected "
            "base64 of 32 bytes");
  const auto got = errors("", {{"SPAWN_STATESTORE_KEYS_OLD", "hunter2!"}});
  EXPECT_THAT(got, HasSubstr("environment SPAWN_STATESTORE_KEYS_OLD: encryption.keys.0: "));
  EXPECT_THAT(got, testing::Not(HasSubstr("hunter2")));
}

TEST(environment_values, errors_of_file_and_environment_come_together) {
  EXPECT_EQ(errors("sistem: a\n", {{"PROXY_HTTP_PORT", "x"}}),
            "environment PROXY_HTTP_PORT: gateway.http.port: expected a whole number, got \"x\"\n"
            "spawn.yaml:1:1: sistem: unknown key; did you mean 'system'?");
}

TEST(environment_values, a_variable_does_not_hide_a_section_of_the_wrong_type) {
  EXPECT_EQ(errors("gateway: 5\n", {{"PROXY_HTTP_PORT", "9001"}}),
            "spawn.yaml:1:10: gateway: expected a map, got 5");
}

TEST(environment_values, bytes_that_are_not_text_are_refused) {
  EXPECT_THAT(errors("", {{"PROXY_ACTOR_SYSTEM_NAME", "\xff"}}),
              HasSubstr("environment PROXY_ACTOR_SYSTEM_NAME: system: the value is not valid"));
}

TEST(environment_values, the_process_environment_is_read) {
  ASSERT_EQ(setenv("SPAWN_CONFIG_TEST_VARIABLE", "a=b", 1), 0);
  EXPECT_EQ(environment::from_process().get("SPAWN_CONFIG_TEST_VARIABLE"), "a=b");
  unsetenv("SPAWN_CONFIG_TEST_VARIABLE");
}

}  // namespace
}  // namespace spawn::config
