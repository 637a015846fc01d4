#include "nats-common/session.hpp"

#include <poll.h>
#include <pthread.h>

#include <algorithm>
#include <random>
#include <utility>

namespace nats_common {

using spawn::plugin::level;
using spawn::plugin::pending;

namespace {

constexpr std::size_t thread_name_max = 15;

}  // namespace

session::session(spawn::plugin::host_ref host, connection_settings settings)
    : host_(host),
      settings_(std::move(settings)),
      mailbox_(std::make_shared<mailbox>()),
      asks_(settings_.inbox_prefix),
      backoff_(settings_.backoff_first_ms, settings_.backoff_most_ms),
      next_server_(std::random_device{}() % settings_.servers.size()) {}

// --- [control]

void session::order(std::vector<pending<spawn_op>> life_orders::* which, pending<spawn_op> op) {
  {
    const std::lock_guard hold(life_mutex_);
    (life_.*which).push_back(std::move(op));
  }
  wake();
}

void session::start(pending<spawn_op> op) {
  order(&life_orders::starts, std::move(op));
  if (!thread_.joinable()) {
    thread_ = std::thread([this] { run(); });
  }
}

void session::quiesce(pending<spawn_op> op) {
  order(&life_orders::quiesces, std::move(op));
}

void session::drain(pending<spawn_op> op) {
  order(&life_orders::drains, std::move(op));
}

void session::stop(pending<spawn_op> op) {
  if (!thread_.joinable()) {
    return op.end(SPAWN_OK);
  }
  order(&life_orders::stops, std::move(op));
}

void session::finish() noexcept {
  if (thread_.joinable()) {
    over_ = true;
    wake();
    thread_.join();
  }
}

// --- the thread

void session::run() noexcept {
  const std::string name = ("sp.nats." + settings_.instance).substr(0, thread_name_max);
  (void)::pthread_setname_np(::pthread_self(), name.c_str());
  while (stopping_.empty() && !over_) {
    try {
      step();
    } catch (const std::exception& e) {
      spawn::plugin::guarded(host_, [&] { lose(std::string("internal: ") + e.what()); });
    }
  }
  spawn::plugin::guarded(host_, [&] { end_all(); });
  nats_ReleaseThreadMemory();
  for (pending<spawn_op>& op : std::exchange(stopping_, {})) {
    op.end(SPAWN_OK);
  }
}

void session::step() {
  wait();
  life_orders orders;
  {
    const std::lock_guard hold(life_mutex_);
    orders = std::exchange(life_, {});
  }
  obey(std::move(orders));
  if (!stopping_.empty()) {
    return;
  }
  connect_if_due();
  read_mailbox();
  asks_.expire(host_.now_ns());
  work();
  look_at_drains();
}

void session::obey(life_orders orders) {
  for (pending<spawn_op>& op : orders.starts) {
    resumed();
    op.end(SPAWN_OK);
  }
  for (pending<spawn_op>& op : orders.quiesces) {
    quiesced();
    op.end(SPAWN_OK);
  }
  for (pending<spawn_op>& op : orders.drains) {
    draining_.push_back(std::move(op));
    drain_until_ = clock::now() + std::chrono::milliseconds(drain_ms);
  }
  for (pending<spawn_op>& op : orders.stops) {
    stopping_.push_back(std::move(op));
  }
}

void session::look_at_drains() {
  if (!draining_.empty() && (drained() || clock::now() >= drain_until_)) {
    for (pending<spawn_op>& op : std::exchange(draining_, {})) {
      op.end(SPAWN_OK);
    }
  }
}

void session::connect_if_due() {
  if (connection_ != nullptr || clock::now() < next_try_) {
    return;
  }
  const std::string& server = settings_.servers[next_server_++ % settings_.servers.size()];
  std::string why;
  connection_ = connection::open(settings_, server, mailbox_, why);
  if (connection_ == nullptr) {
    next_try_ = clock::now() + std::chrono::milliseconds(backoff_.next());
    return serving(false, "can not reach NATS at " + shown(server) + ": " + why);
  }
  inbox_subscription_ = subscribe(asks_.inbox_pattern(), {});
  if (inbox_subscription_ != 0) {
    host_.log(level::info, "connected to NATS", std::pair{"server", shown(server)});
    // A server that takes connections and says nothing is none.
    confirm(host_.now_ns() + std::uint64_t{settings_.connect_ms} * 1'000'000, [this](answer a) {
      if (a.how == fate::timed_out) {
        lose("NATS does not answer");
      }
    });
    connected();
  }
}

void session::read_mailbox() {
  mailbox::contents in = mailbox_->take();
  for (const std::string& problem : in.problems) {
    host_.log(level::warn, "NATS complains", std::pair{"problem", problem});
  }
  if (in.dropped != 0) {
    dropped_ += in.dropped;
    host_.log(level::warn, "messages were dropped: more came in than could be taken",
              std::pair{"dropped", std::to_string(dropped_)});
  }
  for (nats_common::received& one : in.messages) {
    if (connection_ != nullptr && one.subscription == inbox_subscription_) {
      backoff_.reset();  // it does not only accept, it answers
      asks_.arrived(std::move(one.message));
    } else {
      received(one.subscription, std::move(one.message));
    }
  }
  if (connection_ != nullptr && in.closed >= connection_->number()) {
    lose("the connection to NATS was lost");
  }
}

void session::wait() const {
  pollfd both[2] = {{mailbox_->fd(), POLLIN, 0}, {work_fd(), POLLIN, 0}};
  std::uint32_t ms = std::min(asks_.empty() ? idle_ms : busy_ms, patience_ms());
  if (!draining_.empty()) {
    ms = std::min(ms, busy_ms);
  }
  if (connection_ == nullptr) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(next_try_ - clock::now()).count();
    ms = std::min(ms, left <= 0 ? 0u : static_cast<std::uint32_t>(left) + 1u);
  }
  (void)::poll(both, 2, static_cast<int>(ms));
}

void session::end_all() {
  quiesced();
  asks_.fail_all(fate::lost);
  ended();
  connection_.reset();
  for (pending<spawn_op>& op : std::exchange(draining_, {})) {
    op.end(SPAWN_OK);
  }
  const std::lock_guard hold(life_mutex_);
  for (auto* ops : {&life_.starts, &life_.quiesces, &life_.drains, &life_.stops}) {
    for (pending<spawn_op>& op : std::exchange(*ops, {})) {
      stopping_.push_back(std::move(op));
    }
  }
}

// --- services

std::size_t session::max_payload() const noexcept {
  return connection_ == nullptr ? 0 : connection_->max_payload();
}

spawn_status session::publish(const outgoing& m) {
  if (connection_ == nullptr) {
    return SPAWN_E_UNAVAILABLE;
  }
  switch (connection_->publish(m)) {
    case NATS_OK:
      return SPAWN_OK;
    case NATS_MAX_PAYLOAD:
      return SPAWN_E_TOO_LARGE;
    case NATS_INVALID_SUBJECT:
    case NATS_INVALID_ARG:
      return SPAWN_E_INVALID;
    case NATS_CONNECTION_CLOSED:
      return SPAWN_E_UNAVAILABLE;  // the mailbox tells of it next
    default:
      return SPAWN_E_UNKNOWN_OUTCOME;
  }
}

void session::ask(outgoing m, std::uint64_t deadline_ns, on_answer who) {
  m.reply = asks_.add(deadline_ns, std::move(who));
  const spawn_status status = publish(m);
  if (status != SPAWN_OK) {
    asks_.fail(m.reply, status == SPAWN_E_UNKNOWN_OUTCOME ? fate::lost : fate::unsent, status);
  }
}

void session::confirm(std::uint64_t deadline_ns, on_answer who) {
  outgoing echo;
  echo.subject = asks_.add(deadline_ns, std::move(who));
  if (publish(echo) != SPAWN_OK) {
    asks_.fail(echo.subject, fate::lost);
  }
}

std::uint64_t session::subscribe(const std::string& subject, const std::string& group) {
  if (connection_ == nullptr) {
    return 0;
  }
  const std::uint64_t id = next_subscription_++;
  if (const natsStatus status = connection_->subscribe(id, subject, group); status != NATS_OK) {
    lose("can not listen to " + subject + ": " + natsStatus_GetText(status));
    return 0;
  }
  return id;
}

void session::unsubscribe(std::uint64_t subscription) {
  if (connection_ != nullptr) {
    connection_->unsubscribe(subscription);
  }
}

void session::unsubscribe_later(std::uint64_t subscription) {
  if (connection_ != nullptr) {
    connection_->empty_out(subscription);
  }
}

bool session::is_empty(std::uint64_t subscription) const {
  return connection_ == nullptr || connection_->is_empty(subscription);
}

void session::lose(const std::string& why) {
  if (connection_ == nullptr) {
    return;
  }
  connection_.reset();
  next_try_ = clock::now() + std::chrono::milliseconds(backoff_.next());
  serving(false, why);
  asks_.fail_all(fate::lost);
  disconnected();
}

void session::serving(bool yes, const std::string& why) {
  if (told_ && serving_ == yes && told_why_ == why) {
    return;
  }
  told_ = true;
  serving_ = yes;
  told_why_ = why;
  host_.health(yes, why);
  if (yes) {
    host_.log(level::info, "NATS is served");
  } else {
    host_.log(level::warn, "NATS is not served", std::pair{"why", why});
  }
}

}  // namespace nats_common
