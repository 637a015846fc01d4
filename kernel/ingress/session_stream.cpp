// A session that has become a stream of events: it is written to until one side leaves. [lane]
#include <boost/asio/write.hpp>

#include "base/log.hpp"
#include "ingress/session.hpp"

namespace spawn {
namespace asio = boost::asio;

namespace {

constexpr std::uint64_t beat_ms = 15'000;

}  // namespace

void session::stream(std::string_view system, std::string_view channel) {
  phase_ = phase::streaming;
  out_ =
      "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-store\r\n"
      "connection: close\r\ndate: " +
      http_date(g_) + "\r\n\r\n";
  stream_ = std::make_unique<event_stream>(g_.router().listeners(), system, channel, [this] {
    if (stream_->is_behind() || stream_->is_over()) {
      arm(0);  // not from within whoever tells
    } else {
      write_events();
    }
  });
  in_begin_ = in_end_ = 0;
  read();  // tells when the listener leaves
  write_out();
}

void session::write_events() {
  if (stream_is_writing_) {
    return;
  }
  out_ = stream_->take();
  if (!out_.empty()) {
    write_out();
  }
}

void session::write_out() {
  stream_is_writing_ = true;
  arm(beat_ms);
  asio::async_write(socket_, asio::buffer(out_),
                    [self = shared_from_this()](const auto& failed, std::size_t) {
                      self->events_written(failed);
                    });
}

void session::events_written(const boost::system::error_code& failed) {
  g_.home.enter("ingress");
  stream_is_writing_ = false;
  if (phase_ == phase::closed) {
    return;
  }
  if (failed) {
    close();
    return;
  }
  if (stream_->is_behind() || stream_->is_over()) {
    return;  // the timer is about to fire
  }
  arm(beat_ms);
  write_events();
}

// One that takes a piece for that long, or that has lost events, is cut off: it sees the end, and
// connects again.
void session::stream_timer_fired() {
  if (stream_->is_over()) {
    close();
    return;
  }
  if (stream_is_writing_ || stream_->is_behind()) {
    g_.stats.slow_clients.add();
    if (g_.slow_clients.allows(g_.home.now_ns())) {
      SPAWN_LOG(info, "a slow listener was cut off", {"peer", remote_}, {"path", path_},
                {"more_since_last_line", g_.slow_clients.take_held_back()});
    }
    close();
    return;
  }
  out_ = event_stream::beat();
  write_out();
}

}  // namespace spawn
