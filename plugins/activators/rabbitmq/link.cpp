#include "link.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <array>

#include "arguments.hpp"
#include "field_text.hpp"

namespace rabbitmq {

namespace {

// Small, so that one always fits into a socket that poll() calls writable.
constexpr int frame_bytes_max = 32'768;
constexpr int frame_bytes_extra = 8;
constexpr int send_buffer_bytes = 262'144;
constexpr std::uint32_t close_ms = 1'000;

timeval interval(std::uint32_t ms) noexcept {
  return {ms / 1'000, static_cast<suseconds_t>(ms % 1'000 * 1'000)};
}

std::string told(std::uint16_t code, const amqp_bytes_t& text) {
  return "the broker says " + std::to_string(code) + " " + std::string(view(text));
}

amqp_table_entry_t entry(const char* key, amqp_field_value_t value) noexcept {
  return {amqp_cstring_bytes(key), value};
}
amqp_field_value_t flag(bool on) noexcept {
  amqp_field_value_t out{};
  out.kind = AMQP_FIELD_KIND_BOOLEAN;
  out.value.boolean = on ? 1 : 0;
  return out;
}
amqp_field_value_t utf8(const char* text) noexcept {
  amqp_field_value_t out{};
  out.kind = AMQP_FIELD_KIND_UTF8;
  out.value.bytes = amqp_cstring_bytes(text);
  return out;
}

}  // namespace

std::string close_text(const amqp_channel_close_t& why) {
  return told(why.reply_code, why.reply_text);
}

link::link(const settings& how, const char* purpose, const std::atomic<bool>& giving_up)
    : how_(how), state_(amqp_new_connection()) {
  if (state_ == nullptr) {
    throw link_lost("no memory for a connection");
  }
  connect(giving_up);
  if (giving_up.load()) {
    throw link_lost("stopped");
  }
  log_in(purpose);
  if (giving_up.load()) {
    throw link_lost("stopped");
  }
}

void link::connect(const std::atomic<bool>& giving_up) {
  if (giving_up.load()) {
    throw link_lost("stopped");
  }
  amqp_socket_t* const socket = make_socket(state_.get(), how_);
  timeval limit = interval(how_.connect_ms);
  check(amqp_socket_open_noblock(socket, how_.host.c_str(), how_.port, &limit), "connecting");
  // poll() calls a socket writable when a third of this is free.
  (void)::setsockopt(fd(), SOL_SOCKET, SO_SNDBUF, &send_buffer_bytes, sizeof(send_buffer_bytes));
}

void link::log_in(const char* purpose) {
  timeval limit = interval(how_.connect_ms);
  amqp_set_handshake_timeout(state_.get(), &limit);
  limit_questions(how_.connect_ms);
  std::array capabilities{entry("connection.blocked", flag(true)),
                          entry("consumer_cancel_notify", flag(true)),
                          entry("basic.nack", flag(true)), entry("publisher_confirms", flag(true)),
                          entry("authentication_failure_close", flag(true))};
  amqp_field_value_t able{};
  able.kind = AMQP_FIELD_KIND_TABLE;
  able.value.table = {static_cast<int>(capabilities.size()), capabilities.data()};
  std::array properties{entry("capabilities", able), entry("product", utf8("spawn")),
                        entry("connection_name", utf8(purpose))};
  const amqp_table_t all{static_cast<int>(properties.size()), properties.data()};
  check(amqp_login_with_properties(state_.get(), how_.vhost.c_str(), 0, frame_bytes_max,
                                   how_.heartbeat_s, &all, AMQP_SASL_METHOD_PLAIN,
                                   how_.username.c_str(), how_.password.c_str()),
        0, "logging in");
}

void link::limit_questions(std::uint32_t ms) noexcept {
  timeval limit = interval(ms);
  amqp_set_rpc_timeout(state_.get(), &limit);
}

void link::check(int status, const char* what) const {
  if (status != AMQP_STATUS_OK) {
    throw link_lost(std::string(what) + ": " + amqp_error_string2(status));
  }
}

void link::check(const amqp_rpc_reply_t& reply, std::uint16_t channel, const char* what) {
  switch (reply.reply_type) {
    case AMQP_RESPONSE_NORMAL:
      return;
    case AMQP_RESPONSE_LIBRARY_EXCEPTION:
      check(reply.library_error, what);
      break;
    case AMQP_RESPONSE_SERVER_EXCEPTION:
      if (reply.reply.id == AMQP_CHANNEL_CLOSE_METHOD) {
        const auto& why = *static_cast<const amqp_channel_close_t*>(reply.reply.decoded);
        const channel_closed error(why.reply_code, told(why.reply_code, why.reply_text));
        answer_close(channel);
        throw error;
      }
      if (reply.reply.id == AMQP_CONNECTION_CLOSE_METHOD) {
        const auto& why = *static_cast<const amqp_connection_close_t*>(reply.reply.decoded);
        throw link_lost(std::string(what) + ": " + told(why.reply_code, why.reply_text));
      }
      break;
    default:
      break;
  }
  throw link_lost(std::string(what) + ": no answer that is known");
}

void link::open_channel(std::uint16_t channel) {
  amqp_channel_open(state_.get(), channel);
  check(amqp_get_rpc_reply(state_.get()), channel, "opening a channel");
}

void link::select_confirms(std::uint16_t channel) {
  amqp_confirm_select(state_.get(), channel);
  check(amqp_get_rpc_reply(state_.get()), channel, "asking for confirms");
}

void link::declare_queue(std::uint16_t channel) {
  const queue_declaration& as = how_.declare;
  if (as.dead_letters && !as.dead_letter_exchange.empty()) {
    require_exchange(channel, as.dead_letter_exchange);  // else what is rejected would be lost
  }
  arguments with(as);
  amqp_queue_declare(state_.get(), channel, bytes_of(how_.queue), as.made ? 0 : 1,
                     as.durable ? 1 : 0, 0, 0, with.table());
  check(amqp_get_rpc_reply(state_.get()), channel, "declaring the queue");
  for (const binding& one : as.bindings) {
    arguments match(one.arguments);
    amqp_queue_bind(state_.get(), channel, bytes_of(how_.queue), bytes_of(one.exchange),
                    bytes_of(one.routing_key), match.table());
    check(amqp_get_rpc_reply(state_.get()), channel, "binding the queue");
  }
}

void link::require_exchange(std::uint16_t channel, const std::string& name) {
  amqp_exchange_declare(state_.get(), channel, bytes_of(name), bytes_of("direct"), 1, 0, 0, 0,
                        amqp_empty_table);
  check(amqp_get_rpc_reply(state_.get()), channel, "looking for an exchange");
}

void link::close() noexcept {
  if (state_ != nullptr && has_room()) {
    limit_questions(close_ms);
    (void)amqp_connection_close(state_.get(), AMQP_REPLY_SUCCESS);
  }
  state_.reset();
}

int link::fd() const noexcept {
  return amqp_get_sockfd(state_.get());
}

bool link::has_room() const noexcept {
  pollfd at{fd(), POLLOUT, 0};
  return ::poll(&at, 1, 0) > 0;  // with an error, too: the next send meets it
}

bool link::next(amqp_frame_t& out) {
  amqp_maybe_release_buffers(state_.get());
  timeval none{};
  const int status = amqp_simple_wait_frame_noblock(state_.get(), &out, &none);
  if (status == AMQP_STATUS_TIMEOUT) {
    return false;
  }
  check(status, "the connection is gone");
  if (out.frame_type == AMQP_FRAME_METHOD &&
      out.payload.method.id == AMQP_CONNECTION_CLOSE_METHOD) {
    const auto& why = *static_cast<const amqp_connection_close_t*>(out.payload.method.decoded);
    const std::string text = told(why.reply_code, why.reply_text);
    amqp_connection_close_ok_t ok{};
    (void)amqp_send_method(state_.get(), 0, AMQP_CONNECTION_CLOSE_OK_METHOD, &ok);
    throw link_lost(text);
  }
  return true;
}

void link::send(std::uint16_t channel, amqp_method_number_t method, void* fields) {
  check(amqp_send_method(state_.get(), channel, method, fields), "sending");
}

void link::send_header(std::uint16_t channel, amqp_basic_properties_t& properties,
                       std::uint64_t body_bytes) {
  amqp_frame_t frame{};
  frame.frame_type = AMQP_FRAME_HEADER;
  frame.channel = channel;
  frame.payload.properties.class_id = AMQP_BASIC_CLASS;
  frame.payload.properties.body_size = body_bytes;
  frame.payload.properties.decoded = &properties;
  check(amqp_send_frame(state_.get(), &frame), "sending");
}

void link::send_body(std::uint16_t channel, std::string_view piece) {
  amqp_frame_t frame{};
  frame.frame_type = AMQP_FRAME_BODY;
  frame.channel = channel;
  frame.payload.body_fragment = bytes_of(piece);
  check(amqp_send_frame(state_.get(), &frame), "sending");
}

std::size_t link::piece_bytes_max() const noexcept {
  return static_cast<std::size_t>(amqp_get_frame_max(state_.get()) - frame_bytes_extra);
}

bool link::has_buffered() const noexcept {
  return amqp_frames_enqueued(state_.get()) != 0 || amqp_data_in_buffer(state_.get()) != 0;
}

void link::answer_close(std::uint16_t channel) {
  amqp_channel_close_ok_t ok{};
  send(channel, AMQP_CHANNEL_CLOSE_OK_METHOD, &ok);
}

}  // namespace rabbitmq
