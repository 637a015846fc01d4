// rabbitmq-c: a prefetch, and one ack for each half of it.
#include <sys/time.h>
// The library's headers need it.
#include <amqp.h>
#include <amqp_framing.h>
#include <amqp_tcp_socket.h>

#include <algorithm>
#include <memory>
#include <set>
#include <stdexcept>
#include <type_traits>

#include "broker.hpp"

namespace spawn::bench {

namespace {

constexpr amqp_channel_t channel = 1;
constexpr int frame_bytes_max = 131'072;

amqp_bytes_t bytes_of(const std::string& text) {
  return {text.size(), const_cast<char*>(text.data())};
}

std::string_view text_of(const amqp_bytes_t& bytes) {
  return {static_cast<const char*>(bytes.bytes), bytes.len};
}

void must(int status, const char* what) {
  if (status != AMQP_STATUS_OK) {
    throw std::runtime_error(std::string(what) + ": " + amqp_error_string2(status));
  }
}

struct ends_connection {
  void operator()(amqp_connection_state_t one) const noexcept { amqp_destroy_connection(one); }
};

class rabbitmq final : public broker {
 public:
  explicit rabbitmq(std::string at) : link_(amqp_new_connection()) {
    amqp_connection_info where{};
    must(amqp_parse_url(at.data(), &where), "the url");  // which it cuts up
    timeval limit{patience_s, 0};
    amqp_socket_t* const socket = amqp_tcp_socket_new(link_.get());
    must(amqp_socket_open_noblock(socket, where.host, where.port, &limit), "connecting");
    must(amqp_set_rpc_timeout(link_.get(), &limit), "a timeout");
    // A path of "/" alone is the vhost of that name, as everybody means it.
    const std::string vhost = *where.vhost == '\0' ? "/" : where.vhost;
    check(amqp_login(link_.get(), vhost.c_str(), 0, frame_bytes_max, 0, AMQP_SASL_METHOD_PLAIN,
                     where.user, where.password),
          "logging in");
    amqp_channel_open(link_.get(), channel);
    check("opening a channel");
  }

  void make(const std::string& queue) override {
    amqp_table_entry_t type{};
    type.key = amqp_cstring_bytes("x-queue-type");
    type.value.kind = AMQP_FIELD_KIND_UTF8;
    type.value.value.bytes = amqp_cstring_bytes("quorum");
    amqp_queue_declare(link_.get(), channel, bytes_of(queue), 0, 1, 0, 0, {1, &type});
    check("declaring the queue");
  }

  void publish(const std::string& queue, std::span<const letter> letters) override {
    if (published_ == 0) {
      amqp_confirm_select(link_.get(), channel);
      check("asking for confirms");
    }
    for (const letter& one : letters) {
      amqp_basic_properties_t with{};
      with._flags =
          AMQP_BASIC_DELIVERY_MODE_FLAG | AMQP_BASIC_MESSAGE_ID_FLAG | AMQP_BASIC_CONTENT_TYPE_FLAG;
      with.delivery_mode = 2;
      with.message_id = bytes_of(one.id);
      with.content_type = amqp_cstring_bytes("application/json");
      must(amqp_basic_publish(link_.get(), channel, amqp_empty_bytes, bytes_of(queue), 0, 0, &with,
                              bytes_of(one.body)),
           "publishing");
      unconfirmed_.insert(++published_);
    }
    while (!unconfirmed_.empty()) {
      wait_for_confirms();
    }
  }

  void consume(const std::string& queue, std::uint64_t messages, std::uint32_t window,
               handler& work, stopwatch& watch) override {
    amqp_basic_qos(link_.get(), channel, 0, static_cast<std::uint16_t>(window), 0);
    check("setting the prefetch");
    amqp_basic_consume(link_.get(), channel, bytes_of(queue), amqp_empty_bytes, 0, 0, 0,
                       amqp_empty_table);
    check("consuming");
    const std::uint64_t batch = std::max(window / 2, 1U);
    for (std::uint64_t n = 1; n <= messages; ++n) {
      amqp_envelope_t one{};
      timeval limit{patience_s, 0};
      amqp_maybe_release_buffers(link_.get());
      check(amqp_consume_message(link_.get(), &one, &limit, 0), "receiving");
      watch.first();
      const std::uint64_t tag = one.delivery_tag;
      work.take(text_of(one.message.properties.message_id), text_of(one.message.body));
      amqp_destroy_envelope(&one);
      if (n % batch == 0 || n == messages) {
        work.finish();
        must(amqp_basic_ack(link_.get(), channel, tag, 1), "acknowledging");
      }
    }
    watch.last();
    // Answered when all acks have been read.
    check(amqp_channel_close(link_.get(), channel, AMQP_REPLY_SUCCESS), "closing the channel");
  }

 private:
  void check(const amqp_rpc_reply_t& reply, const char* what) {
    if (reply.reply_type == AMQP_RESPONSE_NORMAL) {
      return;
    }
    const bool of_library = reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION;
    throw std::runtime_error(
        std::string(what) + ": " +
        (of_library ? amqp_error_string2(reply.library_error) : "the broker refuses"));
  }
  void check(const char* what) { check(amqp_get_rpc_reply(link_.get()), what); }

  void wait_for_confirms() {
    amqp_frame_t frame{};
    timeval limit{patience_s, 0};
    amqp_maybe_release_buffers(link_.get());
    must(amqp_simple_wait_frame_noblock(link_.get(), &frame, &limit), "waiting for confirms");
    if (frame.frame_type != AMQP_FRAME_METHOD || frame.payload.method.id != AMQP_BASIC_ACK_METHOD) {
      throw std::runtime_error("a message was not confirmed");
    }
    const auto& ack = *static_cast<const amqp_basic_ack_t*>(frame.payload.method.decoded);
    const auto from =
        ack.multiple != 0 ? unconfirmed_.begin() : unconfirmed_.lower_bound(ack.delivery_tag);
    unconfirmed_.erase(from, unconfirmed_.upper_bound(ack.delivery_tag));
  }

  std::unique_ptr<std::remove_pointer_t<amqp_connection_state_t>, ends_connection> link_;
  std::uint64_t published_ = 0;
  std::set<std::uint64_t> unconfirmed_;
};

}  // namespace

std::unique_ptr<broker> make_rabbitmq(const std::string& at) {
  return std::make_unique<rabbitmq>(at);
}

}  // namespace spawn::bench
