#include "ingress/session.hpp"

#include <boost/asio/write.hpp>
#include <ctime>

#include "base/log.hpp"

namespace spawn {
namespace asio = boost::asio;
namespace http = boost::beast::http;

namespace {

constexpr std::size_t read_chunk = 8 << 10;
constexpr std::size_t read_chunk_large = 256 << 10;
constexpr std::uint64_t linger_ms = 2'000;
constexpr std::uint64_t linger_pause_bytes = 64 << 10;
// A body up to this size counts with its connection; a larger one is charged as it arrives (D7).
constexpr std::uint64_t free_body_bytes = 16 << 10;
constexpr std::uint64_t charge_step = 64 << 10;
constexpr std::uint64_t request_read_ms_max = 300'000;  // a body that trickles in

http_method method_of(http::verb v) noexcept {
  switch (v) {
    case http::verb::get:
      return http_method::get;
    case http::verb::post:
      return http_method::post;
    case http::verb::head:
      return http_method::head;
    case http::verb::delete_:
      return http_method::del;
    default:
      return http_method::other;
  }
}

}  // namespace

// The kernel's way back into the session. Outlives the session when its asker gave up.
struct session::kernel_slot : reply_slot {
  std::shared_ptr<session> owner;
  std::function<http_response(outcome&)> convert;
};

session::session(gateway& g, socket connected, bool from_loopback, std::string remote)
    : g_(g),
      socket_(std::move(connected)),
      from_loopback_(from_loopback),
      remote_(std::move(remote)),
      in_(read_chunk) {
  ++g_.connections;
  due_.owner = this;
  due_.fire = [](timer& t) { static_cast<due_timer&>(t).owner->timer_fired(); };
}

session::~session() {
  return_charge();
  --g_.connections;
}

void session::start() {
  reader_.emplace(g_.options.header_max, g_.options.body_max);
  arm(g_.options.read_ms);
  read();
}

void session::arm(std::uint64_t ms) {
  g_.home.arm_after_ms(due_, ms);
}

void session::read() {
  if (in_begin_ == in_end_) {
    in_begin_ = in_end_ = 0;
  } else if (in_end_ == in_.size()) {
    std::copy(in_.begin() + static_cast<std::ptrdiff_t>(in_begin_), in_.end(), in_.begin());
    in_end_ -= in_begin_;
    in_begin_ = 0;
  }
  if (in_end_ == in_.size()) {
    in_.resize(in_.size() * 2);  // the parser bounds what it leaves here by its header limit
  }
  socket_.async_read_some(asio::buffer(in_.data() + in_end_, in_.size() - in_end_),
                          [self = shared_from_this()](const auto& failed, std::size_t bytes) {
                            self->received(failed, bytes);
                          });
}

void session::received(const boost::system::error_code& failed, std::size_t bytes) {
  g_.home.enter("ingress");
  if (phase_ == phase::closed) {
    return;
  }
  if (failed) {
    close();
    return;
  }
  if (phase_ == phase::streaming) {
    in_begin_ = in_end_ = 0;
    discarded_bytes_ += bytes;  // a listener has nothing more to say
    discarded_bytes_ < linger_pause_bytes ? read() : close();
    return;
  }
  if (phase_ == phase::lingering) {
    // Discards until the client has seen the answer and closes, or the time is up; what one sends
    // meanwhile is taken at a pace that costs the lane little.
    discarded_bytes_ += bytes;
    in_begin_ = in_end_ = 0;
    if (discarded_bytes_ < linger_pause_bytes) {
      read();
    } else {
      discarded_bytes_ = 0;
      kept_ = shared_from_this();
      arm(1);
    }
    return;
  }
  in_end_ += bytes;
  if (phase_ == phase::idle) {
    phase_ = phase::reading;
    request_began_ns_ = g_.home.now_ns();
    arm(g_.options.read_ms);
  } else if (header_seen_ &&
             g_.home.now_ns() - request_began_ns_ < request_read_ms_max * ns_per_ms) {
    arm(g_.options.read_ms);  // a body is under way; a header has one time for all of it
  }
  parse();
}

void session::parse() {
  boost::system::error_code failed;
  while (in_begin_ < in_end_ && !reader_->is_done()) {
    const std::size_t used =
        reader_->put(asio::buffer(in_.data() + in_begin_, in_end_ - in_begin_), failed);
    in_begin_ += used;
    if (!header_seen_ && reader_->is_header_done()) {
      header_seen_ = true;
      header_done();
      if (phase_ != phase::reading) {
        return;
      }
    }
    if (failed == http::error::need_more) {
      failed = {};
      break;
    }
    if (failed || used == 0) {
      break;
    }
  }
  if (failed) {
    bad_request(failed);
    return;
  }
  if (!reader_->is_done() && !charge_body()) {
    g_.stats.refused.add();
    refuse_and_close(503, failure::resource_exhausted, "limits.inflight_bytes is reached");
    return;
  }
  if (reader_->is_done()) {
    request_done();
    return;
  }
  read();
}

void session::header_done() {
  path_ = reader_->target.substr(0, reader_->target.find('?'));
  const auto length = reader_->content_length();
  if (length && *length > g_.options.body_max) {
    refuse_and_close(413, failure::too_large,
                     "the body has " + std::to_string(*length) + " bytes, at most " +
                         std::to_string(g_.options.body_max) + " are allowed");
    return;
  }
  if (length && *length > read_chunk_large && in_.size() < read_chunk_large) {
    in_.resize(read_chunk_large);
  }
  if (reader_->expects_continue && !reader_->is_done()) {
    static constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
    asio::async_write(socket_, asio::buffer(go_on),
                      [self = shared_from_this()](const auto& failed, std::size_t) {
                        if (failed) {
                          self->close();
                        }
                      });
  }
}

bool session::charge_body() {
  const std::uint64_t bytes = reader_->body.size();
  if (bytes <= free_body_bytes || bytes <= charged_bytes_) {
    return true;
  }
  const auto left = reader_->content_length_remaining();
  const std::uint64_t ahead = left ? std::min<std::uint64_t>(*left, charge_step) : charge_step;
  const std::uint64_t more = bytes - charged_bytes_ + ahead;
  if (!g_.budget.try_take(more)) {
    return false;
  }
  charged_bytes_ += more;
  return true;
}

void session::return_charge() noexcept {
  g_.budget.give_back(std::exchange(charged_bytes_, 0));
}

void session::bad_request(const boost::system::error_code& why) {
  if (why == http::error::body_limit) {
    refuse_and_close(413, failure::too_large,
                     "the body has more than " + std::to_string(g_.options.body_max) + " bytes");
  } else if (why == http::error::header_limit) {
    refuse_and_close(
        431, failure::invalid_argument,
        "the header has more than " + std::to_string(g_.options.header_max) + " bytes");
  } else {
    refuse_and_close(400, failure::invalid_argument,
                     "this is not an HTTP/1.1 request: " + why.message());
  }
}

void session::refuse_and_close(int status, failure why, std::string text) {
  return_charge();
  keep_alive_ = false;
  close_after_write_ = true;
  encoding_ = content_encoding::identity;
  is_head_ = false;
  phase_ = phase::handling;
  respond(refuse(path_, status, why, std::move(text)));
}

void session::request_done() {
  due_.unlink();
  phase_ = phase::handling;
  keep_alive_ = reader_->keep_alive();
  close_after_write_ = !keep_alive_;
  encoding_ = reader_->accept_encoding.empty() ? content_encoding::identity
                                               : choose_encoding(reader_->accept_encoding);
  is_head_ = reader_->method == http::verb::head;
  request_began_ns_ = g_.home.now_ns();
  http_request request;
  request.method = method_of(reader_->method);
  request.target = std::move(reader_->target);
  request.content_type = std::move(reader_->content_type);
  request.traceparent = std::move(reader_->traceparent);
  request.spawn_host = std::move(reader_->spawn_host);
  request.authorization = std::move(reader_->authorization);
  request.idempotency_key = std::move(reader_->idempotency_key);
  request.body = std::move(reader_->body);
  request.from_loopback = from_loopback_;
  request.remote_address = remote_;
  const auto self = shared_from_this();
  return_charge();  // the route charges what it keeps
  handle(g_, std::move(request), *this);
}

void session::expect_until(std::uint64_t deadline_ns) {
  // A last resort: whoever holds the request answers by its deadline.
  g_.home.timers().arm(due_, deadline_ns + g_.options.answer_grace_ms * ns_per_ms);
}

reply_slot& session::slot(std::function<http_response(outcome&)> convert) {
  waiting_ = new kernel_slot;
  waiting_->home = &g_.home;
  waiting_->owner = shared_from_this();
  waiting_->convert = std::move(convert);
  waiting_->arrived = [](reply_slot& arrived) {
    const std::unique_ptr<kernel_slot> mine(static_cast<kernel_slot*>(&arrived));
    mine->owner->answered(*mine);
  };
  return *waiting_;
}

void session::answered(kernel_slot& from) {
  if (waiting_ != &from) {
    g_.stats.late_answers.add();
    return;
  }
  waiting_ = nullptr;
  g_.stats.request_time.observe_ns(g_.home.now_ns() - request_began_ns_);
  if (phase_ == phase::handling) {
    respond(from.convert(from.result));
  }
}

void session::respond(http_response response) {
  if (response.why != failure::none) {
    note_failure(response);
  }
  due_.unlink();
  phase_ = phase::writing;
  write_response(response);
  asio::async_write(
      socket_, asio::buffer(out_),
      [self = shared_from_this()](const auto& failed, std::size_t) { self->written(failed); });
  arm(g_.options.read_ms);
}

void session::written(const boost::system::error_code& failed) {
  g_.home.enter("ingress");
  if (phase_ == phase::closed) {
    return;
  }
  if (failed) {
    close();
    return;
  }
  if (close_after_write_) {
    linger();
    return;
  }
  if (out_.capacity() > (1u << 16)) {
    out_ = {};
    encoded_ = {};
  }
  reader_.emplace(g_.options.header_max, g_.options.body_max);
  header_seen_ = false;
  path_.clear();
  if (in_begin_ < in_end_) {
    phase_ = phase::reading;
    request_began_ns_ = g_.home.now_ns();
    arm(g_.options.read_ms);
    parse();
    return;
  }
  phase_ = phase::idle;
  arm(g_.options.idle_ms);
  read();
}

// Closing at once would make the client's kernel throw away the answer it has not read yet.
void session::linger() {
  phase_ = phase::lingering;
  discarded_bytes_ = 0;
  boost::system::error_code ignored;
  socket_.shutdown(socket::shutdown_send, ignored);
  in_begin_ = in_end_ = 0;
  linger_until_ns_ = g_.home.now_ns() + linger_ms * ns_per_ms;
  arm(linger_ms);
  read();
}

void session::close() {
  if (phase_ == phase::closed) {
    return;
  }
  phase_ = phase::closed;
  kept_.reset();
  stream_.reset();
  due_.unlink();
  boost::system::error_code ignored;
  socket_.close(ignored);
}

void session::timer_fired() {
  const auto self = shared_from_this();
  if (phase_ == phase::streaming) {
    stream_timer_fired();
    return;
  }
  if (phase_ == phase::handling && waiting_ != nullptr) {
    SPAWN_LOG(error, "a request was not answered in time", {"peer", remote_}, {"path", path_});
    auto convert = waiting_->convert;
    waiting_ = nullptr;  // its answer, should it come, finds nobody
    outcome ended = outcome::failed(failure::outcome_unknown,
                                    "no answer by the deadline; the action may have run");
    respond(convert(ended));
    return;
  }
  const bool paused = std::exchange(kept_, nullptr) != nullptr;
  if (paused && phase_ == phase::lingering && g_.home.now_ns() < linger_until_ns_) {
    g_.home.timers().arm(due_, linger_until_ns_);
    read();
    return;
  }
  if (phase_ == phase::reading) {
    g_.stats.slow_clients.add();
    if (g_.slow_clients.allows(g_.home.now_ns())) {
      SPAWN_LOG(info, "a slow client was cut off", {"peer", remote_}, {"path", path_},
                {"more_since_last_line", g_.slow_clients.take_held_back()});
    }
  }
  close();
}

}  // namespace spawn
