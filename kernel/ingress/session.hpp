// One client connection: requests in, answers out, one at a time.
#pragma once
#include <boost/asio/generic/stream_protocol.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ingress/event_stream.hpp"
#include "ingress/request_reader.hpp"
#include "ingress/routes.hpp"

namespace spawn {

// Life: made by the acceptor, kept by its own handlers and by the reply slot that is out, gone when
// the connection is closed and nothing of it is out any more. Requests that are pipelined wait in
// the buffer. A slow client is cut off, never waited for. [lane]
class session final : public std::enable_shared_from_this<session>, public responder {
 public:
  using socket = boost::asio::generic::stream_protocol::socket;

  session(gateway& g, socket connected, bool from_loopback, std::string remote);
  ~session() override;
  void start();

  void respond(http_response response) override;
  void expect_until(std::uint64_t deadline_ns) override;
  void stream(std::string_view system, std::string_view channel) override;
  reply_slot& slot(std::function<http_response(outcome&)> convert) override;

 private:
  struct kernel_slot;
  enum class phase { idle, reading, handling, writing, lingering, streaming, closed };

  void read();
  void received(const boost::system::error_code& failed, std::size_t bytes);
  void parse();
  void header_done();
  void request_done();
  void bad_request(const boost::system::error_code& why);
  void refuse_and_close(int status, failure why, std::string text);
  void note_failure(const http_response& response);
  [[nodiscard]] bool charge_body();
  void return_charge() noexcept;
  void write_response(http_response& response);
  void written(const boost::system::error_code& failed);
  void linger();
  // session_stream.cpp
  void write_events();
  void write_out();
  void events_written(const boost::system::error_code& failed);
  void stream_timer_fired();
  void close();
  void arm(std::uint64_t ms);
  void timer_fired();
  void answered(kernel_slot& from);

  gateway& g_;
  socket socket_;
  const bool from_loopback_;
  const std::string remote_;
  phase phase_ = phase::idle;
  bool keep_alive_ = true;
  bool close_after_write_ = false;
  bool header_seen_ = false;
  std::vector<char> in_;
  std::size_t in_begin_ = 0;
  std::size_t in_end_ = 0;
  std::optional<request_reader> reader_;
  content_encoding encoding_ = content_encoding::identity;
  bool is_head_ = false;
  std::string path_;
  std::string out_;
  std::string encoded_;
  std::uint64_t request_began_ns_ = 0;
  std::uint64_t charged_bytes_ = 0;    // of limits.inflight_bytes, for a body under way
  std::uint64_t discarded_bytes_ = 0;  // while lingering, since the last pause
  std::uint64_t linger_until_ns_ = 0;
  std::shared_ptr<session> kept_;  // while only the timer is out
  kernel_slot* waiting_ = nullptr;
  std::unique_ptr<event_stream> stream_;
  bool stream_is_writing_ = false;
  struct due_timer : timer {
    session* owner = nullptr;
  } due_;
};

}  // namespace spawn
