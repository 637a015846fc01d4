#include "session.hpp"

#include <pthread.h>

#include <algorithm>
#include <utility>

namespace kafka_activator {

using spawn::plugin::guarded;
using spawn::plugin::level;
using std::chrono::milliseconds;

namespace {

constexpr int longest_wait_ms = 100;
constexpr int records_in_a_turn = 512;
// A window that is full only for a moment does not pause: that would throw away what was read
// ahead.
constexpr std::uint64_t full_before_pause_ns = 1'000'000'000;
constexpr std::uint64_t drain_limit_ns = 5'000'000'000;
constexpr milliseconds close_limit(1'500);
constexpr milliseconds flush_limit(500);

std::uint64_t in_ms(std::uint64_t now_ns, std::uint32_t ms) {
  return now_ns + std::uint64_t{ms} * 1'000'000;
}

}  // namespace

session::session(spawn::plugin::host_ref host, settings config, spawn::plugin::session_inbox& inbox)
    : host_(host),
      kernel_(host),
      config_(std::move(config)),
      inbox_(inbox),
      lag_(kernel_, records_),
      out_(host, config_, inbox.fd()) {}

session::~session() {
  stop();
}

void session::start(step op) {
  if (thread_.joinable() && !ended_) {
    return ask(errand_kind::resume, std::move(op));
  }
  if (thread_.joinable()) {
    thread_.join();
  }
  ended_ = false;
  thread_ = std::thread([this, started = std::move(op)]() mutable {
    ::pthread_setname_np(::pthread_self(), "sp.kafka");
    guarded(host_, [&] { run(std::move(started)); });
    guarded(host_, [&] { finish(); });
  });
}

void session::quiesce(step op) {
  ask(errand_kind::quiesce, std::move(op));
}
void session::drain(step op) {
  ask(errand_kind::drain, std::move(op));
}

void session::ask(errand_kind what, step op) {
  const std::lock_guard hold(mutex_);
  if (ended_) {
    return op.end(SPAWN_OK);
  }
  const std::uint64_t limit = host_.now_ns() + drain_limit_ns;
  const std::uint64_t deadline = op->deadline_ns == 0 ? limit : std::min(limit, op->deadline_ns);
  asked_.push_back({what, std::move(op), deadline});
  inbox_.wake();
}

void session::stop() {
  inbox_.stop();
  if (thread_.joinable()) {
    thread_.join();
  }
}

void session::run(step started) {
  try {
    make_consumer();
  } catch (const spawn::plugin::refused& no) {
    return started.end(no.status(), no.what());
  }
  report();
  started.end(SPAWN_OK);
  while (!stopping_) {
    turn();
    inbox_.wait(wait_ms());
  }
}

void session::turn() {
  obey(inbox_.take());
  keep_consumer();
  out_.poll();
  for (const std::uint64_t token : out_.arrived()) {
    records_.arrived(token);
  }
  if (in_ != nullptr) {
    read_and_offer();
    in_->turn();
    const bool paused = quiet_ || window_ == 0;
    lag_.starts(in_->latest().next_offsets);
    lag_.turn(in_->raw(), in_->partitions(), paused && in_->connected());
    report();
  }
  run_errands();
}

void session::obey(spawn::plugin::session_inbox::orders orders) {
  window_ = orders.paused ? 0 : orders.window;
  stopping_ = orders.stopping;
  for (const spawn::plugin::verdict& v : orders.verdicts) {
    switch (v.kind) {
      case SPAWN_ACK:
        records_.ack(v.token);
        break;
      case SPAWN_RETRY:
        records_.again(v.token, v.delay_ms == 0 ? 0 : in_ms(host_.now_ns(), v.delay_ms), true);
        break;
      case SPAWN_RELEASE:
        records_.again(v.token, 0, false);
        break;
      case SPAWN_DEAD:
        bury(v);
        break;
      default:  // EXTEND: nothing runs out
        break;
    }
  }
  for (auto& message : orders.publishes) {
    out_.publish(std::move(message));
  }
}

void session::bury(const spawn::plugin::verdict& v) {
  if (!config_.dead_letter_topic.empty()) {
    if (auto one = records_.bury(v.token)) {
      out_.bury(std::move(*one), v.why);
    }
    return;
  }
  if (const auto one = records_.bury(v.token)) {
    const message& m = *one->what;
    host_.log(level::warn, "a dead record is dropped: config has no dead_letter_topic",
              spawn::plugin::field{"topic", m.topic},
              spawn::plugin::field{"partition", m.partition_text},
              spawn::plugin::field{"offset", std::to_string(m.offset)},
              spawn::plugin::field{"reason", v.why});
    records_.arrived(v.token);
  }
}

bool session::room() const {
  return records_.offered() + records_.ready() < window_;
}

// Whether partitions flow. Of a window that is full, only when it has been so for a while not.
bool session::wanted() {
  if (quiet_ || window_ == 0) {
    return false;
  }
  if (room()) {
    full_since_ns_ = 0;
    return true;
  }
  const std::uint64_t now = host_.now_ns();
  full_since_ns_ = full_since_ns_ == 0 ? now : full_since_ns_;
  return now - full_since_ns_ < full_before_pause_ns;
}

void session::read_and_offer() {
  const bool open = wanted();
  in_->flow(open);
  offer_ready();
  more_ = false;
  for (int i = 0; i < records_in_a_turn; ++i) {
    // A full window: what was read ahead stays where it is, as long as partitions flow.
    if (open && !room()) {
      return;
    }
    if (!in_->read()) {
      return;
    }
    offer_ready();
  }
  more_ = true;
}

void session::offer_ready() {
  while (!quiet_ && records_.offered() < window_) {
    const auto next = records_.next(host_.now_ns());
    if (!next) {
      return;
    }
    auto one = delivery_of(*next->what, next->token, next->attempt);
    if (!inbox_.offer(kernel_, one)) {
      return records_.put_back(next->token);
    }
  }
}

void session::make_consumer() {
  in_ = std::make_unique<consumer>(
      consumer::surroundings{host_, config_, records_, inbox_.fd(), [this](milliseconds limit) {
                               inbox_.wait(static_cast<int>(limit.count()));
                               obey(inbox_.take());
                               out_.poll();
                               for (const std::uint64_t token : out_.arrived()) {
                                 records_.arrived(token);
                               }
                             }});
}

void session::keep_consumer() {
  if (in_ != nullptr && in_->failed()) {
    host_.health(false, *in_->failed());
    reported_ = *in_->failed();
    in_.reset();
    records_.close_all();
    retry_at_ns_ = in_ms(host_.now_ns(), retry_.next());
  }
  if (in_ == nullptr && host_.now_ns() >= retry_at_ns_) {
    try {
      make_consumer();
    } catch (const spawn::plugin::refused& no) {
      host_.log(level::error, "the consumer can not be made anew",
                spawn::plugin::field{"text", no.what()});
      retry_at_ns_ = in_ms(host_.now_ns(), retry_.next());
    }
  }
}

void session::report() {
  const std::string trouble = in_->trouble();
  if (trouble.empty()) {
    retry_.reset();
  }
  if (reported_ != trouble) {
    reported_ = trouble;
    host_.health(trouble.empty(), trouble);
  }
}

void session::run_errands() {
  {
    const std::lock_guard hold(mutex_);
    std::move(asked_.begin(), asked_.end(), std::back_inserter(errands_));
    asked_.clear();
  }
  for (auto at = errands_.begin(); at != errands_.end();) {
    const bool drain = at->what == errand_kind::drain;
    if (!drain) {
      quiet_ = at->what == errand_kind::quiesce;
    }
    const bool told = !drain || in_ == nullptr || in_->all_committed();
    if (!drain || (told && out_.idle()) || host_.now_ns() >= at->until_ns) {
      at->op.end(SPAWN_OK);
      at = errands_.erase(at);
    } else {
      ++at;
    }
  }
}

int session::wait_ms() const {
  if (more_) {
    return 0;
  }
  std::uint64_t due = UINT64_MAX;
  for (const std::uint64_t one : {records_.due_ns(), out_.due_ns()}) {
    due = one == 0 ? due : std::min(due, one);
  }
  const std::uint64_t now = host_.now_ns();
  const std::uint64_t ms = due <= now ? 1 : (due - now) / 1'000'000 + 1;
  return static_cast<int>(std::min<std::uint64_t>(ms, longest_wait_ms));
}

// Within five seconds, whatever the broker does.
void session::finish() {
  out_.close(flush_limit);
  if (in_ != nullptr) {
    in_->close(close_limit);
    in_.reset();
  }
  records_.close_all();
  for (auto& message : inbox_.take().publishes) {
    message.end(SPAWN_E_SHUTDOWN, "the instance has stopped");
  }
  const std::lock_guard hold(mutex_);
  ended_ = true;
  for (errand& one : asked_) {
    one.op.end(SPAWN_OK);
  }
  asked_.clear();
  for (errand& one : errands_) {
    one.op.end(SPAWN_OK);
  }
  errands_.clear();
}

}  // namespace kafka_activator
