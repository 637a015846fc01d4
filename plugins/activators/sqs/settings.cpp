#include "settings.hpp"

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "config-common/config.hpp"

namespace sqs {

namespace {

using nlohmann::json;
using spawn::plugin::config_number;
using spawn::plugin::refused;

[[noreturn]] void refuse(const std::string& what) {
  throw refused(SPAWN_E_INVALID, "config: " + what);
}

std::string text_of(const json& from, const char* key, const std::string& path = {}) {
  const auto at = from.find(key);
  if (at == from.end() || at->is_null()) {
    return {};
  }
  if (!at->is_string()) {
    refuse(path + key + " is not text");
  }
  return at->get<std::string>();
}

std::uint32_t number_of(const json& from, const char* key, std::uint32_t otherwise,
                        std::uint32_t least, std::uint32_t most) {
  const auto out = config_number(from, key, otherwise);
  if (out < least || out > most) {
    refuse(std::string(key) + " is not between " + std::to_string(least) + " and " +
           std::to_string(most));
  }
  return out;
}

template <class Value>
Value choice_of(const json& from, const char* key, Value otherwise,
                std::initializer_list<std::pair<std::string_view, Value>> choices,
                const std::string& path = {}) {
  const auto said = text_of(from, key, path);
  if (said.empty()) {
    return otherwise;
  }
  for (const auto& [name, value] : choices) {
    if (name == said) {
      return value;
    }
  }
  refuse(path + key + " is not one of its values");
}

credential_settings credentials_of(const json& config) {
  using enum credential_source;
  credential_settings out;
  out.source = choice_of(config, "credentials", automatic,
                         {{"auto", automatic},
                          {"static", fixed},
                          {"environment", environment},
                          {"file", file},
                          {"container", container},
                          {"instance", instance}});
  out.fixed = {text_of(config, "access_key_id"), text_of(config, "secret_access_key"),
               text_of(config, "session_token")};
  if (out.source == fixed && out.fixed.access_key.empty()) {
    refuse("access_key_id is missing, with credentials: static");
  }
  if (out.fixed.access_key.empty() != out.fixed.secret_key.empty()) {
    refuse(out.fixed.access_key.empty() ? "access_key_id is missing, beside secret_access_key"
                                        : "secret_access_key is missing, beside access_key_id");
  }
  out.file = text_of(config, "credentials_file");
  out.profile = text_of(config, "profile");
  read_environment(out);
  return out;
}

tls_settings tls_of(const json& config) {
  tls_settings out;
  const auto at = config.find("tls");
  if (at == config.end() || at->is_null()) {
    return out;
  }
  out.verify = choice_of(
      *at, "verify", tls_check::full,
      {{"full", tls_check::full}, {"ca", tls_check::ca}, {"none", tls_check::none}}, "tls.");
  out.ca = text_of(*at, "ca", "tls.");
  out.cert = text_of(*at, "cert", "tls.");
  out.key = text_of(*at, "key", "tls.");
  if (out.cert.empty() != out.key.empty()) {
    refuse(out.cert.empty() ? "tls.cert is missing, beside tls.key"
                            : "tls.key is missing, beside tls.cert");
  }
  return out;
}

std::string region_of(const json& config, const std::optional<origin>& endpoint,
                      const std::optional<origin>& queue) {
  if (auto said = text_of(config, "region"); !said.empty()) {
    return said;
  }
  for (const auto* from : {&endpoint, &queue}) {
    if (auto found = *from ? region_in((*from)->host) : std::string(); !found.empty()) {
      return found;
    }
  }
  for (const char* name : {"AWS_REGION", "AWS_DEFAULT_REGION"}) {
    if (const char* value = std::getenv(name); value != nullptr && *value != '\0') {
      return value;
    }
  }
  refuse("region is missing");
}

origin public_endpoint(const std::string& region) {
  return {true,
          "sqs." + region + (region.starts_with("cn-") ? ".amazonaws.com.cn" : ".amazonaws.com"),
          443};
}

void check_queue(const std::string& queue, const char* key) {
  std::string ignored;
  if (is_url(queue) && !parse_url(queue, ignored)) {
    refuse(std::string(key) + " is not the URL of a queue");
  }
}

}  // namespace

bool is_url(std::string_view queue) {
  return queue.find("://") != std::string_view::npos;
}

std::string region_in(std::string_view host) {
  if (host.find(".amazonaws.com") == std::string_view::npos) {
    return {};
  }
  for (const std::string_view before : {"sqs.", "sqs-fips."}) {
    if (host.starts_with(before)) {
      host.remove_prefix(before.size());
      return std::string(host.substr(0, host.find('.')));
    }
  }
  return {};
}

settings parse(const spawn::plugin::create_args& args) {
  const json config = spawn::plugin::with_secrets(args);
  settings s;
  s.queue = text_of(config, "queue");
  if (s.queue.empty()) {
    refuse("queue is missing");
  }
  s.account = text_of(config, "account");
  s.dead_letter_queue = text_of(config, "dead_letter_queue");
  s.destination = text_of(config, "destination");
  s.content_type = text_of(config, "content_type");
  check_queue(s.queue, "queue");
  check_queue(s.dead_letter_queue, "dead_letter_queue");
  check_queue(s.destination, "destination");

  std::string rest;
  const std::string said = text_of(config, "endpoint");
  const auto endpoint = parse_url(said, rest);
  if (!said.empty() && (!endpoint || rest != "/")) {
    refuse("endpoint is not http(s)://host[:port]");
  }
  const auto of_queue = parse_url(s.queue, rest);
  s.region = region_of(config, endpoint, of_queue);
  s.endpoint = endpoint ? *endpoint : of_queue ? *of_queue : public_endpoint(s.region);

  s.credentials = credentials_of(config);
  s.tls = tls_of(config);
  s.dead = choice_of(config, "dead_letters", dead_letters::automatic,
                     {{"auto", dead_letters::automatic},
                      {"redrive", dead_letters::redrive},
                      {"drop", dead_letters::drop}});
  s.wait_seconds = number_of(config, "wait_seconds", s.wait_seconds, 0, 20);
  s.visibility_seconds = number_of(config, "visibility_seconds", s.visibility_seconds, 1, 43'200);
  s.receivers = number_of(config, "receivers", s.receivers, 1, 32);
  s.publishers = number_of(config, "publishers", s.publishers, 1, 32);
  s.max_message_bytes =
      number_of(config, "max_message_bytes", s.max_message_bytes, 1'024, 1'048'576);
  s.lag_seconds = number_of(config, "lag_seconds", s.lag_seconds, 1, 3'600);
  s.connect_ms = number_of(config, "connect_ms", s.connect_ms, 100, 60'000);
  s.request_ms = number_of(config, "request_ms", s.request_ms, 100, 60'000);
  return s;
}

}  // namespace sqs
