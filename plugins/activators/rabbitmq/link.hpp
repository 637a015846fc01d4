// One connection to RabbitMQ. Opening it and the questions of opening wait, each with a limit;
// after that nothing waits: frames are read as they are there, and written when the socket has
// room.
#pragma once
#include <sys/time.h>

#include <amqp.h>
#include <amqp_framing.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include "settings.hpp"

namespace rabbitmq {

// The connection is of no use any more. The text is for people and holds no secret.
class link_lost : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// The broker closed a channel; the connection is still good. code as in AMQP: 404, 403, 406.
class channel_closed : public std::runtime_error {
 public:
  channel_closed(std::uint16_t code, const std::string& text)
      : std::runtime_error(text), code_(code) {}
  [[nodiscard]] std::uint16_t code() const noexcept { return code_; }

 private:
  std::uint16_t code_;
};

// Everything is for the session thread that made it.
class link {
 public:
  // Connects and logs in, at most settings.connect_ms for each of the two; between them it looks at
  // giving_up. Borrows both. Throws link_lost.
  link(const settings& how, const char* purpose, const std::atomic<bool>& giving_up);
  link(const link&) = delete;
  link& operator=(const link&) = delete;
  ~link() = default;

  // --- questions, each waits for its answer at most connect_ms. Throw link_lost, channel_closed
  // ---
  void open_channel(std::uint16_t channel);
  void select_confirms(std::uint16_t channel);
  void declare_queue(std::uint16_t channel);  // and its bindings, as the settings say
  void require_exchange(std::uint16_t channel, const std::string& name);
  // Says goodbye, within a second. Never throws.
  void close() noexcept;

  // --- frames
  // -------------------------------------------------------------------------------------
  [[nodiscard]] int fd() const noexcept;
  // A frame can go out without waiting.
  [[nodiscard]] bool has_room() const noexcept;
  // The next frame that is there; false when there is none. It lives until the next call. Answers
  // and sends heartbeats. Throws link_lost, also for a connection.close.
  [[nodiscard]] bool next(amqp_frame_t& out);
  // One frame; ask has_room() before. Throw link_lost.
  void send(std::uint16_t channel, amqp_method_number_t method, void* fields);
  void send_header(std::uint16_t channel, amqp_basic_properties_t& properties,
                   std::uint64_t body_bytes);
  void send_body(std::uint16_t channel, std::string_view piece);
  // Bytes of a body that fit into one frame.
  [[nodiscard]] std::size_t piece_bytes_max() const noexcept;
  // Something was read already that next() has not given out: poll() does not know of it.
  [[nodiscard]] bool has_buffered() const noexcept;
  // Answers a channel.close.
  void answer_close(std::uint16_t channel);

 private:
  struct destroyer {
    void operator()(amqp_connection_state_t state) const noexcept {
      amqp_destroy_connection(state);
    }
  };
  void connect(const std::atomic<bool>& giving_up);
  void log_in(const char* purpose);
  void check(const amqp_rpc_reply_t& reply, std::uint16_t channel, const char* what);
  void check(int status, const char* what) const;
  void limit_questions(std::uint32_t ms) noexcept;

  const settings& how_;
  std::unique_ptr<amqp_connection_state_t_, destroyer> state_;
};

// Makes the socket of a connection: plain, or TLS with the checks the settings ask for. Throws
// link_lost that names the key whose file can not be used.
[[nodiscard]] amqp_socket_t* make_socket(amqp_connection_state_t state, const settings& how);

// What a channel.close says, for people.
[[nodiscard]] std::string close_text(const amqp_channel_close_t& why);

}  // namespace rabbitmq
