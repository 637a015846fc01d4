#include "intake.hpp"

#include <algorithm>

#include "field_text.hpp"

namespace rabbitmq {

namespace {

constexpr std::uint16_t messages = 1, questions = 2;  // channels
constexpr int frames_per_round = 1'024;
constexpr std::size_t delayed_max = 4'096;  // past it no new consumer makes up for them
constexpr std::uint64_t ns_per_ms = 1'000'000;
constexpr std::uint64_t lag_every_ns = 1'000 * ns_per_ms;
constexpr std::uint64_t consume_most_ns = 30'000 * ns_per_ms;  // for the broker to say yes

}  // namespace

void intake::hold_back(bool on) {
  held_back_.store(on);
  inbox_.settle({});  // wakes the thread
}

void intake::lane_is_open(bool open) {
  lane_open_.store(open);
  inbox_.settle({});  // wakes the thread
}

bool intake::open() const noexcept {
  return window_ > 0 && !paused_ && !held_back_.load() && lane_open_.load();
}

std::string intake::unsettled() const {
  if (offered_.empty() && answers_.empty() && !book_.has_acks()) {
    return {};
  }
  return std::to_string(offered_.size()) + " deliveries are not settled";
}

void intake::prepare(link& to) {
  to.open_channel(messages);
  to.declare_queue(messages);
  to.open_channel(questions);
}

void intake::serve(link& to) {
  board_.set(side_, "waiting for the queue " + how_.queue);
  for (bool quiet = false; !stopping();) {
    const bool more = read(to);
    take_inbox();
    release_due();
    offer();
    answer(to);
    follow_window(to, quiet);
    ask_lag(to);
    look_after_drain(quiet);
    const bool unwritten = !answers_.empty() || book_.has_acks();
    quiet = !wait(to, unwritten, more);
  }
  take_inbox();
  answer(to);
}

// What is not settled comes again by itself.
void intake::lost(const std::string&) {
  base_ += last_tag_;
  last_tag_ = consumer_from_ = 0;
  plan_.forget();
  book_ = {};
  incoming_ = {};
  ahead_.clear();
  answers_.clear();
  delayed_.clear();
  lag_asked_ = false;
  lag_at_.reset();
  consume_until_.reset();
  if (lag_told_) {
    lag_told_.reset();
    kernel_.lag(how_.queue, UINT64_MAX);
  }
}

void intake::idle() {
  take_inbox();
}

bool intake::read(link& to) {
  amqp_frame_t frame{};
  for (int n = 0; n < frames_per_round; ++n) {
    if (!to.next(frame)) {
      return false;
    }
    take(to, frame);
  }
  return true;
}

void intake::take(link& to, const amqp_frame_t& frame) {
  if (frame.channel == messages && incoming_.take(frame)) {
    if (auto one = incoming_.whole()) {
      last_tag_ = one->tag;
      book_.delivered(one->tag);
      ahead_.push_back(as_delivery(std::move(*one), base_ + last_tag_, how_));
    }
    return;
  }
  if (frame.frame_type != AMQP_FRAME_METHOD) {
    return;
  }
  const amqp_method_t& method = frame.payload.method;
  switch (method.id) {
    case AMQP_CHANNEL_CLOSE_METHOD: {
      const std::string why = close_text(*static_cast<const amqp_channel_close_t*>(method.decoded));
      to.answer_close(frame.channel);
      throw link_lost(why);
    }
    case AMQP_BASIC_CANCEL_METHOD:
      throw link_lost("the queue " + how_.queue + " was deleted, or moved");
    case AMQP_BASIC_CONSUME_OK_METHOD:
      consume_until_.reset();
      backoff_.reset();
      board_.set(side_, {});
      break;
    case AMQP_QUEUE_DECLARE_OK_METHOD: {
      const auto& answer = *static_cast<const amqp_queue_declare_ok_t*>(method.decoded);
      lag_asked_ = false;
      if (!plan_.consuming()) {
        board_.set(side_, {});
      }
      if (const std::uint64_t waits = answer.message_count + ahead_.size(); lag_told_ != waits) {
        lag_told_ = waits;
        kernel_.lag(how_.queue, waits);
      }
      break;
    }
    default:
      break;
  }
}

void intake::take_inbox() {
  const bool closed = !lane_open_.load();  // then all its verdicts are there
  const auto now = inbox_.take();
  refused_ = refused_ && now.verdicts.empty() && now.window == window_ && now.paused == paused_;
  window_ = now.window;
  paused_ = now.paused;
  for (const spawn::plugin::verdict& one : now.verdicts) {
    obey(one);
  }
  if (closed) {
    give_back_unsettled();
  }
}

void intake::give_back_unsettled() {
  std::vector<std::uint64_t> tokens(offered_.begin(), offered_.end());
  std::sort(tokens.begin(), tokens.end());
  offered_.clear();
  for (const std::uint64_t token : tokens) {
    if (token > base_) {
      answers_.push_back({token - base_, true});
    }
  }
}

void intake::give_back_ahead() {
  for (const auto& one : ahead_) {
    answers_.push_back({one->token - base_, true});
  }
  ahead_.clear();
}

void intake::obey(const spawn::plugin::verdict& one) {
  if (one.kind == SPAWN_EXTEND || offered_.erase(one.token) == 0 || one.token <= base_) {
    return;  // of a lost session, or not final
  }
  const std::uint64_t tag = one.token - base_;
  switch (one.kind) {
    case SPAWN_ACK:
      book_.acked(tag);
      break;
    case SPAWN_DEAD:
      answers_.push_back({tag, false});
      break;
    case SPAWN_RETRY:
      if (one.delay_ms > 0) {
        delayed_.emplace(host_.now_ns() + one.delay_ms * ns_per_ms, tag);
        break;
      }
      [[fallthrough]];
    default:
      answers_.push_back({tag, true});
      break;
  }
}

void intake::release_due() {
  if (delayed_.empty()) {
    return;
  }
  const auto end = delayed_.upper_bound(host_.now_ns());
  for (auto at = delayed_.begin(); at != end; at = delayed_.erase(at)) {
    answers_.push_back({at->second, true});
  }
}

void intake::offer() {
  if (paused_ || held_back_.load()) {
    give_back_ahead();
  }
  while (open() && !refused_ && !ahead_.empty() && offered_.size() < window_) {
    const std::uint64_t token = ahead_.front()->token;
    offered_.insert(token);  // its verdict may come before offer() returns
    if (!inbox_.offer(kernel_, ahead_.front())) {
      offered_.erase(token);
      refused_ = true;
      return;
    }
    ahead_.pop_front();
  }
}

void intake::answer(link& to) {
  std::size_t gone = 0;
  for (; gone < answers_.size() && to.has_room(); ++gone) {
    const auto& [tag, requeue] = answers_[gone];
    amqp_basic_reject_t fields{tag, requeue ? amqp_boolean_t{1} : amqp_boolean_t{0}};
    to.send(messages, AMQP_BASIC_REJECT_METHOD, &fields);
    book_.returned(tag);
  }
  answers_.erase(answers_.begin(), answers_.begin() + static_cast<std::ptrdiff_t>(gone));
  if (!book_.has_acks()) {
    return;
  }
  book_.flush([&](std::uint64_t tag, bool multiple) {
    if (!to.has_room()) {
      return false;
    }
    amqp_basic_ack_t fields{tag, multiple ? amqp_boolean_t{1} : amqp_boolean_t{0}};
    to.send(messages, AMQP_BASIC_ACK_METHOD, &fields);
    return true;
  });
}

std::uint32_t intake::stuck() const noexcept {
  return static_cast<std::uint32_t>(
      std::count_if(delayed_.begin(), delayed_.end(),
                    [&](const auto& one) { return one.second > consumer_from_; }));
}

void intake::follow_window(link& to, bool quiet) {
  if (consume_until_ && host_.now_ns() > *consume_until_) {
    throw link_lost("the queue " + how_.queue + " does not answer");
  }
  if (!to.has_room()) {
    return;
  }
  const std::string name = "spawn." + std::to_string(consumers_);
  const auto step = plan_.next(
      {open() ? window_ : 0, ahead_.size(), stuck(), delayed_.size() < delayed_max, quiet});
  if (step.cancel) {
    amqp_basic_cancel_t fields{bytes_of(name), 0};
    to.send(messages, AMQP_BASIC_CANCEL_METHOD, &fields);
  }
  if (step.consume > 0) {
    consume(to, step.consume);
  }
}

void intake::consume(link& to, std::uint16_t prefetch) {
  const std::string name = "spawn." + std::to_string(++consumers_);
  consumer_from_ = last_tag_;
  amqp_basic_qos_t qos{0, prefetch, 0};
  to.send(messages, AMQP_BASIC_QOS_METHOD, &qos);
  amqp_table_entry_t priority{};
  priority.key = amqp_cstring_bytes("x-priority");
  priority.value.kind = AMQP_FIELD_KIND_I32;
  priority.value.value.i32 = how_.consumer_priority;
  amqp_basic_consume_t fields{};
  fields.queue = bytes_of(how_.queue);
  fields.consumer_tag = bytes_of(name);
  fields.exclusive = how_.exclusive ? 1 : 0;
  fields.arguments = {how_.consumer_priority != 0 ? 1 : 0, &priority};
  to.send(messages, AMQP_BASIC_CONSUME_METHOD, &fields);
  if (!consume_until_) {
    consume_until_ = host_.now_ns() + consume_most_ns;
  }
}

void intake::ask_lag(link& to) {
  const std::uint64_t now = host_.now_ns();
  if (lag_asked_ || (lag_at_ && now < *lag_at_) || !to.has_room()) {
    return;
  }
  lag_at_ = now + lag_every_ns;
  lag_asked_ = true;
  amqp_queue_declare_t fields{};
  fields.queue = bytes_of(how_.queue);
  fields.passive = 1;
  to.send(questions, AMQP_QUEUE_DECLARE_METHOD, &fields);
}

}  // namespace rabbitmq
