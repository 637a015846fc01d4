#include "publisher.hpp"

#include <utility>

#include "outgoing.hpp"

namespace sqs {

namespace {

constexpr std::size_t destinations_max = 256;  // with messages on the way at the same time

}  // namespace

publisher::destination::destination(const parts& with)
    : sender(with, "SendMessageBatch", with.config.publishers, with.config.max_message_bytes) {}

publisher::publisher(const parts& with) : with_(with) {}

void publisher::publish(op message) {
  std::string queue(spawn::plugin::text(message->destination));
  if (queue.empty()) {
    queue = with_.config.destination;
  }
  if (queue.empty()) {
    return message.end(SPAWN_E_INVALID, "no destination, and config: destination is missing");
  }
  outgoing out = write_message(*message, queue.ends_with(".fifo"));
  if (out.bytes > with_.config.max_message_bytes) {
    return message.end(SPAWN_E_TOO_LARGE, "the message has " + std::to_string(out.bytes) +
                                              " bytes with its attributes, max_message_bytes is " +
                                              std::to_string(with_.config.max_message_bytes));
  }
  destination* const to = destination_of(queue);
  if (to == nullptr) {
    return message.end(SPAWN_E_EXHAUSTED, "messages are on the way to too many queues");
  }
  const std::uint64_t number = ++last_;
  flying_.emplace(number, std::move(message));
  to->sender.add({std::move(out.entry),
                  {},
                  out.bytes,
                  0,
                  [this, number, queue](aws_fault fault, const std::string& why) {
                    ended(number, queue, fault, why);
                  }});
  find(queue, *to);
}

publisher::destination* publisher::destination_of(const std::string& queue) {
  if (const auto at = destinations_.find(queue); at != destinations_.end()) {
    return at->second.get();
  }
  if (destinations_.size() == destinations_max) {
    std::erase_if(destinations_,
                  [](const auto& one) { return one.second->sender.idle() && !one.second->asking; });
  }
  if (destinations_.size() == destinations_max) {
    return nullptr;
  }
  return (destinations_[queue] = std::make_unique<destination>(with_)).get();
}

void publisher::find(const std::string& queue, destination& which) {
  if (which.found || which.asking) {
    return;
  }
  which.asking = true;
  // It stays while it is asked for.
  find_queue(with_, queue, [this, &which](const std::string& url, const aws_answer& answer) {
    which.asking = false;
    if (answer.fault == aws_fault::none) {
      which.found = true;
      return which.sender.aim(url);
    }
    with_.trouble(answer.fault, "GetQueueUrl: " + answer.error);
    // The message itself was not sent, whatever became of the question.
    const bool unsure = answer.fault == aws_fault::unanswered || answer.fault == aws_fault::busy;
    which.sender.fail(unsure ? aws_fault::unsent : answer.fault, "GetQueueUrl: " + answer.error);
  });
}

void publisher::ended(std::uint64_t number, const std::string& queue, aws_fault fault,
                      const std::string& why) {
  if (fault == aws_fault::missing) {
    // Looked up again for the next message: somebody may have made it anew.
    if (const auto at = destinations_.find(queue); at != destinations_.end()) {
      at->second->found = false;
      at->second->sender.aim({});
    }
  }
  const auto at = flying_.find(number);
  if (at == flying_.end()) {
    return;
  }
  op message = std::move(at->second);
  flying_.erase(at);
  message.end(sink_status(fault), why);
}

void publisher::tick() {
  const std::uint64_t now = with_.host.now_ns();
  for (auto at = flying_.begin(); at != flying_.end();) {
    const std::uint64_t until = at->second->op.deadline_ns;
    if (until == 0 || now < until) {
      ++at;
      continue;
    }
    op late = std::move(at->second);
    at = flying_.erase(at);
    late.end(SPAWN_E_UNKNOWN_OUTCOME, "the service did not confirm it in time");
  }
}

void publisher::end_all(const std::string& why) {
  for (auto& [number, message] : std::exchange(flying_, {})) {
    message.end(SPAWN_E_UNKNOWN_OUTCOME, why);
  }
}

}  // namespace sqs
