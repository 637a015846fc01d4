#include "subscriber.hpp"

#include <utility>

#include "source.hpp"

namespace nats_source {

using nats_common::message_ptr;
using nats_common::outgoing;

namespace {

constexpr std::size_t closing_max = 16'384;

}  // namespace

std::uint64_t subscriber::capabilities() const noexcept {
  return SPAWN_AC_CAP_REPLY |
         (settings_.dead_letter_subject.empty() ? 0 : std::uint64_t{SPAWN_AC_CAP_DEAD_LETTER});
}

void subscriber::connected() {
  connected_ = true;
  source_.serving(true);
}

void subscriber::disconnected() {
  connected_ = false;
  listening_ = false;
  patterns_.clear();
  closing_.clear();
}

void subscriber::listen() {
  listening_ = true;
  for (const std::string& pattern : settings_.subjects) {
    const std::uint64_t id = source_.subscribe(pattern, settings_.queue_group);
    if (id == 0) {
      return;  // the session is lost; disconnected() was told
    }
    patterns_[id] = pattern;
  }
}

void subscriber::be_deaf() {
  for (const auto& [id, pattern] : std::exchange(patterns_, {})) {
    source_.unsubscribe_later(id);
    closing_.insert(id);
    if (closing_.size() > closing_max) {
      closing_.erase(closing_.begin());
    }
  }
  listening_ = false;
}

void subscriber::work(std::size_t, bool open) {
  if (!connected_) {
    return;
  }
  full_ = full_ ? source_.ahead() > settings_.max_held / 2
                : source_.ahead() >= settings_.max_held && settings_.max_held != 0;
  const bool wanted = open && !full_;
  if (wanted && !listening_) {
    listen();
  } else if (!wanted && listening_) {
    be_deaf();
  }
}

bool subscriber::received(std::uint64_t subscription, message_ptr m) {
  const auto at = patterns_.find(subscription);
  if (at == patterns_.end() && !closing_.contains(subscription)) {
    return false;
  }
  if (at == patterns_.end() || source_.ahead() > settings_.max_held) {
    letter unwanted;
    unwanted.reply = nats_common::reply_of(m.get());
    give_back(std::move(unwanted));
    return true;
  }
  letter l;
  l.delivery = delivery_of(m.get(), settings_);
  l.delivery->source = at->second;
  l.delivery->attempt = 1;
  l.reply = nats_common::reply_of(m.get());
  if (!l.reply.empty()) {
    l.delivery->flags |= SPAWN_D_WANT_REPLY;
    l.delivery->headers.emplace_back("nats-reply", l.reply);
    if (settings_.reply_ms != 0) {
      l.delivery->deadline_ns = source_.host().now_ns() + settings_.reply_ms * 1'000'000;
    }
  }
  if (!settings_.dead_letter_subject.empty()) {
    l.copy = std::move(m);
  }
  source_.arrived(std::move(l));
  return true;
}

void subscriber::settle(letter& l, std::uint32_t verdict, std::uint32_t, const reply_text* answer) {
  if (verdict == SPAWN_EXTEND) {
    return;
  }
  if (!l.reply.empty()) {
    reply_text none;
    none.status = SPAWN_E_UNAVAILABLE;
    none.error = "the message could not be handled";
    reply(l, verdict == SPAWN_ACK && answer != nullptr ? *answer : none);
  }
  if (verdict == SPAWN_DEAD && l.copy != nullptr) {
    outgoing m;
    m.subject = settings_.dead_letter_subject;
    for (const auto& [name, value] : nats_common::headers_of(l.copy.get())) {
      m.headers.emplace_back(name, value);
    }
    m.headers.emplace_back("nats-subject", nats_common::subject_of(l.copy.get()));
    m.payload = nats_common::payload_of(l.copy.get());
    if (source_.publish(m) == SPAWN_OK) {
      return;
    }
  }
  if (verdict != SPAWN_ACK) {
    lost("core NATS does not bring a message again");
  }
}

void subscriber::reply(const letter& l, const reply_text& answer) {
  outgoing m;
  m.subject = l.reply;
  for (const auto& [name, value] : answer.headers) {
    if (nats_common::valid_header_name(name) && nats_common::valid_header_value(value)) {
      m.headers.emplace_back(name, value);
    }
  }
  if (answer.status != SPAWN_OK) {
    std::string why = answer.error.empty() ? "error" : answer.error;
    for (char& c : why) {
      c = c == '\r' || c == '\n' || c == '\0' ? ' ' : c;
    }
    m.headers.emplace_back("Nats-Service-Error", why);
    m.headers.emplace_back("Nats-Service-Error-Code", std::to_string(answer.status));
  } else {
    m.payload = answer.payload;
  }
  if (source_.publish(m) != SPAWN_OK) {
    source_.host().log(spawn::plugin::level::warn, "an answer could not be sent");
  }
}

void subscriber::give_back(letter l) {
  if (!l.reply.empty() && source_.up()) {
    reply_text no;
    no.status = SPAWN_E_UNAVAILABLE;
    no.error = "nobody takes messages here now";
    reply(l, no);
  }
  lost("core NATS does not take a message back");
}

void subscriber::lost(const std::string& what) {
  if (lost_++ == 0) {
    source_.host().log(spawn::plugin::level::warn, "a message is lost", std::pair{"why", what});
  }
}

}  // namespace nats_source
