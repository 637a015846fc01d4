#include "message.hpp"

#include <algorithm>
#include <charconv>
#include <span>

#include "field_text.hpp"
#include "link.hpp"

namespace rabbitmq {

namespace {

constexpr std::string_view fact_prefix = "rabbitmq-";
constexpr std::string_view type_url_prefix = "type.googleapis.com/";
constexpr std::uint64_t reserved_bytes_max = 1 << 20;  // what a header promises is only a word

void put_bytes(const amqp_basic_properties_t& from, amqp_flags_t flag, const amqp_bytes_t& value,
               const char* name, header_list& to) {
  if ((from._flags & flag) != 0) {
    to.emplace_back(name, view(value));
  }
}

void put_number(const amqp_basic_properties_t& from, amqp_flags_t flag, std::uint64_t value,
                const char* name, header_list& to) {
  if ((from._flags & flag) != 0) {
    to.emplace_back(name, std::to_string(value));
  }
}

std::string part(const message& of, const message_part& which, const std::string& queue) {
  switch (which.source) {
    case message_part::from::queue:
      return queue;
    case message_part::from::message_id:
      return of.message_id;
    case message_part::from::routing_key:
      return of.routing_key;
    case message_part::from::header: {
      const auto at = std::find_if(of.headers.begin(), of.headers.end(),
                                   [&](const auto& one) { return one.first == which.header; });
      return at == of.headers.end() ? std::string() : at->second;
    }
    case message_part::from::nothing:
      break;
  }
  return {};
}

}  // namespace

bool assembler::take(const amqp_frame_t& frame) {
  switch (frame.frame_type) {
    case AMQP_FRAME_METHOD:
      if (frame.payload.method.id != AMQP_BASIC_DELIVER_METHOD &&
          frame.payload.method.id != AMQP_BASIC_RETURN_METHOD) {
        return false;
      }
      begin(frame.payload.method);
      return true;
    case AMQP_FRAME_HEADER:
      if (step_ != step::header) {
        throw link_lost("the broker sent a header without a message");
      }
      body_bytes_ = frame.payload.properties.body_size;
      now_.body.reserve(std::min(body_bytes_, reserved_bytes_max));
      read(*static_cast<const amqp_basic_properties_t*>(frame.payload.properties.decoded));
      step_ = body_bytes_ == 0 ? step::done : step::body;
      return true;
    case AMQP_FRAME_BODY:
      if (step_ != step::body) {
        throw link_lost("the broker sent a body without a header");
      }
      now_.body.append(view(frame.payload.body_fragment));
      if (now_.body.size() >= body_bytes_) {
        step_ = step::done;
      }
      return true;
    default:
      return false;
  }
}

std::optional<message> assembler::whole() {
  if (step_ != step::done) {
    return std::nullopt;
  }
  step_ = step::idle;
  return std::exchange(now_, {});
}

void assembler::begin(const amqp_method_t& method) {
  if (step_ != step::idle) {
    throw link_lost("the broker began a message within another");
  }
  step_ = step::header;
  now_ = {};
  if (method.id == AMQP_BASIC_DELIVER_METHOD) {
    const auto& fields = *static_cast<const amqp_basic_deliver_t*>(method.decoded);
    now_.tag = fields.delivery_tag;
    now_.redelivered = fields.redelivered != 0;
    now_.exchange = view(fields.exchange);
    now_.routing_key = view(fields.routing_key);
  } else {
    const auto& fields = *static_cast<const amqp_basic_return_t*>(method.decoded);
    now_.returned = true;
    now_.exchange = view(fields.exchange);
    now_.routing_key = view(fields.routing_key);
    now_.reply_text = view(fields.reply_text);
  }
}

void assembler::read(const amqp_basic_properties_t& from) {
  const auto text = [&](amqp_flags_t flag, const amqp_bytes_t& value) {
    return (from._flags & flag) != 0 ? std::string(view(value)) : std::string();
  };
  now_.content_type = text(AMQP_BASIC_CONTENT_TYPE_FLAG, from.content_type);
  now_.message_id = text(AMQP_BASIC_MESSAGE_ID_FLAG, from.message_id);
  now_.type = text(AMQP_BASIC_TYPE_FLAG, from.type);
  header_list& facts = now_.facts;
  put_bytes(from, AMQP_BASIC_CONTENT_ENCODING_FLAG, from.content_encoding,
            "rabbitmq-content-encoding", facts);
  put_bytes(from, AMQP_BASIC_CORRELATION_ID_FLAG, from.correlation_id, "rabbitmq-correlation-id",
            facts);
  put_bytes(from, AMQP_BASIC_REPLY_TO_FLAG, from.reply_to, "rabbitmq-reply-to", facts);
  put_bytes(from, AMQP_BASIC_EXPIRATION_FLAG, from.expiration, "rabbitmq-expiration", facts);
  put_bytes(from, AMQP_BASIC_USER_ID_FLAG, from.user_id, "rabbitmq-user-id", facts);
  put_bytes(from, AMQP_BASIC_APP_ID_FLAG, from.app_id, "rabbitmq-app-id", facts);
  put_number(from, AMQP_BASIC_PRIORITY_FLAG, from.priority, "rabbitmq-priority", facts);
  put_number(from, AMQP_BASIC_TIMESTAMP_FLAG, from.timestamp, "rabbitmq-timestamp", facts);
  if ((from._flags & AMQP_BASIC_HEADERS_FLAG) == 0) {
    return;
  }
  for (const amqp_table_entry_t& one :
       std::span(from.headers.entries, static_cast<std::size_t>(from.headers.num_entries))) {
    const std::string_view key = view(one.key);
    std::string value = field_text(one.value);
    if (key == "x-delivery-count") {
      std::uint64_t count = 0;
      if (std::from_chars(value.data(), value.data() + value.size(), count).ec == std::errc()) {
        now_.delivery_count = count;
      }
    }
    if (!key.starts_with(fact_prefix)) {  // nobody outside makes a fact
      now_.headers.emplace_back(key, std::move(value));
    }
  }
}

std::unique_ptr<spawn::plugin::delivery> as_delivery(message from, std::uint64_t token,
                                                     const settings& how) {
  auto out = std::make_unique<spawn::plugin::delivery>();
  out->token = token;
  out->source = how.queue;
  out->flags = from.redelivered ? SPAWN_D_REDELIVERED : 0;
  if (from.delivery_count) {
    out->attempt =
        static_cast<std::uint32_t>(std::min<std::uint64_t>(*from.delivery_count + 1, UINT32_MAX));
  } else {
    out->attempt = from.redelivered ? 0 : 1;
  }
  out->order_key = part(from, how.order_by, how.queue);
  out->dedup_id = part(from, how.dedup_by, how.queue);
  out->content_type = from.content_type.empty() ? how.content_type : from.content_type;
  if (from.type.starts_with(type_url_prefix)) {
    out->type_url = from.type;
  }
  out->payload = std::move(from.body);
  out->headers = std::move(from.headers);
  out->headers.emplace_back("rabbitmq-exchange", std::move(from.exchange));
  out->headers.emplace_back("rabbitmq-routing-key", std::move(from.routing_key));
  if (!from.message_id.empty()) {
    out->headers.emplace_back("rabbitmq-message-id", std::move(from.message_id));
  }
  if (!from.type.empty()) {
    out->headers.emplace_back("rabbitmq-type", std::move(from.type));
  }
  if (from.redelivered) {
    out->headers.emplace_back("rabbitmq-redelivered", "true");
  }
  for (auto& fact : from.facts) {
    out->headers.push_back(std::move(fact));
  }
  return out;
}

}  // namespace rabbitmq
