#include "settings.hpp"

#include "config-common/config.hpp"
#include "nats-common/jetstream.hpp"

namespace nats_source {

namespace {

using nlohmann::json;
using spawn::plugin::config_number;
using spawn::plugin::refused;

void take(const json& from, const char* key, std::string& out) {
  if (const auto at = from.find(key); at != from.end() && !at->is_null()) {
    out = at->get<std::string>();
  }
}

void take(const json& from, const char* key, bool& out) {
  if (const auto at = from.find(key); at != from.end() && !at->is_null()) {
    out = at->get<bool>();
  }
}

void take(const json& from, const char* key, std::vector<std::string>& out) {
  if (const auto at = from.find(key); at != from.end() && !at->is_null()) {
    out = at->get<std::vector<std::string>>();
  }
}

[[noreturn]] void refuse(const std::string& why) {
  throw refused(SPAWN_E_INVALID, "config: " + why);
}

void check_subject(const std::string& subject, const std::string& key, bool wildcards) {
  bool fine = !subject.empty() && subject.front() != '.' && subject.back() != '.' &&
              subject.find("..") == std::string::npos;
  for (const char c : subject) {
    fine = fine && c > ' ' && c <= '~' && (wildcards || (c != '*' && c != '>'));
  }
  if (!fine) {
    refuse(key + " is not a subject");
  }
}

void check_jetstream(const settings& s) {
  if (s.stream.empty()) {
    refuse("stream is missing");
  }
  if (!nats_common::valid_name(s.stream)) {
    refuse("stream is not a name of NATS");
  }
  if (!nats_common::valid_name(s.consumer)) {
    refuse("consumer is not a name of NATS");
  }
  if (!s.subjects.empty() || !s.queue_group.empty()) {
    refuse(std::string(s.subjects.empty() ? "queue_group" : "subjects") +
           " goes with jetstream: false");
  }
  if (!s.filter.empty()) {
    check_subject(s.filter, "filter", true);
  }
  for (const std::string& one : s.create_stream.subjects) {
    check_subject(one, "create_stream.subjects", true);
  }
}

void check_core(const settings& s) {
  if (s.subjects.empty()) {
    refuse("subjects is missing");
  }
  for (const std::string& one : s.subjects) {
    check_subject(one, "subjects", true);
  }
  if (!s.stream.empty() || !s.filter.empty()) {
    refuse(std::string(s.filter.empty() ? "stream" : "filter") + " goes with jetstream: true");
  }
}

stream_settings parse_stream(const json& config) {
  stream_settings out;
  const auto at = config.find("create_stream");
  if (at == config.end() || at->is_null()) {
    return out;
  }
  take(*at, "subjects", out.subjects);
  take(*at, "storage", out.storage);
  take(*at, "retention", out.retention);
  out.replicas = config_number(*at, "replicas", out.replicas);
  out.max_age_ms = config_number(*at, "max_age_ms", out.max_age_ms);
  out.max_bytes = config_number(*at, "max_bytes", out.max_bytes);
  out.duplicate_window_ms = config_number(*at, "duplicate_window_ms", out.duplicate_window_ms);
  if (out.subjects.empty()) {
    refuse("create_stream.subjects is missing");
  }
  return out;
}

}  // namespace

settings parse(const spawn::plugin::create_args& args) {
  const json config = spawn::plugin::with_secrets(args);
  settings s;
  s.connection = nats_common::parse_connection(config, args.name);
  take(config, "jetstream", s.jetstream);
  take(config, "stream", s.stream);
  s.consumer = std::string(args.name);
  take(config, "consumer", s.consumer);
  take(config, "filter", s.filter);
  take(config, "create_consumer", s.create_consumer);
  take(config, "deliver", s.deliver);
  s.ack_wait_ms = config_number(config, "ack_wait_ms", s.ack_wait_ms);
  if (const auto most = config_number(config, "max_deliver", std::uint32_t{0}); most != 0) {
    s.max_deliver = most;
  }
  s.max_ack_pending = config_number(config, "max_ack_pending", s.max_ack_pending);
  s.create_stream = parse_stream(config);
  s.fetch_max = config_number(config, "fetch_max", s.fetch_max);
  s.fetch_ms = config_number(config, "fetch_ms", s.fetch_ms);
  s.lag_ms = config_number(config, "lag_ms", s.lag_ms);
  take(config, "dead_letter_subject", s.dead_letter_subject);
  take(config, "subjects", s.subjects);
  take(config, "queue_group", s.queue_group);
  s.max_held = config_number(config, "max_held", s.max_held);
  s.reply_ms = config_number(config, "reply_ms", s.reply_ms);
  take(config, "order_by", s.order_by);
  take(config, "order_header", s.order_header);
  take(config, "content_type", s.content_type);
  take(config, "sink_subject", s.sink_subject);
  s.publish_ms = config_number(config, "publish_ms", s.publish_ms);
  s.jetstream ? check_jetstream(s) : check_core(s);
  if (!s.dead_letter_subject.empty()) {
    check_subject(s.dead_letter_subject, "dead_letter_subject", false);
  }
  if (!s.sink_subject.empty()) {
    check_subject(s.sink_subject, "sink_subject", false);
  }
  if ((s.order_by == "header") == s.order_header.empty()) {
    refuse(s.order_header.empty() ? "order_header is missing"
                                  : "order_header goes with order_by: header");
  }
  return s;
}

}  // namespace nats_source
