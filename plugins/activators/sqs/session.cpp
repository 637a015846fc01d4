#include "session.hpp"

#include <pthread.h>

#include <charconv>
#include <stdexcept>
#include <utility>

namespace sqs {

namespace {

constexpr std::uint32_t tick_ms = 200;
constexpr std::uint32_t settled_look_ms = 20;
constexpr int drain_looks = 250;  // five seconds
constexpr int leave_looks = 100;  // two seconds
constexpr std::size_t thread_name_max = 15;

}  // namespace

session::session(spawn::plugin::host_ref host, const std::string& name, settings config,
                 spawn::plugin::session_inbox& inbox)
    : host_(host),
      thread_name_(("sp." + name).substr(0, thread_name_max)),
      config_(std::move(config)),
      inbox_(inbox),
      http_(loop_, config_.tls, config_.connect_ms),
      chain_(host, http_, config_.credentials),
      aws_(host, http_, chain_, {config_.endpoint, config_.region, config_.request_ms}),
      parts_{host,  inbox, config_,
             loop_, aws_,  [this](aws_fault fault, const std::string& why) { doubt(fault, why); }},
      settler_(parts_),
      receiver_(parts_, settler_),
      publisher_(parts_),
      retry_(loop_),
      tick_(loop_),
      end_(loop_) {}

session::~session() {
  stop();
}

void session::start() {
  if (thread_.joinable()) {
    return loop_.post([this] { receiver_.fetch(true); });
  }
  loop_.on_readable(inbox_.fd(), [this] { obey_inbox(); });
  loop_.post([this] {
    connect();
    tick();
  });
  thread_ = std::thread([this] { run(); });
}

void session::quiesce(spawn::plugin::pending<spawn_op> op) {
  if (!thread_.joinable()) {
    return op.end(SPAWN_OK);
  }
  loop_.post([this, ends = std::make_shared<spawn::plugin::pending<spawn_op>>(std::move(op))] {
    receiver_.fetch(false);
    ends->end(SPAWN_OK);
  });
}

void session::drain(spawn::plugin::pending<spawn_op> op) {
  if (!thread_.joinable()) {
    return op.end(SPAWN_OK);
  }
  auto ends = std::make_shared<spawn::plugin::pending<spawn_op>>(std::move(op));
  loop_.post([this, ends] { drain_when_settled(ends, drain_looks); });
}

void session::drain_when_settled(const shared_op& op, int tries) {
  obey_inbox();  // what was said before the drain is part of it
  if (tries == 0 || (settler_.idle() && publisher_.idle())) {
    return op->end(SPAWN_OK);
  }
  end_.set(settled_look_ms, [this, op, tries] { drain_when_settled(op, tries - 1); });
}

void session::stop() {
  if (!thread_.joinable()) {
    return;
  }
  inbox_.stop();
  thread_.join();
}

void session::run() {
  ::pthread_setname_np(::pthread_self(), thread_name_.c_str());
  for (bool over = false; !over;) {
    try {
      loop_.run();
      over = true;
    } catch (const std::exception& e) {
      host_.fault(SPAWN_E_INTERNAL, e.what());
    } catch (...) {
      host_.fault(SPAWN_E_INTERNAL, "unknown exception");
    }
  }
}

void session::obey_inbox() {
  auto orders = inbox_.take();
  for (const auto& one : orders.verdicts) {
    settler_.obey(one);
  }
  for (auto& message : orders.publishes) {
    publisher_.publish(std::move(message));
  }
  receiver_.set_window(orders.window, orders.paused);
  if (orders.stopping && !leaving_) {
    leave();
  }
}

void session::tick() {
  publisher_.tick();
  receiver_.tick();
  ask_lag();
  tick_.set(tick_ms, [this] { tick(); });
}

void session::leave() {
  leaving_ = true;
  retry_.cancel();
  receiver_.fetch(false);
  settler_.give_back_all();
  publisher_.end_all("the instance stops");
  leave_when_settled(leave_looks);
}

void session::leave_when_settled(int tries) {
  if (tries == 0 || settler_.idle() || link_ != link::up) {
    return loop_.end();
  }
  end_.set(settled_look_ms, [this, tries] { leave_when_settled(tries - 1); });
}

void session::connect() {
  link_ = link::connecting;
  find_queue(parts_, config_.queue, [this](const std::string& url, const aws_answer& answer) {
    if (answer.fault != aws_fault::none) {
      return lost("queue " + config_.queue + ": " + answer.error);
    }
    read_attributes(url);
  });
}

void session::read_attributes(const std::string& url) {
  queue_ = {url, queue_name(config_.queue), url.ends_with(".fifo"), false, false};
  aws_.call("GetQueueAttributes", {{"QueueUrl", url}, {"AttributeNames", {"All"}}},
            [this](const aws_answer& answer) {
              if (answer.fault == aws_fault::denied) {
                // It may still receive. What is not known counts as if dead letters were there.
                host_.log(spawn::plugin::level::warn,
                          "the queue's attributes may not be read: its lag is not known",
                          spawn::plugin::field{"queue", queue_.name});
                queue_.redrives = true;
              } else if (answer.fault != aws_fault::none) {
                return lost("queue " + config_.queue + ": " + answer.error);
              } else if (const auto at = answer.body.find("Attributes");
                         at != answer.body.end() && at->is_object()) {
                take_facts(*at);
              }
              find_dead_letters();
            });
}

void session::take_facts(const nlohmann::json& attributes) {
  const auto text = [&](const char* key) {
    const auto at = attributes.find(key);
    return at != attributes.end() && at->is_string() ? at->get<std::string>() : std::string();
  };
  queue_.redrives = !text("RedrivePolicy").empty();
  queue_.dedup_per_group = text("DeduplicationScope") == "messageGroup";
  const std::string count = text("ApproximateNumberOfMessages");
  std::uint64_t messages = 0;
  if (std::from_chars(count.data(), count.data() + count.size(), messages).ec == std::errc()) {
    spawn::plugin::activator_host(host_).lag(queue_.name, messages);
  }
}

void session::find_dead_letters() {
  if (config_.dead_letter_queue.empty()) {
    return connected();
  }
  find_queue(
      parts_, config_.dead_letter_queue, [this](const std::string& url, const aws_answer& answer) {
        if (answer.fault != aws_fault::none) {
          return lost("dead_letter_queue " + config_.dead_letter_queue + ": " + answer.error);
        }
        dead_letter_url_ = url;
        connected();
      });
}

void session::connected() {
  if (leaving_) {
    return;
  }
  link_ = link::up;
  backoff_.reset();
  last_trouble_.clear();
  host_.health(true, {});
  settler_.open(queue_, dead_letter_url_);
  receiver_.open(queue_);
}

// Of the trouble that a request had only what is about the link, the access key or the queue
// counts: the rest is the request's own.
void session::doubt(aws_fault fault, const std::string& why) {
  const bool of_link = fault == aws_fault::unsent || fault == aws_fault::unanswered ||
                       fault == aws_fault::busy || fault == aws_fault::credentials;
  const bool of_queue = why.starts_with("ReceiveMessage") &&
                        (fault == aws_fault::missing || fault == aws_fault::denied);
  if (link_ == link::up && (of_link || of_queue)) {
    lost(why);
  }
}

void session::lost(const std::string& why) {
  if (leaving_) {
    return;
  }
  link_ = link::waiting;
  receiver_.close();
  host_.health(false, why);
  if (why != std::exchange(last_trouble_, why)) {
    host_.log(spawn::plugin::level::warn, "the queue can not be used; trying again",
              spawn::plugin::field{"queue", config_.queue}, spawn::plugin::field{"why", why});
  }
  retry_.set(backoff_.next(), [this] { connect(); });
}

void session::ask_lag() {
  const std::uint64_t now = host_.now_ns();
  const std::uint64_t every = std::uint64_t{config_.lag_seconds} * 1'000'000'000;
  if (link_ != link::up || asking_lag_ || leaving_ || now - lag_asked_ns_ < every) {
    return;
  }
  lag_asked_ns_ = now;
  asking_lag_ = true;
  aws_.call("GetQueueAttributes", {{"QueueUrl", queue_.url}, {"AttributeNames", {"All"}}},
            [this](const aws_answer& answer) {
              asking_lag_ = false;
              const auto at =
                  answer.body.is_object() ? answer.body.find("Attributes") : answer.body.end();
              if (answer.fault == aws_fault::none && at != answer.body.end() && at->is_object()) {
                take_facts(*at);
              } else if (answer.fault != aws_fault::none) {
                parts_.trouble(answer.fault, "GetQueueAttributes: " + answer.error);
              }
            });
}

}  // namespace sqs
