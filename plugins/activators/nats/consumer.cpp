#include "consumer.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "source.hpp"

namespace nats_source {

using nats_common::answer;
using nats_common::message_ptr;
using nats_common::outgoing;

namespace {

constexpr std::uint64_t ms_ns = 1'000'000;
constexpr std::size_t fetches_max = 8;
constexpr std::size_t closing_max = 16;
constexpr std::uint64_t late_ns = 1'000 * ms_ns;  // the server's word on a fetch may take that long
constexpr std::uint64_t refused_ns = 250 * ms_ns;  // until the next fetch after a refusal
constexpr int status_expired = 408;
constexpr std::uint64_t answer_ns = 5'000 * ms_ns;

std::uint64_t number_at_end(std::string_view subject) {
  const std::string_view digits = subject.substr(subject.rfind('.') + 1);
  std::uint64_t out = 0;
  (void)std::from_chars(digits.data(), digits.data() + digits.size(), out);
  return out;
}

}  // namespace

consumer::consumer(source& to, const settings& s) : source_(to), settings_(s), setup_(to, s) {}

std::uint64_t consumer::capabilities() const noexcept {
  const std::uint64_t dead = settings_.dead_letter_subject.empty() ? 0 : SPAWN_AC_CAP_DEAD_LETTER;
  return SPAWN_AC_CAP_RETRY_DELAY | SPAWN_AC_CAP_EXTEND | SPAWN_AC_CAP_ATTEMPTS | dead;
}

void consumer::connected() {
  for (const std::string& reply : std::exchange(forgotten_, {})) {
    say(reply, "-NAK");  // so that it comes now, and not after the wait for its acknowledgement
  }
  setup_.begin();
}

void consumer::disconnected() {
  setup_.end();
  inbox_ = 0;
  closing_.clear();
  open_.clear();
  lag_asked_ = false;
}

// --- fetching

void consumer::listen() {
  inbox_subject_ = source_.inbox() + ".f" + std::to_string(++inboxes_);
  inbox_ = source_.subscribe(inbox_subject_ + ".*", {});
}

void consumer::work(std::size_t room, bool open) {
  setup_.step();
  if (!setup_.ready()) {
    return;
  }
  const std::uint64_t now_ns = source_.host().now_ns();
  std::erase_if(open_, [&](const auto& one) { return one.second.until_ns + late_ns < now_ns; });
  if (!open) {
    close_fetches();
  } else {
    fetch_more(room);
  }
  look_at_lag();
}

void consumer::fetch_more(std::size_t room) {
  std::size_t asked = 0;
  for (const auto& [number, one] : open_) {
    asked += one.left;
  }
  if (room <= asked || open_.size() >= fetches_max || source_.host().now_ns() < not_before_ns_) {
    return;
  }
  const std::size_t wanted = std::min<std::size_t>(room - asked, settings_.fetch_max);
  if (!open_.empty() && wanted < room / 4) {
    return;  // a handful more is not worth a fetch of its own
  }
  if (inbox_ == 0) {
    listen();
    if (inbox_ == 0) {
      return;
    }
  }
  const std::uint64_t number = ++fetches_;
  const std::uint64_t expires_ns = settings_.fetch_ms * ms_ns;
  const std::string request = nlohmann::json{{"batch", wanted}, {"expires", expires_ns}}.dump();
  outgoing m;
  m.subject = "$JS.API.CONSUMER.MSG.NEXT." + settings_.stream + "." + settings_.consumer;
  m.reply = inbox_subject_ + "." + std::to_string(number);
  m.payload = request;
  if (source_.publish(m) == SPAWN_OK) {
    open_[number] = {wanted, source_.host().now_ns() + expires_ns};
  }
}

// The server stops to serve fetches whose answers nobody listens to. What is on its way still comes
// in, and is given back.
void consumer::close_fetches() {
  if (inbox_ != 0) {
    source_.unsubscribe_later(inbox_);
    closing_.insert(inbox_);
    if (closing_.size() > closing_max) {
      closing_.erase(closing_.begin());  // has emptied itself long ago
    }
    inbox_ = 0;
    open_.clear();
  }
}

void consumer::ended(std::uint64_t number) {
  open_.erase(number);
}

bool consumer::received(std::uint64_t subscription, message_ptr m) {
  const bool closing = closing_.contains(subscription);
  if (subscription != inbox_ && !closing) {
    return false;
  }
  const auto facts = nats_common::read_ack_subject(nats_common::reply_of(m.get()));
  if (!facts) {
    // In place of a message: the fetch has run out (408), has nothing (404), or was ended (409).
    const std::string_view subject = nats_common::subject_of(m.get());
    const int status = nats_common::server_status_of(m.get());
    if (status >= 400 && !closing) {
      ended(number_at_end(subject));
      if (status != status_expired) {
        not_before_ns_ = source_.host().now_ns() + refused_ns;
      }
      if (nats_common::header_of(m.get(), "Description").starts_with("Consumer Deleted")) {
        setup_.begin();
      }
    }
    return true;
  }
  letter l;
  l.reply = nats_common::reply_of(m.get());
  if (closing) {
    give_back(std::move(l));
    return true;
  }
  l.delivery = delivery_of(m.get(), settings_);
  add_stream_facts(*l.delivery, *facts, m.get());
  // A tenth earlier than the server: its clock began before the message came here.
  l.delivery->settle_by_ns =
      source_.host().now_ns() + setup_.ack_wait_ns() - setup_.ack_wait_ns() / 10;
  // Messages come to the subject they were published to: which fetch it was is not said. The
  // oldest one is served first.
  if (!open_.empty() && --open_.begin()->second.left == 0) {
    open_.erase(open_.begin());
  }
  if (!settings_.dead_letter_subject.empty()) {
    l.copy = std::move(m);
  }
  source_.arrived(std::move(l));
  return true;
}

void consumer::look_at_lag() {
  const std::uint64_t now_ns = source_.host().now_ns();
  if (lag_asked_ || now_ns < next_lag_ns_) {
    return;
  }
  lag_asked_ = true;
  next_lag_ns_ = now_ns + settings_.lag_ms * ms_ns;
  outgoing m;
  m.subject = "$JS.API.CONSUMER.INFO." + settings_.stream + "." + settings_.consumer;
  source_.ask(std::move(m), now_ns + answer_ns, [this](answer a) {
    lag_asked_ = false;
    const auto said = nats_common::read_api_answer(std::move(a));
    if (said.ok()) {
      source_.activator().lag(settings_.stream, said.number("num_pending"));
    } else if (said.err_code == nats_common::js_consumer_not_found ||
               said.err_code == nats_common::js_stream_not_found) {
      setup_.begin();  // somebody has deleted it
    }
  });
}

// --- verdicts

void consumer::say(const std::string& reply, const std::string& word) {
  outgoing m;
  m.subject = reply;
  m.payload = word;
  (void)source_.publish(m);  // lost: it comes again after the wait
}

void consumer::settle(letter& l, std::uint32_t verdict, std::uint32_t delay_ms, const reply_text*) {
  const std::uint64_t now_ns = source_.host().now_ns();
  switch (verdict) {
    case SPAWN_ACK:
      return say(l.reply, "+ACK");
    case SPAWN_RETRY:
      return say(l.reply, delay_ms == 0
                              ? std::string("-NAK")
                              : "-NAK {\"delay\": " + std::to_string(delay_ms * ms_ns) + "}");
    case SPAWN_RELEASE:
      return say(l.reply, "-NAK");
    case SPAWN_DEAD:
      return bury(l);
    case SPAWN_EXTEND:
      // Each word is good for one ack_wait; a longer time takes several.
      l.extended_until_ns = std::max(l.extended_until_ns, now_ns + delay_ms * ms_ns);
      l.next_progress_ns = now_ns + setup_.ack_wait_ns() / 3;
      return say(l.reply, "+WPI");
    default:
      return;
  }
}

void consumer::bury(letter& l) {
  if (l.copy == nullptr) {
    return say(l.reply, "+TERM");
  }
  outgoing m;
  m.subject = settings_.dead_letter_subject;
  for (const auto& [name, value] : nats_common::headers_of(l.copy.get())) {
    m.headers.emplace_back(name, value);
  }
  std::erase_if(m.headers, [](const auto& one) { return one.first.starts_with("Nats-"); });
  m.headers.emplace_back("nats-subject", nats_common::subject_of(l.copy.get()));
  if (const auto facts = nats_common::read_ack_subject(l.reply)) {
    m.headers.emplace_back("nats-stream", facts->stream);
    m.headers.emplace_back("nats-sequence", std::to_string(facts->stream_sequence));
    m.headers.emplace_back("Nats-Msg-Id", "dead/" + std::string(facts->stream) + "/" +
                                              std::to_string(facts->stream_sequence) + "/" +
                                              std::to_string(facts->time_ns));
  }
  const message_ptr copy = std::move(l.copy);
  m.payload = nats_common::payload_of(copy.get());
  source_.ask(std::move(m), source_.host().now_ns() + answer_ns, [this, reply = l.reply](answer a) {
    const auto said = nats_common::read_api_answer(std::move(a));
    if (said.ok()) {
      return say(reply, "+TERM");
    }
    source_.host().log(spawn::plugin::level::warn,
                       "a dead letter was not taken; its message comes again",
                       std::pair{"subject", settings_.dead_letter_subject},
                       std::pair{"why", nats_common::why_of(said)});
    say(reply, "-NAK {\"delay\": 5000000000}");
  });
}

void consumer::give_back(letter l) {
  if (source_.up()) {
    return say(l.reply, "-NAK");
  }
  forgotten_.push_back(std::move(l.reply));
}

}  // namespace nats_source
