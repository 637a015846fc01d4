// What a schema cannot say: references, addresses, ranges, names used twice.
#include "support.hpp"

namespace spawn::config {
namespace {

using testing::HasSubstr;

TEST(config_references, an_actors_store_must_exist) {
  EXPECT_EQ(errors("actors:\n  A: {statestore: mian}\n"),
            "spawn.yaml:2:19: actors.A.statestore: there is no statestore named 'mian'; did you "
            "mean 'main'?");
}

TEST(config_references, a_range_must_be_one) {
  EXPECT_EQ(errors("transport: {use: memory@latest}"),
            "spawn.yaml:1:18: transport.use: expected a version range such as 1.2.3, ^1, ~1.2, "
            ">=1.2 or 1.x, got \"latest\"");
  EXPECT_THAT(errors("transport: {use: memory@}"), HasSubstr("expected a version range"));
  EXPECT_THAT(errors("transport: {use: memory, version: one}"),
              HasSubstr("spawn.yaml:1:35: transport.version: expected a version range"));
  EXPECT_THAT(errors("transport: {use: memory@1, version: \"1\"}"),
              HasSubstr("spawn.yaml:1:37: transport.version: the version is part of use already"));
  EXPECT_THAT(errors("workflows: [pipe@x.y]"), HasSubstr("spawn.yaml:1:13: workflows.0: expected"));
  EXPECT_EQ(good("transport: {use: memory, version: \">=1.2 <2\"}").transport.version, ">=1.2 <2");
}

TEST(config_references, a_plugins_name_must_be_one) {
  for (const auto* name : {"Sqlite", "../x", "a b", "@1"}) {
    EXPECT_THAT(errors("transport: {use: \"" + std::string(name) + "\"}"),
                HasSubstr("spawn.yaml:1:18: transport.use: expected a plugin's name"))
        << name;
  }
}

TEST(config_references, trusted_keys_are_keys) {
  const std::string key = "RWTymEc/kykRGX0jM8RetljhpgL758PJkPpnZX6cWodLodHlYtg+5UH/";
  const auto keys = [](const std::string& list) {
    return errors("plugins: {trusted_keys: [" + list + "]}");
  };
  EXPECT_EQ(keys(key), "");
  EXPECT_THAT(keys("missing.pub"),
              HasSubstr("spawn.yaml:1:26: plugins.trusted_keys.0: neither a public key (56 "
                        "characters that begin with RW) nor the path of a file with one: can not "
                        "read "));
  EXPECT_THAT(keys("missing.pub"), HasSubstr("/missing.pub: No such file"));
  EXPECT_THAT(keys("RW" + std::string(54, '*')),
              HasSubstr("plugins.trusted_keys.0: the public key is not base64"));
  EXPECT_THAT(
      keys(key + ", " + key),
      HasSubstr("plugins.trusted_keys.1: there is another key with the id 191129933F4798F2"));
  EXPECT_EQ(errors("plugins: {require_signed: true}"),
            "spawn.yaml:1:27: plugins.require_signed: needs plugins.trusted_keys, the public keys "
            "whose signatures count; `spawnctl plugins keygen` makes a pair");
}

TEST(config_references, names_are_used_once) {
  EXPECT_THAT(errors("workflows: [pipe, pipe@^1]"),
              HasSubstr("spawn.yaml:1:19: workflows.1: there is another one named 'pipe'"));
  EXPECT_THAT(errors("activators:\n"
                     "  - {name: a, use: x, route: {actor: b, action: c}}\n"
                     "  - {name: a, use: y, route: {actor: b, action: c}}\n"),
              HasSubstr("spawn.yaml:3:12: activators.1.name: there is another one named 'a'"));
  EXPECT_THAT(errors("hosts: [{name: a, port: 1, service: s}, {name: a, port: 2, service: t}]"),
              HasSubstr("spawn.yaml:1:48: hosts.1: host a is already named by host a"));
  EXPECT_THAT(errors("hosts: [{name: a, port: 1, actors: [X]}, {name: b, port: 2, actors: [X]}]"),
              HasSubstr("actor X is already named by host a"));
}

TEST(config_references, routes_are_checked) {
  const auto route = [](const std::string& text) {
    return errors("activators: [{name: a, use: x, route: " + text + "}]");
  };
  EXPECT_THAT(route("{actor: \"b-{body.id\", action: c}"),
              HasSubstr("activators.0.route.actor: a { without } at byte 3"));
  EXPECT_THAT(route("{actor: \"{heder.id}\", action: c}"), HasSubstr("{heder.id} is not known"));
  EXPECT_THAT(route("{actor: a, action: c, when: {body: x}}"),
              HasSubstr("expected source, partition, key, id, header.NAME or body.NAME"));
  EXPECT_THAT(route("{actor: a, action: c, content: protobuf}"),
              HasSubstr("protobuf needs the key message"));
  EXPECT_THAT(errors("activators: [{name: a, use: x, route: {actor: a, action: b}, "
                     "routes: [{actor: a, action: b}]}]"),
              HasSubstr("expected either route or routes, and not both"));
  EXPECT_THAT(errors("activators: [{name: a, use: x, retry: {first_ms: 9, max_ms: 3}}]"),
              HasSubstr("activators.0.retry.first_ms: must not be above max_ms, which is 3"));
}

TEST(config_references, sinks_name_an_activator) {
  EXPECT_THAT(
      errors("activators: [{name: orders, use: x}]\nsinks: [{name: s, via: order}]"),
      HasSubstr("sinks.0.via: there is no activator named 'order'; did you mean 'orders'?"));
  EXPECT_THAT(errors("sinks: [{name: s, via: transport}, {name: s, via: transport}]"),
              HasSubstr("sinks.1.name: there is another one named 's'"));
}

TEST(config_references, a_host_serves_actors_or_a_service) {
  EXPECT_EQ(errors("hosts: [{name: a, port: 1}]"),
            "spawn.yaml:1:9: hosts.0: expected either actors or service, and not both");
  EXPECT_THAT(errors("hosts: [{name: a, port: 1, actors: [X], service: s}]"),
              HasSubstr("and not both"));
}

TEST(config_references, networks_and_addresses_are_checked) {
  EXPECT_EQ(errors("gateway: {trusted: [10.0.0.0/33]}"),
            "spawn.yaml:1:21: gateway.trusted.0: expected an address or a network such as "
            "10.0.0.0/8, got \"10.0.0.0/33\"");
  EXPECT_THAT(errors("gateway: {trusted: [example.org]}"), HasSubstr("expected an address"));
  EXPECT_THAT(errors("gateway: {trusted: [\"fd00::/129\"]}"), HasSubstr("expected an address"));
  EXPECT_THAT(errors("gateway: {http: {address: everywhere}}"),
              HasSubstr("spawn.yaml:1:27: gateway.http.address: expected an IP address"));
  EXPECT_THAT(errors("host: {address: \"http://x\"}"),
              HasSubstr("spawn.yaml:1:17: host.address: expected an IP address or a host name"));
  EXPECT_THAT(errors("admin: {address: admin.sock}"), HasSubstr("expected an absolute path"));
  EXPECT_THAT(errors("gateway: {uds: {path: x}}"), HasSubstr("expected an absolute path"));
}

TEST(config_references, someone_must_be_able_to_reach_the_kernel) {
  EXPECT_THAT(errors("gateway: {http: {enabled: false}}"), HasSubstr("neither http nor uds"));
  EXPECT_EQ(errors("gateway: {http: {enabled: false}, uds: {enabled: true}}"), "");
}

TEST(config_references, a_tcp_admin_needs_a_token) {
  EXPECT_EQ(errors("admin: {tcp: {port: 9}}"),
            "spawn.yaml:1:14: admin.tcp.token: this key is required here");
  EXPECT_EQ(errors("admin: {tcp: {port: 9, token: hunter2}}"),
            "spawn.yaml:1:31: admin.tcp.token: expected a string from 16 to 1024 characters, got a "
            "secret value that does not fit");
}

TEST(config_references, a_default_deadline_is_not_above_the_latest) {
  EXPECT_EQ(errors("timeouts: {request_ms: 4000000}"),
            "spawn.yaml:1:24: timeouts.request_ms: must not be above request_max_ms, which is "
            "3600000");
  EXPECT_THAT(errors("timeouts: {request_max_ms: 5}"), HasSubstr("spawn.yaml:1:28: "));
  EXPECT_THAT(errors("actors: {A: {timeout_ms: 4000000}}"),
              HasSubstr("spawn.yaml:1:26: actors.A.timeout_ms: must not be above"));
}

TEST(config_references, a_system_name_is_bounded_in_bytes) {
  EXPECT_EQ(errors("system: " + std::string(512, 'a')), "");
  EXPECT_NE(errors("system: " + std::string(513, 'a')), "");
  std::string wide;
  for (int i = 0; i < 257; ++i) {
    wide += "\xc3\xa9";  // 514 bytes in 257 characters
  }
  EXPECT_THAT(errors("system: " + wide), HasSubstr("at most 512 bytes, this one has 514"));
}

TEST(config_references, a_required_key_must_be_there) {
  EXPECT_EQ(errors("encryption:\n  required: true\n"),
            "spawn.yaml:2:13: encryption.key: encryption.required is true but there is no key; set "
            "encryption.key or SPAWN_STATESTORE_KEY");
  EXPECT_EQ(errors("encryption: {required: true}",
                   {{"SPAWN_STATESTORE_KEY", "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="}}),
            "");
}

TEST(config_references, a_key_in_clear_is_remarked_upon) {
  const auto got = load("encryption: {key: MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=}");
  ASSERT_TRUE(got) << got.error().text;
  EXPECT_THAT(got->notices, testing::ElementsAre(HasSubstr("spawn.yaml:1:19")));
  EXPECT_EQ(origin_of(*got, "encryption.key")->value, "(secret)");
}

TEST(config_references, a_third_kind_of_isolation_is_refused) {
  EXPECT_THAT(errors("transport: {use: memory, isolation: grpc}"),
              HasSubstr("transport.isolation: expected one of inproc, process, got \"grpc\""));
}

}  // namespace
}  // namespace spawn::config
