#include "egress.hpp"

#include <algorithm>

#include "field_text.hpp"

namespace rabbitmq {

namespace {

constexpr std::uint16_t messages = 1, questions = 2;  // channels
constexpr int frames_per_round = 1'024;
// Numbers the broker never speaks about, whose ops have ended: then a new connection is better.
constexpr std::size_t unspoken_max = 65'536;

}  // namespace

void egress::want() noexcept {
  wanted_.store(true);
  inbox_.settle({});  // wakes the thread
}

std::string egress::unsettled() const {
  const std::size_t n = waiting_.size() + confirms_.open();
  return n == 0 ? std::string() : std::to_string(n) + " messages are not confirmed";
}

void egress::prepare(link& to) {
  to.open_channel(messages);
  to.select_confirms(messages);
  to.open_channel(questions);
}

void egress::serve(link& to) {
  away_why_.clear();
  backoff_.reset();
  board_.set(side_, {});
  for (bool quiet = false; !stopping();) {
    const bool more = read(to);
    take_inbox();
    write(to);
    expire();
    look_after_drain(quiet);
    quiet = !wait(to, !waiting_.empty() && !blocked(), more);
  }
}

void egress::lost(const std::string& why) {
  away_why_ = "RabbitMQ at " + how_.where() + ": " + why;
  if (!waiting_.empty() && waiting_.front().begun()) {
    waiting_.front().end(SPAWN_E_UNKNOWN_OUTCOME, away_why_);
    waiting_.pop_front();
  }
  for (outgoing& one : waiting_) {
    one.end(SPAWN_E_UNAVAILABLE, away_why_);
  }
  waiting_.clear();
  confirms_.lost(away_why_);
  incoming_ = {};
  exchanges_.clear();
  blocked_why_.clear();
  expire_at_.reset();
}

// While there is no connection: before the first try messages wait, later they are handed back.
void egress::idle() {
  take_inbox();
  if (away_why_.empty()) {
    return;
  }
  for (outgoing& one : waiting_) {
    one.end(SPAWN_E_UNAVAILABLE, away_why_);
  }
  waiting_.clear();
}

bool egress::read(link& to) {
  amqp_frame_t frame{};
  for (int n = 0; n < frames_per_round; ++n) {
    if (!to.next(frame)) {
      return false;
    }
    take(to, frame);
  }
  return true;
}

void egress::take(link& to, const amqp_frame_t& frame) {
  if (frame.channel == messages && incoming_.take(frame)) {
    if (const auto one = incoming_.whole(); one && one->returned) {
      confirms_.returned(*one);
    }
    return;
  }
  if (frame.frame_type != AMQP_FRAME_METHOD) {
    return;
  }
  const amqp_method_t& method = frame.payload.method;
  switch (method.id) {
    case AMQP_BASIC_ACK_METHOD: {
      const auto& fields = *static_cast<const amqp_basic_ack_t*>(method.decoded);
      confirms_.confirmed(fields.delivery_tag, fields.multiple != 0, true);
      break;
    }
    case AMQP_BASIC_NACK_METHOD: {
      const auto& fields = *static_cast<const amqp_basic_nack_t*>(method.decoded);
      confirms_.confirmed(fields.delivery_tag, fields.multiple != 0, false);
      break;
    }
    case AMQP_CONNECTION_BLOCKED_METHOD: {
      const auto& fields = *static_cast<const amqp_connection_blocked_t*>(method.decoded);
      blocked_why_ = "the broker takes no messages now: " + std::string(view(fields.reason));
      board_.set(side_, "RabbitMQ at " + how_.where() + ": " + blocked_why_);
      break;
    }
    case AMQP_CONNECTION_UNBLOCKED_METHOD:
      blocked_why_.clear();
      board_.set(side_, {});
      break;
    case AMQP_CHANNEL_CLOSE_METHOD: {
      const auto& fields = *static_cast<const amqp_channel_close_t*>(method.decoded);
      const std::string why = close_text(fields);
      confirms_.channel_closed(fields.reply_code, why);
      to.answer_close(frame.channel);
      throw link_lost(why);
    }
    default:
      break;
  }
}

void egress::take_inbox() {
  for (outgoing::op& op : inbox_.take().publishes) {
    using spawn::plugin::text;
    address to = address_of(text(op->destination), text(op->key), how_.sink);
    if (const auto refused = refuses(*op, to, how_)) {
      op.end(refused->status, refused->why);
      continue;
    }
    const std::uint64_t deadline = op->op.deadline_ns;
    if (deadline != 0) {
      expire_at_ = std::min(deadline, expire_at_.value_or(deadline));
    }
    waiting_.emplace_back(std::move(op), std::move(to));
  }
}

void egress::write(link& to) {
  if (blocked()) {
    while (!waiting_.empty() && !waiting_.back().begun()) {
      waiting_.back().end(SPAWN_E_EXHAUSTED, blocked_why_);
      waiting_.pop_back();
    }
    return;
  }
  while (!waiting_.empty() && to.has_room()) {
    outgoing& one = waiting_.front();
    if (!one.begun()) {
      if (!reachable(to, one)) {
        waiting_.pop_front();
        continue;
      }
      confirms_.sent(one.to(), one.message());
    }
    if (one.write(to, messages, how_, host_.unix_ms())) {
      confirms_.taken(one.release());
      waiting_.pop_front();
    }
  }
}

// A message to an exchange that is not there would end the channel, and with it what others have in
// flight; so each exchange is asked for once.
bool egress::reachable(link& to, outgoing& one) {
  const std::string& name = one.to().exchange;
  if (name.empty() || exchanges_.contains(name)) {
    return true;
  }
  try {
    to.require_exchange(questions, name);
    exchanges_.insert(name);
    return true;
  } catch (const channel_closed& e) {
    one.end(e.code() == 403 ? SPAWN_E_DENIED : SPAWN_E_NOT_FOUND, e.what());
    to.open_channel(questions);
    return false;
  }
}

void egress::expire() {
  const std::uint64_t now = host_.now_ns();
  if (!expire_at_ || now < *expire_at_) {
    return;
  }
  expire_at_ = confirms_.expire(now);
  const auto late = [&](const outgoing& one) {
    const std::uint64_t deadline = one.message().op.deadline_ns;
    if (deadline != 0 && deadline > now) {
      expire_at_ = std::min(deadline, expire_at_.value_or(deadline));
    }
    return deadline != 0 && deadline <= now;
  };
  if (!waiting_.empty() && waiting_.front().begun() && late(waiting_.front())) {
    // Half of it is with the broker, and its bytes go with the op: nothing can follow it.
    throw link_lost("a message could not be written in time");
  }
  std::erase_if(waiting_, [&](outgoing& one) {
    const bool over = late(one);
    if (over) {
      one.end(SPAWN_E_UNKNOWN_OUTCOME, "it was not written in time");
    }
    return over;
  });
  if (confirms_.unspoken() - confirms_.open() > unspoken_max) {
    throw link_lost("the broker confirms nothing");
  }
}

}  // namespace rabbitmq
