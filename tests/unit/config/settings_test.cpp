// A file's words as settings.
#include "support.hpp"

namespace spawn::config {
namespace {

TEST(settings, the_sketch_of_the_design_is_read_as_written) {
  const auto s = good(
      "system: shop\n"
      "runtime:    {lanes: 2}\n"
      "gateway:    {http: {address: 0.0.0.0, port: 9001}}\n"
      "statestores:\n"
      "  main: {use: sqlite, config: {path: spawn.db}}\n"
      "  fast: {use: memory@1.x}\n"
      "transport:  {use: memory}\n"
      "workflows:  [forward, pipe, {use: saga@^1, config: {retries: 3}}]\n"
      "activators:\n"
      "  - name: orders\n"
      "    use: rabbitmq@^1\n"
      "    config: {url: \"${AMQP_URL}\", queue: orders, credit: 256}\n"
      "    route: {actor: \"order-{header.order_id}\", parent: OrderActor, action: Place}\n",
      {{"AMQP_URL", "amqp://u:p@h"}});
  EXPECT_EQ(s.system, "shop");
  EXPECT_EQ(s.runtime.lanes, 2u);
  ASSERT_EQ(s.statestores.size(), 2u);
  EXPECT_EQ(s.statestores[1].instance, "fast");
  EXPECT_EQ(s.statestores[1].use, "memory");
  EXPECT_EQ(s.statestores[1].version, "1.x");
  ASSERT_EQ(s.workflows.size(), 3u);
  EXPECT_EQ(s.workflows[2].instance, "saga");
  EXPECT_EQ(s.workflows[2].version, "^1");
  EXPECT_EQ(s.workflows[2].config_json, R"({"retries":3})");
  ASSERT_EQ(s.activators.size(), 1u);
  EXPECT_EQ(s.activators[0].plugin.instance, "orders");
  EXPECT_EQ(s.activators[0].plugin.use, "rabbitmq");
  EXPECT_EQ(s.activators[0].plugin.config_json, R"({"credit":256,"queue":"orders","url":null})");
  ASSERT_EQ(s.activators[0].rules.routes.size(), 1u);
  EXPECT_EQ(s.activators[0].rules.routes[0].actor, "order-{header.order_id}");
  EXPECT_EQ(s.activators[0].rules.routes[0].action, "Place");
  EXPECT_EQ(s.activators[0].rules.window, 256u);
}

TEST(settings, statestores_keep_the_order_of_the_file) {
  const auto s = good("statestores: {z: {use: memory}, a: {use: sqlite}, m: {use: memory}}");
  ASSERT_EQ(s.statestores.size(), 3u);
  EXPECT_EQ(s.statestores[0].instance, "z");
  EXPECT_EQ(s.statestores[2].instance, "m");
}

TEST(settings, actor_rules_override_only_what_they_name) {
  const auto s = good(
      "actors:\n"
      "  Order: {durability: snapshot, statestore: main, tags: keep, speculative: false,\n"
      "          on_conflict: rerun, on_poison: block, mailbox: 5, timeout_ms: 7,\n"
      "          history: {keep: 7d}}\n"
      "  Plain: {}\n");
  const actor_rule* order = s.rule_for("Order");
  ASSERT_NE(order, nullptr);
  EXPECT_EQ(order->durability, durability_mode::snapshot);
  EXPECT_EQ(order->statestore, "main");
  EXPECT_TRUE(order->keep_tags);
  EXPECT_FALSE(order->speculative);
  EXPECT_EQ(order->on_conflict, conflict_rule::rerun);
  EXPECT_EQ(order->on_poison, poison_rule::block);
  EXPECT_EQ(order->mailbox, 5u);
  EXPECT_EQ(order->timeout_ms, 7u);
  EXPECT_EQ(order->history->age_ms, 7u * 86'400'000);
  actor_rule plain;
  plain.type = "Plain";
  EXPECT_EQ(*s.rule_for("Plain"), plain);
  EXPECT_EQ(s.rule_for("None"), nullptr);
}

TEST(settings, history_is_a_number_of_revisions_or_an_age) {
  const auto keep = [](const std::string& text) {
    return good("durability: {history: {keep: " + text + "}}").durability.history;
  };
  EXPECT_EQ(keep("12").revisions, 12u);
  EXPECT_EQ(keep("12").age_ms, 0u);
  EXPECT_EQ(keep("90s").age_ms, 90'000u);
  EXPECT_EQ(keep("5m").age_ms, 300'000u);
  EXPECT_EQ(keep("36h").age_ms, 36u * 3'600'000);
  EXPECT_EQ(keep("999999999d").age_ms, 999'999'999ull * 86'400'000);
  EXPECT_NE(errors("durability: {history: {keep: 7w}}"), "");
}

TEST(settings, every_limit_and_timeout_reaches_its_field) {
  const auto s = good(
      "limits: {inflight_bytes: 1048577, active_actors: 2, connections: 3, mailbox: 4,\n"
      "  lane_requests: 17, host_waiting: 6, body_bytes: 1025, header_bytes: 1026,\n"
      "  host_reply_bytes: 1027, metadata_bytes: 10, metadata_entries: 11,\n"
      "  commands_per_turn: 12, hops: 13, save_turns: 14, save_bytes: 1028, group_ops: 16,\n"
      "  pool_parallel: 18}\n"
      "timeouts: {request_ms: 1, request_max_ms: 2, deactivate_ms: 3, deactivate_jitter_ms: 4,\n"
      "  snapshot_ms: 5, client_read_ms: 6, client_idle_ms: 7, doubt_ms: 8, drain_ms: 9}\n");
  const limit_settings limits{1'048'577, 2,  3,  4,  17, 6,     1'025, 1'026, 1'027,
                              10,        11, 12, 13, 14, 1'028, 16,    18};
  const timeout_settings timeouts{1, 2, 3, 4, 5, 6, 7, 8, 9};
  EXPECT_EQ(s.limits, limits);
  EXPECT_EQ(s.timeouts, timeouts);
}

TEST(settings, the_other_sections_reach_their_fields) {
  const auto s = good(
      "runtime: {pin: true, lane_stall_ms: 9}\n"
      "gateway: {http: {address: 127.0.0.1}, uds: {enabled: true, path: /run/s.sock},\n"
      "  trusted: [10.0.0.0/8, \"fd00::/8\", 192.168.1.1]}\n"
      "host: {address: actors.local, connections: 2, idle_ms: 3, connect_ms: 4, retry_ms: 5}\n"
      "hosts: [{name: b, address: 10.0.0.1, port: 81, actors: [A, B]},\n"
      "  {name: c, port: 82, service: stock}]\n"
      "plugins: {require_signed: true,\n"
      "  trusted_keys: [RWTymEc/kykRGX0jM8RetljhpgL758PJkPpnZX6cWodLodHlYtg+5UH/]}\n"
      "durability: {default: none, allow_volatile: true}\n"
      "telemetry: {log: {level: trace, format: json}, metrics: {enabled: false}}\n"
      "admin: {address: /run/a.sock, tcp: {address: 127.0.0.2, port: 9, token: 0123456789abcdef}}\n"
      "timers: {enabled: false}\n");
  EXPECT_EQ(s.runtime, (runtime_settings{0, true, 9}));
  EXPECT_EQ(s.gateway.http.address, "127.0.0.1");
  EXPECT_EQ(s.gateway.uds, (uds_settings{true, "/run/s.sock"}));
  EXPECT_EQ(s.gateway.trusted.size(), 3u);
  EXPECT_EQ(s.host, (host_settings{"actors.local", 8090, 2, 3, 4, 5}));
  ASSERT_EQ(s.hosts.size(), 2u);
  EXPECT_EQ(s.hosts[0], (host_address{"b", "10.0.0.1", 81, {"A", "B"}, ""}));
  EXPECT_EQ(s.hosts[1], (host_address{"c", "127.0.0.1", 82, {}, "stock"}));
  EXPECT_TRUE(s.plugins.require_signed);
  ASSERT_EQ(s.plugins.trusted_keys.size(), 1u);
  EXPECT_EQ(trust::text_of(s.plugins.trusted_keys[0].id), "191129933F4798F2");
  EXPECT_EQ(s.durability.mode, durability_mode::none);
  EXPECT_TRUE(s.durability.allow_volatile);
  EXPECT_EQ(s.telemetry.log_level, log::level::trace);
  EXPECT_EQ(s.telemetry.log_format, log::format::json);
  EXPECT_FALSE(s.telemetry.metrics);
  EXPECT_EQ(s.admin, (admin_settings{"/run/a.sock", "127.0.0.2", 9, "0123456789abcdef"}));
  EXPECT_FALSE(s.timers_enabled);
}

TEST(settings, limits_of_an_isolated_instance_reach_their_fields) {
  const auto s = good(
      "statestores: {main: {use: sqlite, isolation: process, isolation_limits: {memory_mb: 256,\n"
      "  open_files: 64, watchdog_ms: 700, restart_min_ms: 5, restart_max_ms: 50, network: false,\n"
      "  read: [/certs], write: [/data/, /more]}}}\n"
      "workflows: [{use: effect, isolation: process}]\n");
  const plugin_use& store = s.statestores[0];
  EXPECT_EQ(store.isolation, "process");
  EXPECT_EQ(store.isolation_limits.memory_mb, 256u);
  EXPECT_EQ(store.isolation_limits.open_files, 64u);
  EXPECT_EQ(store.isolation_limits.watchdog_ms, 700u);
  EXPECT_EQ(store.isolation_limits.restart_min_ms, 5u);
  EXPECT_EQ(store.isolation_limits.restart_max_ms, 50u);
  EXPECT_EQ(store.isolation_limits.network, false);
  EXPECT_EQ(store.isolation_limits.read, std::vector<std::string>{"/certs"});
  EXPECT_EQ(store.isolation_limits.write, (std::vector<std::string>{"/data", "/more"}));
  EXPECT_EQ(s.workflows[0].isolation_limits, isolation_settings{});
  EXPECT_EQ(s.workflows[0].isolation_limits.network, std::nullopt) << "by kind";
}

TEST(settings, a_relative_plugin_path_starts_at_the_files_directory) {
  const auto got =
      load_text("plugins: {path: [plugins, ../x/, /abs]}", "/etc/spawn/spawn.yaml", environment());
  ASSERT_TRUE(got) << got.error().text;
  EXPECT_THAT(got->value.plugins.path,
              testing::ElementsAre("/etc/spawn/plugins", "/etc/x", "/abs"));
}

TEST(settings, anchors_and_aliases_are_copies) {
  const auto s = good("statestores: {a: &s {use: sqlite, config: {path: x}}, b: *s}\n");
  ASSERT_EQ(s.statestores.size(), 2u);
  EXPECT_EQ(s.statestores[1].config_json, s.statestores[0].config_json);
  EXPECT_EQ(s.statestores[1].instance, "b");
}

TEST(settings, numbers_have_yamls_forms) {
  EXPECT_EQ(good("host: {port: 0x1F90}").host.port, 8080);
  EXPECT_EQ(good("host: {port: 0o17620}").host.port, 8080);
  EXPECT_EQ(good("host: {port: +8080}").host.port, 8080);
  EXPECT_EQ(good("host: {port: 8.08e3}").host.port, 8080);
}

TEST(settings, origins_name_the_source_of_every_key) {
  const auto got = load("system: a\nhost: {port: 1}\n", {{"PROXY_HTTP_PORT", "9100"}});
  ASSERT_TRUE(got);
  const origin* system = origin_of(*got, "system");
  ASSERT_NE(system, nullptr);
  EXPECT_EQ(system->from, source::yaml);
  EXPECT_EQ(system->where, "spawn.yaml:1:9");
  EXPECT_EQ(origin_of(*got, "gateway.http.port")->from, source::env);
  EXPECT_EQ(origin_of(*got, "limits.mailbox")->from, source::preset);
  EXPECT_EQ(origin_of(*got, "limits.mailbox")->value, "1000");
  EXPECT_EQ(origin_of(*got, "statestores.main.use")->from, source::preset);
  EXPECT_EQ(origin_of(*got, "statestores.main.use")->value, "\"sqlite\"");
}

TEST(settings, origins_agree_with_the_values) {
  const auto got = load("", {{"USER_FUNCTION_HOST", "10.0.0.1"}});
  ASSERT_TRUE(got);
  EXPECT_EQ(origin_of(*got, "host.address")->value, "\"10.0.0.1\"");
  EXPECT_EQ(origin_of(*got, "runtime.lanes")->value, "\"auto\"");
}

}  // namespace
}  // namespace spawn::config
