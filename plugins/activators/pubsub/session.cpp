#include "session.hpp"

#include <poll.h>
#include <pthread.h>

#include <algorithm>
#include <array>

namespace pubsub {

namespace {

// The longest the thread sleeps.
constexpr int look_ms = 500;
constexpr std::uint32_t keep_ms = 1'000;
constexpr std::uint32_t drain_ms = 10'000;
// For what is given back at the end to reach the server, and then for calls to be cancelled.
constexpr std::uint32_t give_back_ms = 1'000;
constexpr std::uint32_t cancel_ms = 3'000;

}  // namespace

session::session(settings s, spawn::plugin::activator_host host)
    : settings_(std::move(s)),
      host_(host),
      connection_(settings_, host.host(), io_),
      subscriber_(api::Subscriber::NewStub(connection_.channel())),
      publisher_stub_(api::Publisher::NewStub(connection_.channel())),
      calls_(io_),
      settler_(settings_, host.host(), *subscriber_, calls_),
      dead_(settings_, host.host(), *publisher_stub_, calls_),
      intake_(settings_, host, settler_, dead_),
      fetcher_(settings_, *subscriber_, io_, intake_),
      publisher_(settings_, host.host(), *publisher_stub_, calls_) {}

session::~session() {
  stop();
}

void session::start() {
  quiesced_ = false;
  if (!thread_.joinable()) {
    io_.start();
    thread_ = std::thread([this] { run(); });
    pthread_setname_np(thread_.native_handle(), "sp.pubsub");
  }
}

void session::quiesce() {
  quiesced_ = true;
}

void session::drain(spawn::plugin::pending<spawn_op> op) {
  if (!thread_.joinable()) {
    return op.end(SPAWN_OK);
  }
  draining one{std::move(op), {}};
  one.left.start(drain_ms);
  const std::lock_guard hold(drains_);
  draining_.push_back(std::move(one));
}

void session::stop() {
  if (thread_.joinable()) {
    inbox_.stop();
    thread_.join();
  }
}

void session::lane_opened() {
  const std::lock_guard hold(lane_);
  lane_open_ = true;
  lane_gone_ = false;
}

void session::lane_closed() {
  {
    const std::lock_guard hold(lane_);
    lane_open_ = false;
    lane_gone_ = true;
  }
  inbox_.set_window(0, true);
}

void session::run() noexcept {
  // Own words for an error that nothing else has caught: the instance is started again.
  spawn::plugin::guarded(host_.host(), [&] {
    host_.lag(settings_.subscription, UINT64_MAX);  // the service does not tell it
    connection_.watch();
    while (!stopping_) {
      wait_for_more();
      turn();
    }
  });
  spawn::plugin::guarded(host_.host(), [&] { wind_up(); });
}

void session::wait_for_more() {
  int limit = look_ms;
  for (const int one : {settler_.wait_ms(), publisher_.wait_ms(), fetcher_.wait_ms()}) {
    limit = one < 0 ? limit : std::min(limit, one);
  }
  std::array<pollfd, 2> both{pollfd{inbox_.fd(), POLLIN, 0}, pollfd{io_.events().fd(), POLLIN, 0}};
  (void)::poll(both.data(), both.size(), limit);
}

void session::turn() {
  auto orders = inbox_.take();
  stopping_ = orders.stopping;
  window_ = quiesced_ ? 0 : orders.window;
  for (const auto& one : orders.verdicts) {
    intake_.settle(one);
  }
  intake_.set_window(window_);
  for (auto& one : orders.publishes) {
    publisher_.add(std::move(one));
  }
  io_.events().handle_all();
  offer();
  const bool fetches = window_ != 0 && !settings_.subscription.empty();
  fetcher_.adjust(fetches ? window_ + intake_.parked() : 0);
  if (keep_.over()) {
    keep_.start(keep_ms);
    intake_.keep();
  }
  tell_health();
  settler_.flush();
  publisher_.flush(connection_.trouble());
  end_drains();
}

void session::offer() {
  const std::lock_guard hold(lane_);
  if (lane_open_) {
    intake_.offer();
  } else if (std::exchange(lane_gone_, false)) {
    intake_.release_all();
  }
}

bool session::idle() const {
  return settler_.idle() && dead_.idle() && publisher_.idle();
}

void session::end_drains() {
  // Without a connection nothing reaches the server: what is out comes again.
  const bool done = intake_.unsettled() == 0 && (idle() || !connection_.trouble().empty());
  const std::lock_guard hold(drains_);
  std::erase_if(draining_, [&](draining& one) {
    if (!done && !one.left.over() && !stopping_) {
      return false;
    }
    one.op.end(SPAWN_OK);
    return true;
  });
}

void session::tell_health() {
  const std::string away = connection_.trouble();
  const std::string& why = away.empty() ? fetcher_.trouble() : away;
  const bool serving = connection_.made() && why.empty();
  if (!serving && why.empty()) {
    return;  // it may be there in a moment
  }
  if (told_serving_ != serving || told_why_ != why) {
    told_serving_ = serving;
    told_why_ = why;
    host_.host().health(serving, why);
  }
}

void session::wind_up() {
  intake_.release_all();
  const bool connected = connection_.made();
  publisher_.flush(connection_.trouble());
  connection_.unwatch();
  wait left;
  left.start(connected ? give_back_ms : 0);
  const auto listen = [&] {
    pollfd one{io_.events().fd(), POLLIN, 0};
    (void)::poll(&one, 1, std::clamp(left.left_ms(), 1, look_ms));
    io_.events().handle_all();
  };
  while (!left.over() && !(idle() && fetcher_.none())) {
    fetcher_.adjust(0);
    settler_.flush();
    listen();
  }
  left.start(cancel_ms);
  while (!left.over() && !(calls_.none() && fetcher_.none())) {
    calls_.cancel_all();
    fetcher_.cancel_all();
    listen();
  }
  io_.stop();
  publisher_.end_all(SPAWN_E_UNAVAILABLE, "the instance is stopped");
  stopping_ = true;
  end_drains();
}

}  // namespace pubsub
