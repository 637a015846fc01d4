#include "session.hpp"

#include <pthread.h>

#include <algorithm>
#include <exception>
#include <utility>

#include "date_text.hpp"

namespace cron_activator {

namespace sp = spawn::plugin;

namespace {

// How often the clock is looked at: the host has one that a simulation moves, and nobody can wait
// on a wall clock that may be set.
constexpr int turn_ms = 100;
constexpr int drain_turns_max = 20;
constexpr std::uint64_t lag_every_ns = 1'000'000'000;
constexpr std::size_t thread_name_chars = 12;

}  // namespace

session::session(const sp::activator_host& host, std::string_view instance,
                 std::vector<schedule> schedules)
    : host_(host),
      thread_name_("sp." + std::string(instance.substr(0, thread_name_chars))),
      table_(std::move(schedules)),
      told_(table_.schedules().size()) {}

void session::start() {
  quiesced_.store(false);
  if (!thread_.joinable()) {
    thread_ = std::thread([this] { run(); });
  }
}

void session::drain(sp::pending<spawn_op> op) {
  if (!thread_.joinable()) {
    return op.end(SPAWN_OK);
  }
  const std::lock_guard hold(draining_mutex_);
  draining_ = std::move(op);
  drain_turns_ = 0;
}

void session::stop() {
  inbox_.stop();
  if (thread_.joinable()) {
    thread_.join();
  }
}

void session::run() {
  (void)::pthread_setname_np(::pthread_self(), thread_name_.c_str());
  sp::guarded(host_.host(), [&] {
    begin();
    for (bool stopping = false; !stopping;) {
      const auto orders = inbox_.take();
      turn(orders);
      stopping = orders.stopping;
      if (!stopping) {
        inbox_.wait(turn_ms);
      }
    }
  });
  end_drain(true);
}

void session::begin() {
  for (std::size_t i = 0; i < table_.schedules().size(); ++i) {
    const std::string& name = table_.schedules()[i].times.name;
    if (!table_.begin(i, host_.cursor(name), host_.host().unix_ms())) {
      host_.host().log(sp::level::warn, "a cursor can not be read: the schedule begins now",
                       sp::field{"schedule", name});
    }
  }
  remember();
  host_.host().health(true, "");
}

void session::turn(const sp::session_inbox::orders& orders) {
  for (const sp::verdict& one : orders.verdicts) {
    table_.settle(one.token, one.kind, one.delay_ms, host_.host().now_ns());
  }
  if (!orders.stopping && !quiesced_.load()) {
    offer_due(orders.window);
  }
  remember();
  tell_lag();
  end_drain(table_.out() == 0);
}

void session::offer_due(std::uint32_t window) {
  if (table_.out() >= window) {
    return;
  }
  const auto due =
      table_.take(host_.host().unix_ms(), host_.host().now_ns(), window - table_.out());
  remember();  // before anybody works on them
  for (auto at = due.begin(); at != due.end(); ++at) {
    auto d = delivery_of(*at);
    if (!inbox_.offer(host_, d)) {
      std::for_each(at, due.end(), [&](const fire_ref& fire) { table_.give_back(fire); });
      return;
    }
  }
}

std::unique_ptr<sp::delivery> session::delivery_of(const fire_ref& fire) const {
  const schedule& from = table_.schedules()[fire.schedule];
  const std::string due = std::to_string(fire.due_ms);
  auto out = std::make_unique<sp::delivery>();
  out->token = fire.token;
  out->attempt = fire.attempt;
  out->flags = fire.attempt > 1 ? std::uint32_t{SPAWN_D_REDELIVERED} : 0;
  out->source = from.times.name;
  out->system = from.system;
  out->parent = from.parent;
  out->name = from.actor;
  out->register_ref = from.register_ref;
  out->action = from.action;
  out->presence = from.payload ? SPAWN_P_VALUE : SPAWN_P_UNSET;
  if (from.payload) {
    out->payload = *from.payload;
    out->content_type = "application/json";
  }
  out->order_key = from.times.name;
  out->dedup_id = from.times.name + "/" + due;
  out->headers = {{"cron-schedule", from.times.name},
                  {"cron-due", due},
                  {"cron-due-utc", utc_text(fire.due_ms)}};
  return out;
}

void session::remember() {
  for (std::size_t i = 0; i < table_.schedules().size(); ++i) {
    if (const auto cursor = table_.changed_cursor(i)) {
      const std::string& name = table_.schedules()[i].times.name;
      if (host_.set_cursor(name, *cursor) != SPAWN_OK) {
        host_.host().log(sp::level::error, "a cursor was not kept", sp::field{"schedule", name});
      }
    }
  }
}

void session::tell_lag() {
  const std::uint64_t now_ns = host_.host().now_ns();
  const std::int64_t unix_ms = host_.host().unix_ms();
  const bool again = now_ns - told_at_ns_ >= lag_every_ns;
  told_at_ns_ = again ? now_ns : told_at_ns_;
  for (std::size_t i = 0; i < told_.size(); ++i) {
    // That nothing waits any more is told at once.
    if (!again && (told_[i].messages == 0 || table_.waits(i, unix_ms))) {
      continue;
    }
    if (const waiting now = table_.lag(i, unix_ms); now != told_[i]) {
      told_[i] = now;
      host_.lag(table_.schedules()[i].times.name, now.messages, now.oldest_ms);
    }
  }
}

void session::end_drain(bool now) {
  const std::lock_guard hold(draining_mutex_);
  if (draining_ && (now || ++drain_turns_ > drain_turns_max)) {
    std::exchange(draining_, std::nullopt)->end(SPAWN_OK);
  }
}

}  // namespace cron_activator
