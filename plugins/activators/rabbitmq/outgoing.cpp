#include "outgoing.hpp"

#include <algorithm>
#include <span>
#include <vector>

#include "field_text.hpp"

namespace rabbitmq {

namespace {

using spawn::plugin::text;

constexpr std::size_t short_bytes_max = 255;       // of an AMQP short string
constexpr std::size_t headers_bytes_max = 24'576;  // they go out in one frame, beside the rest
constexpr std::uint8_t persistent = 2, transient = 1;

std::span<const spawn_kv> headers(const spawn_sink_message& m) noexcept {
  return {m.headers, m.n_headers};
}

}  // namespace

address address_of(std::string_view destination, std::string_view key, const sink_settings& how) {
  address out;
  if (destination.empty()) {
    out.exchange = how.exchange;
  }
  const std::size_t slash = destination.find('/');
  if (!destination.empty()) {
    out.exchange = destination.substr(0, slash);
  }
  if (slash != std::string_view::npos) {
    out.routing_key = destination.substr(slash + 1);
  } else {
    out.routing_key = key.empty() ? std::string_view(how.routing_key) : key;
  }
  return out;
}

std::optional<refusal> refuses(const spawn_sink_message& m, const address& to,
                               const settings& how) {
  if (m.destination.len == 0 && !how.sink.has_exchange) {
    return refusal{SPAWN_E_INVALID, "there is no destination, and sink.exchange is not set"};
  }
  for (const auto& [what, value] :
       {std::pair<const char*, std::string_view>{"exchange", to.exchange},
        {"routing key", to.routing_key},
        {"dedup id", text(m.dedup_id)},
        {"content type", text(m.content_type)},
        {"type url", text(m.type_url)}}) {
    if (value.size() > short_bytes_max) {
      return refusal{SPAWN_E_INVALID, std::string(what) + " is longer than 255 bytes"};
    }
  }
  std::size_t bytes = 0;
  for (const spawn_kv& one : headers(m)) {
    const std::string_view key = text(one.key);
    if (key == "CC" || key == "BCC") {
      return refusal{SPAWN_E_INVALID, "a header " + std::string(key) + " is RabbitMQ's own"};
    }
    if (key.size() > short_bytes_max) {
      return refusal{SPAWN_E_INVALID, "a header's name is longer than 255 bytes"};
    }
    bytes += key.size() + one.value.len + 6;
  }
  if (bytes > headers_bytes_max) {
    return refusal{SPAWN_E_TOO_LARGE, "the headers are larger than 24576 bytes"};
  }
  if (m.payload.len > how.sink.message_bytes_max) {
    return refusal{SPAWN_E_TOO_LARGE, "the message is larger than sink.max_message_bytes"};
  }
  return std::nullopt;
}

bool outgoing::write(link& over, std::uint16_t channel, const settings& how, std::int64_t unix_ms) {
  switch (next_) {
    case step::method: {
      amqp_basic_publish_t fields{};
      fields.exchange = bytes_of(to_.exchange);
      fields.routing_key = bytes_of(to_.routing_key);
      fields.mandatory = how.sink.mandatory ? 1 : 0;
      over.send(channel, AMQP_BASIC_PUBLISH_METHOD, &fields);
      next_ = step::header;
      return false;
    }
    case step::header:
      write_header(over, channel, how, unix_ms);
      next_ = step::body;
      return op_->payload.len == 0;
    case step::body: {
      const std::string_view piece = text(op_->payload).substr(written_, over.piece_bytes_max());
      over.send_body(channel, piece);
      written_ += piece.size();
      return written_ == op_->payload.len;
    }
  }
  return true;
}

void outgoing::write_header(link& over, std::uint16_t channel, const settings& how,
                            std::int64_t unix_ms) {
  std::vector<amqp_table_entry_t> entries;
  for (const spawn_kv& one : headers(*op_)) {
    amqp_table_entry_t entry{};
    entry.key = bytes_of(text(one.key));
    entry.value.kind = AMQP_FIELD_KIND_UTF8;
    entry.value.value.bytes = bytes_of(text(one.value));
    entries.push_back(entry);
  }
  amqp_basic_properties_t with{};
  with._flags = AMQP_BASIC_DELIVERY_MODE_FLAG | AMQP_BASIC_TIMESTAMP_FLAG;
  with.delivery_mode = how.sink.persistent ? persistent : transient;
  with.timestamp = static_cast<std::uint64_t>(std::max<std::int64_t>(unix_ms, 0)) / 1'000;
  const auto put = [&](const spawn_slice& value, amqp_bytes_t& to, amqp_flags_t flag) {
    if (value.len > 0) {
      to = bytes_of(text(value));
      with._flags |= flag;
    }
  };
  put(op_->dedup_id, with.message_id, AMQP_BASIC_MESSAGE_ID_FLAG);
  put(op_->content_type, with.content_type, AMQP_BASIC_CONTENT_TYPE_FLAG);
  put(op_->type_url, with.type, AMQP_BASIC_TYPE_FLAG);
  if (!entries.empty()) {
    with.headers = {static_cast<int>(entries.size()), entries.data()};
    with._flags |= AMQP_BASIC_HEADERS_FLAG;
  }
  over.send_header(channel, with, op_->payload.len);
}

}  // namespace rabbitmq
