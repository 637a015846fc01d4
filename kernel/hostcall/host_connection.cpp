#include "hostcall/host_connection.hpp"

#include <array>
#include <boost/asio/write.hpp>

#include "base/clock.hpp"

namespace spawn {
namespace asio = boost::asio;
namespace beast = boost::beast;

namespace {

constexpr std::size_t read_chunk = 16 << 10;
constexpr std::uint64_t retry_ms_max = 200;
constexpr std::size_t copied_body_max = 64 << 10;

}  // namespace

host_connection::host_connection(host_pool& pool, asio::io_context& io)
    : pool_(&pool), socket_(io), in_(read_chunk) {
  due_.owner = this;
  due_.fire = [](timer& t) { static_cast<due_timer&>(t).owner->timer_fired(); };
}

void host_connection::arm(std::uint64_t due_ns) {
  pool_->lane_.timers().arm(due_, due_ns);
}

void host_connection::open(host_call& call) {
  call_ = &call;
  const std::uint64_t now = pool_->lane_.now_ns();
  retry_until_ns_ = std::min(now + pool_->options_.retry_ms * ns_per_ms, call.deadline_ns);
  connect();
}

void host_connection::connect() {
  if (!pool_->endpoint_known_) {
    fail(host_result::refused, "host address " + pool_->to_->address + " is not an IP address");
    return;
  }
  timer_for_ = waiting_for::connect;
  arm(std::min(pool_->lane_.now_ns() + pool_->options_.connect_ms * ns_per_ms, call_->deadline_ns));
  socket_.async_connect(pool_->endpoint_, [self = shared_from_this()](const auto& failed) {
    self->connected(failed);
  });
}

void host_connection::connected(const boost::system::error_code& failed) {
  if (closed_ || pool_ == nullptr || call_ == nullptr) {
    return;
  }
  pool_->lane_.enter("host link");
  if (failed) {
    boost::system::error_code ignored;
    socket_.close(ignored);
    const std::uint64_t now = pool_->lane_.now_ns();
    if (now + retry_after_ms_ * ns_per_ms < retry_until_ns_) {
      timer_for_ = waiting_for::retry;
      waiting_self_ = shared_from_this();  // no handler is out that would keep it
      arm(now + retry_after_ms_ * ns_per_ms);
      retry_after_ms_ = std::min(retry_after_ms_ * 2, retry_ms_max);
      return;
    }
    fail(host_result::refused, "host " + pool_->to_->address + ":" +
                                   std::to_string(pool_->to_->port) + ": " + failed.message());
    return;
  }
  connected_ = true;
  boost::system::error_code ignored;
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  write_request();
  read();
}

void host_connection::start(host_call& call) {
  call_ = &call;
  write_request();
}

void host_connection::write_request() {
  // Head and body in one write with a Content-Length: Node's host takes the first read for the
  // whole request (protocol.md 2.2).
  out_.clear();
  out_ += pool_->request_head_;
  out_ += std::to_string(call_->body.size() + call_->tail.size());
  if (call_->trace.present()) {
    out_ += "\r\ntraceparent: ";
    call_->trace.child(pool_->lane_.rng()).append_header_value(out_);
  }
  out_ += "\r\n\r\n";
  // What is small goes into the same buffer; what is large is not copied, and begins to leave in
  // the same system call.
  std::string_view body;
  if (call_->body.size() <= copied_body_max) {
    out_ += call_->body;
  } else {
    body = call_->body;
  }
  writing_ = true;
  wrote_some_ = false;
  reader_.emplace(pool_->options_.reply_bytes_max);
  timer_for_ = waiting_for::answer;
  arm(call_->deadline_ns);
  const std::array<asio::const_buffer, 3> parts{
      asio::buffer(out_), asio::buffer(body.data(), body.size()),
      asio::buffer(call_->tail.data(), call_->tail.size())};
  asio::async_write(socket_, parts,
                    [self = shared_from_this()](const auto& failed, std::size_t bytes) {
                      self->written(failed, bytes);
                    });
}

void host_connection::written(const boost::system::error_code& failed, std::size_t bytes) {
  writing_ = false;
  if (closed_ || pool_ == nullptr) {
    return;
  }
  wrote_some_ = wrote_some_ || bytes > 0;
  if (failed && call_ != nullptr) {
    fail(wrote_some_ ? host_result::failed : host_result::refused,
         "writing to the host: " + failed.message());
  }
}

void host_connection::read() {
  if (reading_ || closed_) {
    return;
  }
  if (in_used_ == in_.size()) {
    in_.resize(std::min<std::size_t>(in_.size() * 4, 1u << 20) + in_used_);
  }
  reading_ = true;
  socket_.async_read_some(asio::buffer(in_.data() + in_used_, in_.size() - in_used_),
                          [self = shared_from_this()](const auto& failed, std::size_t bytes) {
                            self->reading_ = false;
                            self->received(failed, bytes);
                          });
}

void host_connection::received(const boost::system::error_code& failed, std::size_t bytes) {
  if (closed_ || pool_ == nullptr) {
    return;
  }
  pool_->lane_.enter("host link");
  if (failed) {
    if (call_ == nullptr) {
      close();
      return;
    }
    beast::error_code ended;
    if (failed == asio::error::eof && reader_->got_some() && !reader_->is_done()) {
      reader_->put_eof(ended);  // a body that ends with the connection
      if (!ended && reader_->is_done()) {
        answered();
        return;
      }
    }
    fail(host_result::failed, "the host closed the connection without an answer");
    return;
  }
  in_used_ += bytes;
  if (call_ == nullptr) {
    close();  // bytes nobody asked for
    return;
  }
  parse();
}

void host_connection::parse() {
  std::size_t at = 0;
  beast::error_code failed;
  while (at < in_used_ && !reader_->is_done()) {
    const std::size_t used = reader_->put(asio::buffer(in_.data() + at, in_used_ - at), failed);
    at += used;
    if (failed == beast::http::error::need_more) {
      failed = {};
      break;
    }
    if (failed || used == 0) {
      break;
    }
  }
  if (at > 0) {
    std::copy(in_.begin() + static_cast<std::ptrdiff_t>(at),
              in_.begin() + static_cast<std::ptrdiff_t>(in_used_), in_.begin());
    in_used_ -= at;
  }
  if (failed) {
    fail(host_result::failed, "the host's answer is not HTTP: " + failed.message());
    return;
  }
  if (reader_->is_done()) {
    answered();
    return;
  }
  read();
}

void host_connection::answered() {
  host_call* call = std::exchange(call_, nullptr);
  call->status = reader_->status();
  call->answer = reader_->take_body();
  // While the request is still on its way out this connection must close now: what it sends from is
  // the caller's, who hears of the end later in this turn.
  const bool reusable = reader_->keep_alive() && in_used_ == 0 && socket_.is_open() && !writing_;
  host_pool* pool = pool_;
  if (reusable) {
    retry_after_ms_ = 10;
    timer_for_ = waiting_for::idle;
    arm(pool->lane_.now_ns() + pool->options_.idle_ms * ns_per_ms);
    read();
  }
  pool->finish(*call, host_result::answered, {});
  if (reusable) {
    pool->connection_idle(*this);
  } else {
    close();
  }
}

// Closing here, before the call's owner hears of its end, is what allows to send from its memory.
void host_connection::fail(host_result result, std::string why) {
  host_call* call = std::exchange(call_, nullptr);
  host_pool* pool = pool_;
  if (call != nullptr) {
    pool->finish(*call, result, std::move(why));
  }
  close();
}

void host_connection::close() {
  if (closed_) {
    return;
  }
  closed_ = true;
  due_.unlink();
  boost::system::error_code ignored;
  socket_.close(ignored);
  if (pool_ != nullptr) {
    std::exchange(pool_, nullptr)->connection_closed(*this);
  }
}

void host_connection::abandon() {
  const auto self = shared_from_this();
  waiting_self_.reset();
  pool_ = nullptr;
  call_ = nullptr;
  close();
}

void host_connection::timer_fired() {
  const auto self = shared_from_this();
  waiting_self_.reset();
  switch (std::exchange(timer_for_, waiting_for::nothing)) {
    case waiting_for::retry:
      connect();
      return;
    case waiting_for::connect:
      fail(host_result::refused, "connecting to host " + pool_->to_->address + ":" +
                                     std::to_string(pool_->to_->port) + " took too long");
      return;
    case waiting_for::answer:
      fail(host_result::timed_out, "the host did not answer in time");
      return;
    case waiting_for::idle:
      close();
      return;
    case waiting_for::nothing:
      return;
  }
}

}  // namespace spawn
