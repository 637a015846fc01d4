#include "source.hpp"

#include <algorithm>
#include <utility>

#include "consumer.hpp"
#include "subscriber.hpp"

namespace nats_source {

using nats_common::answer;
using spawn::plugin::verdict;

namespace {

constexpr std::uint64_t look_every_ns = 200'000'000;
constexpr std::uint64_t confirm_ns = 2'000'000'000;

}  // namespace

source::source(spawn::plugin::host_ref host, settings s)
    : session(host, s.connection),
      settings_(std::move(s)),
      to_host_(host),
      publisher_(*this, settings_) {
  if (settings_.jetstream) {
    intake_ = std::make_unique<consumer>(*this, settings_);
  } else {
    intake_ = std::make_unique<subscriber>(*this, settings_);
  }
}

// --- the session

void source::connected() {
  intake_->connected();
}

void source::disconnected() {
  // What was held is the next session's to bring again: late verdicts reach nobody.
  for (auto& [token, l] : std::exchange(held_, {})) {
    intake_->give_back(std::move(l));
  }
  give_back_ahead();
  intake_->disconnected();
}

void source::received(std::uint64_t subscription, nats_common::message_ptr m) {
  (void)intake_->received(subscription, std::move(m));
}

std::uint32_t source::patience_ms() const {
  const bool at_work = !held_.empty() || !ahead_.empty() || window_ > 0 || publisher_.busy();
  return at_work ? busy_ms : 250;
}

void source::work() {
  spawn::plugin::session_inbox::orders now = orders_.take();
  window_ = now.window;
  paused_ = now.paused;
  for (const verdict& one : now.verdicts) {
    obey(one);
  }
  for (auto& one : now.publishes) {
    publisher_.publish(std::move(one));
  }
  const bool open = !quiet_ && !paused_ && window_ > 0;
  if (quiet_ || paused_) {
    give_back_ahead();
  }
  offer();
  look_at_extended();
  const std::size_t here = held_.size() + ahead_.size();
  intake_->work(window_ > here ? window_ - here : 0, open);
}

void source::arrived(letter l) {
  l.came_ns = host().now_ns();
  ahead_.push_back(std::move(l));
  offer();
}

void source::offer() {
  if (quiet_ || paused_) {
    return;
  }
  while (!ahead_.empty() && held_.size() < window_) {
    letter l = std::move(ahead_.front());
    ahead_.pop_front();
    auto d = std::move(l.delivery);
    const std::uint64_t token = ++last_token_;
    d->token = token;
    // Known before it is offered: its verdict may come before offer() returns.
    letter& kept = held_[token];
    kept = std::move(l);
    if (!orders_.offer(to_host_, d)) {
      kept.delivery = std::move(d);
      ahead_.push_front(std::move(kept));
      held_.erase(token);
      return;
    }
  }
}

void source::obey(const verdict& v) {
  const auto answer = replies_.take(v.token);
  const auto at = held_.find(v.token);
  if (at == held_.end()) {
    return;  // settled already, or of a session that was lost
  }
  intake_->settle(at->second, v.kind, v.delay_ms, answer ? &*answer : nullptr);
  settles_out_ = true;
  if (v.kind != SPAWN_EXTEND) {
    held_.erase(v.token);  // not by the iterator: settle may have lost the session
  }
}

void source::look_at_extended() {
  const std::uint64_t now_ns = host().now_ns();
  if (now_ns < next_look_ns_) {
    return;
  }
  next_look_ns_ = now_ns + look_every_ns;
  for (auto& [token, l] : held_) {
    if (l.extended_until_ns > now_ns && l.next_progress_ns <= now_ns) {
      intake_->settle(l, SPAWN_EXTEND, 0, nullptr);
      if (!up()) {
        return;  // the session was lost over it, and with it what is looked at
      }
    }
  }
  // What waits too long to be offered would come to somebody else, too.
  const std::uint64_t keeps_ns = intake_->keeps_ns();
  while (keeps_ns != 0 && !ahead_.empty() && now_ns - ahead_.front().came_ns > keeps_ns) {
    letter l = std::move(ahead_.front());
    ahead_.pop_front();
    intake_->give_back(std::move(l));
  }
}

void source::give_back_ahead() {
  for (letter& l : std::exchange(ahead_, {})) {
    intake_->give_back(std::move(l));
  }
}

void source::quiesced() {
  quiet_ = true;
  settles_out_ = true;  // a drain confirms, so that what was on its way is given back
  give_back_ahead();
  intake_->work(0, false);
}

bool source::drained() {
  if (!up() || (!settles_out_ && !confirming_)) {
    return !publisher_.busy();
  }
  if (!confirming_) {
    // Verdicts have no answer; the server has read them when it has read what follows them.
    settles_out_ = false;
    confirming_ = true;
    confirm(host().now_ns() + confirm_ns, [this](const answer&) { confirming_ = false; });
  }
  return false;
}

void source::ended() {
  auto last = orders_.take();
  for (const verdict& one : last.verdicts) {
    obey(one);
  }
  for (auto& one : last.publishes) {
    one.end(SPAWN_E_SHUTDOWN, "the activator stops");
  }
  give_back_ahead();
  for (auto& [token, l] : std::exchange(held_, {})) {
    intake_->give_back(std::move(l));
  }
}

}  // namespace nats_source
