#include "intake.hpp"

#include <algorithm>
#include <utility>

#include "deliveries.hpp"

namespace pubsub {

namespace {

constexpr std::uint64_t second_ns = 1'000'000'000;
constexpr std::uint32_t deadline_s_most = 600;  // the server takes no longer one
// What a server that does not keep to a stream's bounds can pile up here.
constexpr std::size_t ahead_most = 1'000;
constexpr std::size_t parked_most = 1'000;
constexpr std::size_t condemned_most = 10'000;
// A dead letter that could not be published comes again after so long.
constexpr std::uint32_t bury_again_s = 10;

std::uint32_t seconds_of(std::uint32_t ms) {
  return std::min(static_cast<std::uint32_t>((std::uint64_t{ms} + 999) / 1'000), deadline_s_most);
}

}  // namespace

void intake::set_window(std::uint32_t window) {
  window_ = window;
  if (window == 0) {
    for (const waiting& one : std::exchange(waiting_, {})) {
      give_back(one.held.ack_id, one.held.until_ns);
    }
  }
}

void intake::give_back(const std::string& ack_id, std::uint64_t until_ns) {
  settler_->modify(ack_id, 0, until_ns);
}

bool intake::full() const {
  return waiting_.size() >= std::max<std::size_t>(ahead_most, window_);
}

std::uint64_t intake::settle_by(std::uint64_t until_ns) const {
  const std::uint64_t deadline = settings_->ack_deadline_s * second_ns;
  return until_ns - std::min(deadline / 4, 5 * second_ns);
}

void intake::take(api::StreamingPullResponse& response) {
  if (response.has_subscription_properties()) {
    ordered_ = response.subscription_properties().message_ordering_enabled();
  }
  for (api::ReceivedMessage& one : *response.mutable_received_messages()) {
    take_one(one);
  }
}

void intake::take_one(api::ReceivedMessage& from) {
  const std::uint64_t until = host_.host().now_ns() + settings_->ack_deadline_s * second_ns;
  if (window_ == 0 || condemned_.contains(from.message().message_id())) {
    return give_back(from.ack_id(), until);
  }
  waiting one;
  one.held = {from.ack_id(), from.message().message_id(), until, nullptr};
  if (!settings_->dead_letter_topic.empty()) {
    one.held.copy = std::make_unique<api::PubsubMessage>(from.message());
  }
  one.delivery = delivery_of(*settings_, ordered_, from);
  waiting_.push_back(std::move(one));
}

void intake::offer() {
  while (!waiting_.empty() && leases_.size() < window_) {
    waiting one = std::move(waiting_.front());
    waiting_.pop_front();
    const std::uint64_t token = ++last_token_;
    one.delivery->token = token;
    one.delivery->settle_by_ns = settle_by(one.held.until_ns);
    // Known before it is offered: the verdict may come before offer() returns.
    const auto at = leases_.emplace(token, std::move(one.held)).first;
    if (!host_.offer(0, one.delivery)) {
      one.held = std::move(at->second);
      leases_.erase(at);
      waiting_.push_front(std::move(one));
      return;
    }
  }
}

void intake::keep() {
  const std::uint64_t now = host_.host().now_ns();
  const std::uint64_t deadline = settings_->ack_deadline_s * second_ns;
  for (waiting& one : waiting_) {
    if (one.held.until_ns < now + deadline / 2) {
      one.held.until_ns = now + deadline;
      settler_->modify(one.held.ack_id, settings_->ack_deadline_s, one.held.until_ns);
    }
  }
}

void intake::settle(const spawn::plugin::verdict& verdict) {
  const auto at = leases_.find(verdict.token);
  if (at == leases_.end()) {
    return;
  }
  lease& one = at->second;
  if (verdict.kind == SPAWN_EXTEND) {
    const std::uint32_t seconds = std::max(seconds_of(verdict.delay_ms), 1U);
    one.until_ns = host_.host().now_ns() + seconds * second_ns;
    return settler_->modify(one.ack_id, seconds, one.until_ns);
  }
  lease last = std::move(one);
  leases_.erase(at);
  switch (verdict.kind) {
    case SPAWN_ACK:
      return settler_->acknowledge(std::move(last.ack_id), last.until_ns);
    case SPAWN_DEAD:
      return bury(std::move(last));
    case SPAWN_RETRY: {
      const std::uint32_t seconds = seconds_of(verdict.delay_ms);
      if (seconds > 0 && parked_until_ns_.size() < parked_most) {
        parked_until_ns_.push_back(host_.host().now_ns() + seconds * second_ns);
      }
      return settler_->modify(std::move(last.ack_id), seconds, last.until_ns);
    }
    default:
      return give_back(last.ack_id, last.until_ns);
  }
}

void intake::bury(lease&& one) {
  if (one.copy != nullptr) {
    return dead_->publish(std::move(*one.copy), std::move(one.ack_id), one.until_ns, *this);
  }
  if (settings_->dead_letters_by_policy) {
    condemn(one.message_id);
    return give_back(one.ack_id, one.until_ns);
  }
  settler_->acknowledge(std::move(one.ack_id), one.until_ns);
}

void intake::buried(std::string ack_id, std::uint64_t until_ns, bool published) {
  if (published) {
    settler_->acknowledge(std::move(ack_id), until_ns);
  } else {
    settler_->modify(std::move(ack_id), bury_again_s, until_ns);
  }
}

// Remembered until so many others are: the policy takes it after some deliveries.
void intake::condemn(const std::string& message_id) {
  if (condemned_.insert(message_id).second) {
    condemned_order_.push_back(message_id);
  }
  if (condemned_order_.size() > condemned_most) {
    condemned_.erase(condemned_order_.front());
    condemned_order_.pop_front();
  }
}

void intake::release_all() {
  set_window(0);
  for (const auto& [token, one] : leases_) {
    give_back(one.ack_id, one.until_ns);
  }
  leases_.clear();
}

std::uint64_t intake::parked() {
  const std::uint64_t now = host_.host().now_ns();
  std::erase_if(parked_until_ns_, [&](std::uint64_t until) { return until <= now; });
  return parked_until_ns_.size();
}

}  // namespace pubsub
