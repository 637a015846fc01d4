#include "settings.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string_view>

#include "client.hpp"
#include "config-common/config.hpp"

namespace kafka_activator {

using nlohmann::json;
using spawn::plugin::config_number;
using spawn::plugin::refused;

namespace {

[[noreturn]] void refuse(const std::string& key, const std::string& why) {
  throw refused(SPAWN_E_INVALID, "config: " + key + " " + why);
}

std::string text_of(const json& from, const std::string& key, const std::string& otherwise = {},
                    const std::string& path = {}) {
  const auto at = from.find(key);
  if (at == from.end() || at->is_null()) {
    return otherwise;
  }
  if (!at->is_string()) {
    refuse(path + key, "is not text");
  }
  return at->get<std::string>();
}

std::string needed(const json& from, const std::string& key, const std::string& path = {}) {
  std::string out = text_of(from, key, {}, path);
  if (out.empty()) {
    refuse(path + key, "is missing");
  }
  return out;
}

std::string one_of(const json& from, const std::string& key, const std::string& otherwise,
                   std::initializer_list<std::string_view> known, const std::string& path = {}) {
  std::string out = text_of(from, key, otherwise, path);
  if (std::find(known.begin(), known.end(), out) == known.end()) {
    refuse(path + key, "is not one of the known words: " + out);
  }
  return out;
}

std::vector<std::string> topics_of(const json& from) {
  const auto at = from.find("topics");
  if (at == from.end() || !at->is_array() || at->empty()) {
    refuse("topics", "is missing");
  }
  std::vector<std::string> out;
  for (const json& one : *at) {
    if (!one.is_string() || one.get_ref<const std::string&>().empty()) {
      refuse("topics", "has an entry that is not a name");
    }
    out.push_back(one.get<std::string>());
  }
  return out;
}

// TLS is on as soon as there is a tls block; what is not said is checked fully.
bool add_tls(const json& config, property_list& to) {
  const auto at = config.find("tls");
  if (at == config.end()) {
    return false;
  }
  const json& tls = *at;
  for (const auto& [key, property] : {std::pair{"ca", "ssl.ca.location"},
                                      {"cert", "ssl.certificate.location"},
                                      {"key", "ssl.key.location"},
                                      {"key_password", "ssl.key.password"}}) {
    if (std::string value = text_of(tls, key, {}, "tls."); !value.empty()) {
      to.emplace_back(property, std::move(value));
    }
  }
  if (tls.contains("cert") != tls.contains("key")) {
    refuse(tls.contains("cert") ? "tls.key" : "tls.cert", "is missing");
  }
  const std::string verify = one_of(tls, "verify", "full", {"full", "ca", "none"}, "tls.");
  to.emplace_back("enable.ssl.certificate.verification", verify == "none" ? "false" : "true");
  to.emplace_back("ssl.endpoint.identification.algorithm", verify == "full" ? "https" : "none");
  return true;
}

bool add_sasl(const json& config, property_list& to) {
  const auto at = config.find("sasl");
  if (at == config.end()) {
    return false;
  }
  to.emplace_back("sasl.mechanism", one_of(*at, "mechanism", "SCRAM-SHA-512",
                                           {"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"}, "sasl."));
  to.emplace_back("sasl.username", needed(*at, "username", "sasl."));
  to.emplace_back("sasl.password", needed(*at, "password", "sasl."));
  return true;
}

// What this plugin's guarantees stand on, what has a key of its own, and what would load code.
bool reserved(std::string_view name) {
  constexpr std::array<std::string_view, 35> names = {"bootstrap.servers",
                                                      "metadata.broker.list",
                                                      "client.id",
                                                      "group.id",
                                                      "enable.auto.commit",
                                                      "auto.commit.enable",
                                                      "enable.auto.offset.store",
                                                      "auto.commit.interval.ms",
                                                      "auto.offset.reset",
                                                      "offset.store.method",
                                                      "partition.assignment.strategy",
                                                      "enable.partition.eof",
                                                      "queued.min.messages",
                                                      "queued.max.messages.kbytes",
                                                      "session.timeout.ms",
                                                      "heartbeat.interval.ms",
                                                      "enable.idempotence",
                                                      "acks",
                                                      "request.required.acks",
                                                      "message.timeout.ms",
                                                      "delivery.timeout.ms",
                                                      "transactional.id",
                                                      "delivery.report.only.error",
                                                      "queue.buffering.max.messages",
                                                      "linger.ms",
                                                      "queue.buffering.max.ms",
                                                      "statistics.interval.ms",
                                                      "log.queue",
                                                      "enabled_events",
                                                      "opaque",
                                                      "plugin.library.paths",
                                                      "security.protocol",
                                                      "default_topic_conf",
                                                      "internal.termination.signal",
                                                      "enable.gapless.guarantee"};
  const auto starts = [&](std::string_view with) { return name.substr(0, with.size()) == with; };
  return std::find(names.begin(), names.end(), name) != names.end() || name.ends_with("_cb") ||
         starts("ssl.engine.") || starts("sasl.") || starts("ssl_") || starts("test.mock.") ||
         starts("offset.store.") || starts("enable.ssl.") || name == "ssl.key.password" ||
         name == "ssl.ca.location" || name == "ssl.certificate.location" ||
         name == "ssl.key.location" || name == "ssl.endpoint.identification.algorithm";
}

property_list passed_on(const json& config) {
  property_list out;
  const auto at = config.find("properties");
  if (at == config.end()) {
    return out;
  }
  for (const auto& [name, value] : at->items()) {
    if (reserved(name)) {
      refuse("properties." + name, "is the plugin's own and can not be set");
    }
    if (value.is_structured() || value.is_null()) {
      refuse("properties." + name, "is neither text, a number nor true or false");
    }
    out.emplace_back(name, value.is_string() ? value.get<std::string>() : value.dump());
  }
  return out;
}

property_list common_properties(const json& config) {
  property_list out = {
      {"bootstrap.servers", needed(config, "brokers")},
      {"client.id", text_of(config, "client_id", "spawn")},
      {"log.connection.close", "false"},
      // So that a broker that only hangs is noticed, and one that is back is found soon.
      {"socket.timeout.ms", "10000"},
      {"socket.keepalive.enable", "true"},
      {"reconnect.backoff.max.ms", "5000"},
      {"topic.metadata.refresh.interval.ms", "30000"},
      {"topic.metadata.propagation.max.ms", "5000"},
  };
  const bool tls = add_tls(config, out);
  const bool sasl = add_sasl(config, out);
  out.emplace_back("security.protocol",
                   std::string(sasl ? "sasl_" : "") + (tls ? "ssl" : "plaintext"));
  return out;
}

std::string number_text(const json& config, const char* key, std::uint32_t otherwise) {
  return std::to_string(config_number(config, key, otherwise));
}

property_list consumer_properties(const json& config, const settings& s) {
  const auto session_ms = config_number(config, "session_ms", std::uint32_t{45'000});
  return {
      {"group.id", s.group},
      {"partition.assignment.strategy", "cooperative-sticky"},
      {"enable.auto.commit", "true"},  // of what the committer stores, and of nothing else
      {"auto.commit.interval.ms", std::to_string(s.commit_ms)},
      {"enable.auto.offset.store", "false"},
      {"auto.offset.reset", one_of(config, "from", "earliest", {"earliest", "latest"})},
      {"session.timeout.ms", std::to_string(session_ms)},
      {"heartbeat.interval.ms", std::to_string(std::min<std::uint32_t>(3'000, session_ms / 3))},
      {"queued.min.messages", number_text(config, "prefetch_messages", 1'000)},
      {"queued.max.messages.kbytes", number_text(config, "prefetch_kbytes", 16'384)},
      {"statistics.interval.ms", "1000"},
  };
}

property_list producer_properties(const json& config, const settings& s) {
  return {
      {"enable.idempotence", "true"},
      {"acks", "all"},
      {"message.timeout.ms", number_text(config, "deliver_ms", 30'000)},
      {"linger.ms", number_text(config, "linger_ms", 5)},
      {"queue.buffering.max.messages", std::to_string(s.sink_max)},
      {"partitioner", "murmur2_random"},  // as clients in Java
  };
}

void append(property_list& to, const property_list& more) {
  to.insert(to.end(), more.begin(), more.end());
}

// The library's own judgement of each value, before anything is connected.
void look_at(const property_list& all) {
  conf_ptr into = new_conf();
  for (const auto& [name, value] : all) {
    if (const auto wrong = set_property(into.get(), name, value)) {
      refuse(name, "is refused by the client: " + *wrong);
    }
  }
}

}  // namespace

settings read_settings(const spawn::plugin::create_args& args) {
  const json config = spawn::plugin::with_secrets(args);
  settings out;
  property_list common = common_properties(config);
  out.topics = topics_of(config);
  out.group = needed(config, "group");
  out.order_by_partition = one_of(config, "order", "key", {"key", "partition"}) == "partition";
  out.content_type = text_of(config, "content_type");
  out.dedup_header = text_of(config, "dedup_header");
  out.dead_letter_topic = text_of(config, "dead_letter_topic");
  out.destination = text_of(config, "destination");
  out.commit_ms = config_number(config, "commit_ms", out.commit_ms);
  out.revoke_wait_ms = config_number(config, "revoke_wait_ms", out.revoke_wait_ms);
  out.max_ahead = config_number(config, "max_ahead", out.max_ahead);
  out.sink_max = config_number(config, "sink_max", out.sink_max);
  const property_list more = passed_on(config);
  out.consumer = out.producer = common;
  append(out.consumer, consumer_properties(config, out));
  append(out.producer, producer_properties(config, out));
  append(out.consumer, more);
  append(out.producer, more);
  look_at(out.consumer);
  look_at(out.producer);
  return out;
}

}  // namespace kafka_activator
