#include "contract/activator/rabbitmq_client.hpp"

#include <amqp_framing.h>
#include <amqp_tcp_socket.h>

#include <algorithm>
#include <cctype>
#include <set>
#include <vector>

#include "contract/common/check.hpp"

namespace contract {

namespace {

constexpr amqp_channel_t channel = 1;
constexpr timeval patience{60, 0};

amqp_bytes_t bytes_of(std::string_view text) {
  return {text.size(), const_cast<char*>(text.data())};
}
std::string text_of(const amqp_bytes_t& bytes) {
  return {static_cast<const char*>(bytes.bytes), bytes.len};
}

amqp_table_entry_t entry(std::string_view key, std::string_view value) {
  amqp_table_entry_t out{};
  out.key = bytes_of(key);
  out.value.kind = AMQP_FIELD_KIND_UTF8;
  out.value.value.bytes = bytes_of(value);
  return out;
}

letter letter_of(const amqp_message_t& m) {
  letter out;
  out.body = text_of(m.body);
  const amqp_basic_properties_t& with = m.properties;
  if ((with._flags & AMQP_BASIC_MESSAGE_ID_FLAG) != 0) {
    out.id = text_of(with.message_id);
  }
  if ((with._flags & AMQP_BASIC_CONTENT_TYPE_FLAG) != 0) {
    out.content_type = text_of(with.content_type);
  }
  if ((with._flags & AMQP_BASIC_HEADERS_FLAG) != 0) {
    for (const amqp_table_entry_t& one :
         std::span(with.headers.entries, static_cast<std::size_t>(with.headers.num_entries))) {
      if (one.value.kind == AMQP_FIELD_KIND_UTF8) {
        out.with.emplace_back(text_of(one.key), text_of(one.value.value.bytes));
      }
    }
  }
  return out;
}

}  // namespace

amqp_connection_state_t rabbit_client::state() {
  if (state_ != nullptr) {
    return state_.get();
  }
  state_.reset(amqp_new_connection());
  published_ = 0;
  timeval limit = patience;
  amqp_socket_t* const socket = amqp_tcp_socket_new(state_.get());
  if (amqp_socket_open_noblock(socket, "127.0.0.1", port_, &limit) != AMQP_STATUS_OK) {
    state_.reset();
    throw failed{"the driver can not connect to RabbitMQ"};
  }
  amqp_set_handshake_timeout(state_.get(), &limit);
  amqp_set_rpc_timeout(state_.get(), &limit);
  const amqp_rpc_reply_t reply = amqp_login(
      state_.get(), "/", 0, 131'072, 0, AMQP_SASL_METHOD_PLAIN, user_.c_str(), password_.c_str());
  if (reply.reply_type != AMQP_RESPONSE_NORMAL) {
    state_.reset();
    throw failed{"the driver can not log in"};
  }
  amqp_channel_open(state_.get(), channel);
  check("channel.open");
  amqp_confirm_select(state_.get(), channel);
  check("confirm.select");
  return state_.get();
}

void rabbit_client::check(const std::string& what) {
  const amqp_rpc_reply_t reply = amqp_get_rpc_reply(state_.get());
  if (reply.reply_type == AMQP_RESPONSE_NORMAL) {
    amqp_maybe_release_buffers(state_.get());
    return;
  }
  std::string why = amqp_error_string2(reply.library_error);
  if (reply.reply_type == AMQP_RESPONSE_SERVER_EXCEPTION &&
      reply.reply.id == AMQP_CHANNEL_CLOSE_METHOD) {
    why = text_of(static_cast<amqp_channel_close_t*>(reply.reply.decoded)->reply_text);
  }
  state_.reset();
  throw failed{"the driver's " + what + " failed: " + why};
}

void rabbit_client::declare_queue(const std::string& name, const argument_map& with) {
  std::vector<amqp_table_entry_t> entries;
  for (const auto& [key, value] : with) {
    entries.push_back(entry(key, value));
    if (!value.empty() && std::all_of(value.begin(), value.end(),
                                      [](unsigned char c) { return std::isdigit(c) != 0; })) {
      entries.back().value.kind = AMQP_FIELD_KIND_I64;
      entries.back().value.value.i64 = std::stoll(value);
    }
  }
  amqp_queue_declare(state(), channel, bytes_of(name), 0, 1, 0, 0,
                     {static_cast<int>(entries.size()), entries.data()});
  check("queue.declare");
}

void rabbit_client::delete_queue(const std::string& name) {
  amqp_queue_delete(state(), channel, bytes_of(name), 0, 0);
  check("queue.delete");
}

void rabbit_client::declare_exchange(const std::string& name, const std::string& type) {
  amqp_exchange_declare(state(), channel, bytes_of(name), bytes_of(type), 0, 1, 0, 0,
                        amqp_empty_table);
  check("exchange.declare");
}

std::uint64_t rabbit_client::ready(const std::string& queue) {
  const amqp_queue_declare_ok_t* answer =
      amqp_queue_declare(state(), channel, bytes_of(queue), 1, 0, 0, 0, amqp_empty_table);
  const std::uint64_t n = answer == nullptr ? 0 : answer->message_count;
  check("queue.declare");
  return n;
}

void rabbit_client::publish(const std::string& exchange, const std::string& routing_key,
                            std::span<const letter> letters) {
  std::set<std::uint64_t> unconfirmed;
  for (const letter& one : letters) {
    std::vector<amqp_table_entry_t> entries;
    if (!one.key.empty()) {
      entries.push_back(entry("key", one.key));
    }
    for (const auto& [key, value] : one.with) {
      entries.push_back(entry(key, value));
    }
    amqp_basic_properties_t with{};
    with._flags = AMQP_BASIC_DELIVERY_MODE_FLAG | AMQP_BASIC_HEADERS_FLAG;
    with.delivery_mode = 2;
    with.headers = {static_cast<int>(entries.size()), entries.data()};
    if (!one.id.empty()) {
      with._flags |= AMQP_BASIC_MESSAGE_ID_FLAG;
      with.message_id = bytes_of(one.id);
    }
    if (!one.content_type.empty()) {
      with._flags |= AMQP_BASIC_CONTENT_TYPE_FLAG;
      with.content_type = bytes_of(one.content_type);
    }
    require(amqp_basic_publish(state(), channel, bytes_of(exchange), bytes_of(routing_key), 0, 0,
                               &with, bytes_of(one.body)) == AMQP_STATUS_OK,
            "the driver can not publish");
    unconfirmed.insert(++published_);
  }
  while (!unconfirmed.empty()) {  // acks come singly or for many
    amqp_frame_t frame{};
    timeval limit = patience;
    amqp_maybe_release_buffers(state());
    if (amqp_simple_wait_frame_noblock(state(), &frame, &limit) != AMQP_STATUS_OK ||
        frame.frame_type != AMQP_FRAME_METHOD || frame.payload.method.id != AMQP_BASIC_ACK_METHOD) {
      state_.reset();
      throw failed{"what the driver published was not confirmed"};
    }
    const auto& ack = *static_cast<const amqp_basic_ack_t*>(frame.payload.method.decoded);
    const auto from =
        ack.multiple != 0 ? unconfirmed.begin() : unconfirmed.lower_bound(ack.delivery_tag);
    unconfirmed.erase(from, unconfirmed.upper_bound(ack.delivery_tag));
  }
}

std::optional<letter> rabbit_client::get(const std::string& queue) {
  const amqp_rpc_reply_t reply = amqp_basic_get(state(), channel, bytes_of(queue), 1);
  if (reply.reply_type != AMQP_RESPONSE_NORMAL) {
    state_.reset();
    throw failed{"the driver's basic.get failed"};
  }
  if (reply.reply.id == AMQP_BASIC_GET_EMPTY_METHOD) {
    amqp_maybe_release_buffers(state_.get());
    return std::nullopt;
  }
  amqp_message_t whole{};
  if (amqp_read_message(state_.get(), channel, &whole, 0).reply_type != AMQP_RESPONSE_NORMAL) {
    state_.reset();
    throw failed{"the driver's basic.get failed"};
  }
  const letter out = letter_of(whole);
  amqp_destroy_message(&whole);
  amqp_maybe_release_buffers(state_.get());
  return out;
}

}  // namespace contract
