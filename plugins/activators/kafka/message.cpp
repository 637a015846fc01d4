#include "message.hpp"

#include <strings.h>

namespace kafka_activator {

namespace {

std::string bytes_of(const void* at, std::size_t length) {
  return at == nullptr ? std::string() : std::string(static_cast<const char*>(at), length);
}

void copy_headers(const rd_kafka_message_t& raw, const settings& config, message& to) {
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(&raw, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return;
  }
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  for (std::size_t i = 0;
       rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
       ++i) {
    if (*name == '\0') {
      continue;
    }
    std::string text = bytes_of(value, size);
    if (::strcasecmp(name, content_type_header) == 0) {
      to.content_type = text;
    } else if (::strcasecmp(name, type_url_header) == 0) {
      to.type_url = text;
    }
    if (!config.dedup_header.empty() && config.dedup_header == name) {
      to.dedup_id = text;
    }
    to.headers.emplace_back(name, std::move(text));
  }
}

void add_facts(message& to) {
  to.own_headers = to.headers.size();
  to.headers.emplace_back("kafka-topic", to.topic);
  to.headers.emplace_back("kafka-partition", to.partition_text);
  to.headers.emplace_back("kafka-offset", std::to_string(to.offset));
  if (to.has_key) {
    to.headers.emplace_back("kafka-key", to.key);
  }
  if (to.unix_ms >= 0) {
    to.headers.emplace_back("kafka-timestamp", std::to_string(to.unix_ms));
  }
}

}  // namespace

message_ptr copied(const rd_kafka_message_t& raw, const settings& config) {
  auto out = std::make_shared<message>();
  out->topic = rd_kafka_topic_name(raw.rkt);
  out->partition = raw.partition;
  out->partition_text = std::to_string(raw.partition);
  out->offset = raw.offset;
  rd_kafka_timestamp_type_t kind = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
  const std::int64_t at = rd_kafka_message_timestamp(&raw, &kind);
  out->unix_ms = kind == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE ? -1 : at;
  out->has_key = raw.key != nullptr;
  out->has_value = raw.payload != nullptr;
  out->key = bytes_of(raw.key, raw.key_len);
  out->value = bytes_of(raw.payload, raw.len);
  copy_headers(raw, config, *out);
  const std::string at_partition = out->topic + "/" + out->partition_text;
  if (out->content_type.empty()) {
    out->content_type = config.content_type;
  }
  out->order_key = out->has_key && !config.order_by_partition ? out->key : at_partition;
  if (out->dedup_id.empty()) {
    out->dedup_id = at_partition + "/" + std::to_string(out->offset);
  }
  add_facts(*out);
  return out;
}

std::unique_ptr<spawn::plugin::delivery> delivery_of(const message& m, std::uint64_t token,
                                                     std::uint32_t attempt) {
  auto out = std::make_unique<spawn::plugin::delivery>();
  out->token = token;
  // Of no record can it be ruled out that another member of the group had it before a rebalance.
  out->flags = SPAWN_D_REDELIVERED;
  out->attempt = attempt;
  out->source = m.topic;
  out->partition = m.partition_text;
  out->content_type = m.content_type;
  out->type_url = m.type_url;
  out->payload = m.value;
  out->order_key = m.order_key;
  out->dedup_id = m.dedup_id;
  out->headers = m.headers;
  return out;
}

}  // namespace kafka_activator
