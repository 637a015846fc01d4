#include "settings.hpp"

#include <sys/time.h>

// The order matters: amqp.h uses timeval.
#include <amqp.h>

#include <memory>
#include <string_view>

#include "config-common/config.hpp"

namespace rabbitmq {

namespace {

using nlohmann::json;
using spawn::plugin::config_number;
using spawn::plugin::refused;

constexpr std::size_t name_bytes_max = 255;  // of an AMQP short string

[[noreturn]] void refuse(const std::string& why) {
  throw refused(SPAWN_E_INVALID, "config: " + why);
}

const json* find(const json& from, const char* key) {
  const auto at = from.find(key);
  return at == from.end() || at->is_null() ? nullptr : &*at;
}

void put_text(const json& from, const char* key, std::string& to, const std::string& shown,
              std::size_t bytes_max = 4'096) {
  const json* value = find(from, key);
  if (value == nullptr) {
    return;
  }
  if (!value->is_string()) {
    refuse(shown + " is not a text");
  }
  to = value->get<std::string>();
  if (to.size() > bytes_max) {
    refuse(shown + " is longer than " + std::to_string(bytes_max) + " bytes");
  }
  if (to.find('\0') != std::string::npos) {
    refuse(shown + " has a zero byte");
  }
}

void put_flag(const json& from, const char* key, bool& to, const std::string& shown) {
  const json* value = find(from, key);
  if (value == nullptr) {
    return;
  }
  if (value->is_boolean()) {
    to = value->get<bool>();
  } else if (*value == "true" || *value == "false") {
    to = *value == "true";
  } else {
    refuse(shown + " is neither true nor false");
  }
}

void put_arguments(const json& from, const char* key, json& to, const std::string& shown) {
  const json* value = find(from, key);
  if (value == nullptr) {
    return;
  }
  if (!value->is_object()) {
    refuse(shown + " is not a map");
  }
  for (const auto& [name, one] : value->items()) {
    if (one.is_object() || one.is_array() || one.is_null() || name.size() > 128) {
      refuse(shown + "." + name + " is not a text, a number, true or false");
    }
  }
  to = *value;
}

void take_url(std::string url, settings& out) {
  amqp_connection_info parts{};
  if (amqp_parse_url(url.data(), &parts) != AMQP_STATUS_OK) {
    refuse("url is not amqp[s]://user:password@host:port/vhost");  // it may hold the password
  }
  if (parts.port <= 0 || parts.port > UINT16_MAX) {
    refuse("url has a port that is none");
  }
  out.host = parts.host;
  out.port = static_cast<std::uint16_t>(parts.port);
  out.username = parts.user;
  out.password = parts.password;
  out.vhost = *parts.vhost == '\0' ? "/" : parts.vhost;
  out.tls.on = parts.ssl != 0;
}

void take_tls(const json& config, settings& out) {
  const json* tls = find(config, "tls");
  if (tls == nullptr) {
    return;
  }
  out.tls.on = true;
  put_text(*tls, "ca", out.tls.ca, "tls.ca");
  put_text(*tls, "cert", out.tls.cert, "tls.cert");
  put_text(*tls, "key", out.tls.key, "tls.key");
  if (out.tls.cert.empty() != out.tls.key.empty()) {
    refuse("tls.cert and tls.key go together");
  }
  std::string verify = "full";
  put_text(*tls, "verify", verify, "tls.verify");
  if (verify == "full") {
    out.tls.verify = checking::full;
  } else if (verify == "ca") {
    out.tls.verify = checking::authority;
  } else if (verify == "none") {
    out.tls.verify = checking::none;
  } else {
    refuse("tls.verify is none of full, ca, none");
  }
}

void take_declaration(const json& config, queue_declaration& out) {
  const json* declare = find(config, "declare");
  if (declare == nullptr) {
    return;
  }
  out.made = true;
  std::string type = "quorum";
  put_text(*declare, "type", type, "declare.type");
  if (type != "quorum" && type != "classic") {
    refuse("declare.type is neither quorum nor classic");
  }
  out.quorum = type == "quorum";
  put_flag(*declare, "durable", out.durable, "declare.durable");
  if (out.quorum && !out.durable) {
    refuse("declare.durable: a quorum queue is always durable");
  }
  out.dead_letters = find(*declare, "dead_letter_exchange") != nullptr;
  put_text(*declare, "dead_letter_exchange", out.dead_letter_exchange,
           "declare.dead_letter_exchange", name_bytes_max);
  put_text(*declare, "dead_letter_routing_key", out.dead_letter_routing_key,
           "declare.dead_letter_routing_key", name_bytes_max);
  if (!out.dead_letters && !out.dead_letter_routing_key.empty()) {
    refuse("declare.dead_letter_routing_key needs a dead_letter_exchange");
  }
  put_arguments(*declare, "arguments", out.arguments, "declare.arguments");
  if (const json* bindings = find(*declare, "bindings")) {
    for (const json& each : *bindings) {
      const std::string shown = "declare.bindings[" + std::to_string(out.bindings.size()) + "].";
      binding one;
      put_text(each, "exchange", one.exchange, shown + "exchange", name_bytes_max);
      put_text(each, "routing_key", one.routing_key, shown + "routing_key", name_bytes_max);
      put_arguments(each, "arguments", one.arguments, shown + "arguments");
      if (one.exchange.empty()) {
        refuse(shown + "exchange is missing");
      }
      out.bindings.push_back(std::move(one));
    }
  }
}

message_part part_of(const std::string& text, const char* key) {
  using from = message_part::from;
  constexpr std::string_view header = "header:";
  if (text.empty() || text == "none") {
    return {};
  }
  if (text == "message-id") {
    return {from::message_id, {}};
  }
  if (text == "routing-key") {
    return {from::routing_key, {}};
  }
  if (text == "queue") {
    return {from::queue, {}};
  }
  if (text.starts_with(header) && text.size() > header.size()) {
    return {from::header, text.substr(header.size())};
  }
  refuse(std::string(key) + " is none of message-id, routing-key, queue, header:NAME, none");
}

void take_sink(const json& config, sink_settings& out) {
  const json* sink = find(config, "sink");
  if (sink == nullptr) {
    return;
  }
  out.given = true;
  out.has_exchange = find(*sink, "exchange") != nullptr;
  put_text(*sink, "exchange", out.exchange, "sink.exchange", name_bytes_max);
  put_text(*sink, "routing_key", out.routing_key, "sink.routing_key", name_bytes_max);
  put_flag(*sink, "mandatory", out.mandatory, "sink.mandatory");
  put_flag(*sink, "persistent", out.persistent, "sink.persistent");
  out.message_bytes_max = config_number(*sink, "max_message_bytes", out.message_bytes_max);
}

template <class Integer>
Integer within(const json& config, const char* key, Integer otherwise, Integer least,
               Integer most) {
  const Integer value = config_number(config, key, otherwise);
  if (value < least || value > most) {
    refuse(std::string(key) + " is not between " + std::to_string(least) + " and " +
           std::to_string(most));
  }
  return value;
}

}  // namespace

settings parse(const spawn::plugin::create_args& args) {
  const json config = spawn::plugin::with_secrets(args);
  settings out;
  std::string url;
  put_text(config, "url", url, "url");
  if (!url.empty()) {
    take_url(url, out);
  }
  take_tls(config, out);
  put_text(config, "host", out.host, "host");
  put_text(config, "username", out.username, "username");
  put_text(config, "password", out.password, "password");
  put_text(config, "vhost", out.vhost, "vhost", name_bytes_max);
  if (find(config, "port") != nullptr) {
    out.port = within<std::uint16_t>(config, "port", 0, 1, UINT16_MAX);
  } else if (url.empty() && out.tls.on) {
    out.port = 5671;
  }
  if (out.host.empty()) {
    refuse("host is empty");
  }
  put_text(config, "queue", out.queue, "queue", name_bytes_max);
  take_sink(config, out.sink);
  take_declaration(config, out.declare);
  if (out.queue.empty() && (!out.sink.given || out.declare.made)) {
    refuse("queue is missing");
  }
  out.dead_letters = out.declare.dead_letters;
  put_flag(config, "dead_letters", out.dead_letters, "dead_letters");
  put_flag(config, "exclusive", out.exclusive, "exclusive");
  if (const json* priority = find(config, "consumer_priority")) {
    if (!priority->is_number_integer() || *priority < INT16_MIN || *priority > INT16_MAX) {
      refuse("consumer_priority is not a number between -32768 and 32767");
    }
    out.consumer_priority = priority->get<std::int32_t>();
  }
  std::string dedup_by = "message-id", order_by = "none";
  put_text(config, "dedup_by", dedup_by, "dedup_by");
  put_text(config, "order_by", order_by, "order_by");
  out.dedup_by = part_of(dedup_by, "dedup_by");
  out.order_by = part_of(order_by, "order_by");
  if (out.dedup_by.source == message_part::from::queue ||
      out.dedup_by.source == message_part::from::routing_key) {
    refuse("dedup_by is none of message-id, header:NAME, none");
  }
  put_text(config, "content_type", out.content_type, "content_type", name_bytes_max);
  out.heartbeat_s = within<std::uint16_t>(config, "heartbeat_s", out.heartbeat_s, 1, 60);
  out.connect_ms = within<std::uint32_t>(config, "connect_ms", out.connect_ms, 100, 4'000);
  out.reconnect_ms_max =
      within<std::uint32_t>(config, "reconnect_ms_max", out.reconnect_ms_max, 100, 300'000);
  return out;
}

}  // namespace rabbitmq
