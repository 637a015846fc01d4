#include "receiver.hpp"

#include <algorithm>
#include <utility>

#include "digest.hpp"

namespace sqs {

namespace {

using nlohmann::json;
constexpr std::uint32_t messages_max = 10;  // of one request, the service's bound
constexpr std::uint64_t second_ns = 1'000'000'000;

// Until when a message taken now has to be settled: somewhat before it shows again.
std::uint64_t settle_by(std::uint64_t now_ns, std::uint32_t visibility_seconds) {
  const std::uint64_t hidden = visibility_seconds * second_ns;
  return now_ns + hidden - std::min(2 * second_ns, hidden / 10);
}

}  // namespace

receiver::receiver(const parts& with, settler& settles)
    : with_(with), settles_(settles), kernel_(with.host), later_(with.loop) {}

void receiver::open(const queue_facts& from) {
  from_ = from;
  open_ = true;
  later_.cancel();
  pump();
}

void receiver::close() {
  open_ = false;
  wanted_polls_ = 1;
}

void receiver::set_window(std::uint32_t window, bool paused) {
  window_ = window;
  paused_ = paused;
  if (!takes()) {
    give_back_held();
  }
  pump();
}

void receiver::fetch(bool on) {
  fetching_ = on;
  if (!on) {
    give_back_held();
    for (const auto& [number, one] : polls_) {
      one.call->cancel();
    }
  }
  pump();
}

void receiver::pump() {
  if (!takes()) {
    return;
  }
  offer_held();
  while (open_ && !later_.is_set() && polls_.size() < wanted_polls_ && room() > 0) {
    ask(std::min(room(), messages_max));
  }
}

std::uint32_t receiver::room() const noexcept {
  const std::size_t used = settles_.unsettled() + held_.size() + reserved_;
  return used < window_ ? window_ - static_cast<std::uint32_t>(used) : 0;
}

void receiver::offer_held() {
  while (!held_.empty() && settles_.unsettled() < window_) {
    held& next = held_.front();
    auto& message = next.message.delivery;
    const auto token =
        settles_.add(next.message.receipt, message->settle_by_ns, std::move(next.copy));
    message->token = token;
    if (!with_.inbox.offer(kernel_, message)) {
      next.copy = settles_.forget(token);
      return;
    }
    held_.pop_front();
  }
}

void receiver::ask(std::uint32_t count) {
  json body{{"QueueUrl", from_.url},
            {"MaxNumberOfMessages", count},
            {"WaitTimeSeconds", with_.config.wait_seconds},
            {"VisibilityTimeout", with_.config.visibility_seconds},
            {"AttributeNames", {"All"}},
            {"MessageSystemAttributeNames", {"All"}},
            {"MessageAttributeNames", {"All"}}};
  std::string attempt;
  if (from_.fifo) {
    attempt = lost_attempt_.empty() ? random_hex(16) : std::exchange(lost_attempt_, {});
    body["ReceiveRequestAttemptId"] = attempt;
  }
  const std::uint64_t number = ++last_poll_;
  poll& made = polls_[number];
  made.asked = count;
  reserved_ += count;
  auto call = with_.aws.call(
      "ReceiveMessage", body,
      [this, number, attempt](const aws_answer& answer) { answered(number, attempt, answer); },
      with_.config.wait_seconds * 1'000);
  // It may have ended already.
  if (const auto at = polls_.find(number); at != polls_.end()) {
    at->second.call = std::move(call);
  }
}

void receiver::answered(std::uint64_t number, const std::string& attempt,
                        const aws_answer& answer) {
  const std::uint32_t asked = polls_.at(number).asked;
  polls_.erase(number);
  reserved_ -= asked;
  if (answer.fault == aws_fault::none) {
    backoff_.reset();
    const auto messages = answer.body.find("Messages");
    const bool some = messages != answer.body.end() && messages->is_array();
    const bool full = some && messages->size() >= asked;
    wanted_polls_ = full ? std::min(wanted_polls_ + 1, with_.config.receivers)
                         : std::max(wanted_polls_ - 1, 1u);
    if (some) {
      take(*messages);
    }
  } else if (fetching_) {
    lost_attempt_ = answer.fault == aws_fault::unanswered ? attempt : std::string();
    wanted_polls_ = 1;
    later_.set(backoff_.next(), [this] { pump(); });
    with_.trouble(answer.fault, "ReceiveMessage: " + answer.error);
  }
  pump();
}

void receiver::take(const json& messages) {
  const std::uint64_t until = settle_by(with_.host.now_ns(), with_.config.visibility_seconds);
  for (const json& one : messages) {
    auto message = read_message(one, from_, with_.config.content_type);
    if (!message) {
      with_.host.log(spawn::plugin::level::warn, "what was received is not a message",
                     spawn::plugin::field{"queue", from_.name});
      continue;
    }
    message->delivery->settle_by_ns = until;
    held_.push_back({std::move(*message), settles_.keeps_copies() ? one : json()});
  }
  if (!takes()) {
    give_back_held();
  }
}

void receiver::give_back_held() {
  for (const held& one : std::exchange(held_, {})) {
    settles_.give_back(one.message.receipt, one.message.delivery->settle_by_ns);
  }
}

void receiver::tick() {
  const std::uint64_t half = with_.config.visibility_seconds * second_ns / 2;
  const std::uint64_t now = with_.host.now_ns();
  while (!held_.empty() && held_.front().message.delivery->settle_by_ns < now + half) {
    settles_.give_back(held_.front().message.receipt, held_.front().message.delivery->settle_by_ns);
    held_.pop_front();
  }
  pump();
}

}  // namespace sqs
