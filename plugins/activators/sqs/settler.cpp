#include "settler.hpp"

#include <algorithm>
#include <utility>

#include "outgoing.hpp"

namespace sqs {

namespace {

constexpr std::uint32_t delete_calls_max = 4;
constexpr std::size_t no_bound = SIZE_MAX;  // receipts are small
constexpr std::size_t dead_batch_bytes_max = 256u << 10;
constexpr std::uint32_t visibility_seconds_max = 43'200;  // twelve hours, the service's bound

std::uint32_t whole_seconds(std::uint32_t ms) {
  return std::min(ms / 1000 + (ms % 1000 != 0 ? 1 : 0), visibility_seconds_max);
}

}  // namespace

settler::settler(const parts& with)
    : with_(with),
      deletes_(with, "DeleteMessageBatch", delete_calls_max, no_bound),
      // One after the other, so that the last word on a message is the last to arrive.
      changes_(with, "ChangeMessageVisibilityBatch", 1, no_bound),
      dead_(with, "SendMessageBatch", 1, dead_batch_bytes_max) {}

void settler::open(const queue_facts& from, const std::string& dead_letter_url) {
  from_ = from;
  dead_fifo_ = dead_letter_url.ends_with(".fifo");
  deletes_.aim(from.url);
  changes_.aim(from.url);
  dead_.aim(dead_letter_url);
  for (batch_sender* one : {&deletes_, &changes_, &dead_}) {
    one->hurry();
  }
}

bool settler::keeps_copies() const noexcept {
  return !with_.config.dead_letter_queue.empty();
}

std::uint64_t settler::add(std::string receipt, std::uint64_t settle_by_ns, nlohmann::json copy) {
  unsettled_.emplace(++last_token_, message{std::move(receipt), settle_by_ns, std::move(copy)});
  return last_token_;
}

nlohmann::json settler::forget(std::uint64_t token) {
  auto node = unsettled_.extract(token);
  return node.empty() ? nlohmann::json() : std::move(node.mapped().copy);
}

void settler::obey(const spawn::plugin::verdict& said) {
  const auto at = unsettled_.find(said.token);
  if (at == unsettled_.end()) {
    return;
  }
  if (said.kind == SPAWN_EXTEND) {
    at->second.settle_by_ns = with_.host.now_ns() + std::uint64_t{said.delay_ms} * 1'000'000;
    return show_after(at->second, whole_seconds(said.delay_ms));
  }
  const message which = std::move(at->second);
  unsettled_.erase(at);
  switch (said.kind) {
    case SPAWN_ACK:
      return remove(which);
    case SPAWN_RETRY:
      return show_after(which, whole_seconds(said.delay_ms));
    case SPAWN_DEAD:
      return bury(which);
    default:
      return show_after(which, 0);
  }
}

void settler::give_back(const std::string& receipt, std::uint64_t settle_by_ns) {
  show_after({receipt, settle_by_ns, {}}, 0);
}

void settler::give_back_all() {
  for (const auto& [token, which] : std::exchange(unsettled_, {})) {
    show_after(which, 0);
  }
}

bool settler::idle() const noexcept {
  return deletes_.idle() && changes_.idle() && dead_.idle();
}

void settler::remove(const message& which) {
  deletes_.add({{{"ReceiptHandle", which.receipt}},
                {},
                0,
                which.settle_by_ns,
                [this](aws_fault fault, const std::string& why) {
                  if (fault != aws_fault::none) {
                    with_.host.log(spawn::plugin::level::warn,
                                   "a message that is done could not be deleted and comes again",
                                   spawn::plugin::field{"queue", from_.name},
                                   spawn::plugin::field{"why", why});
                  }
                }});
}

void settler::show_after(const message& which, std::uint32_t seconds) {
  changes_.add({{{"ReceiptHandle", which.receipt}, {"VisibilityTimeout", seconds}},
                which.receipt,
                0,
                which.settle_by_ns,
                [this](aws_fault fault, const std::string& why) {
                  if (fault != aws_fault::none) {
                    with_.host.log(spawn::plugin::level::debug,
                                   "the time a message is hidden could not be changed",
                                   spawn::plugin::field{"queue", from_.name},
                                   spawn::plugin::field{"why", why});
                  }
                }});
}

void settler::bury(const message& which) {
  using dead_letters::automatic;
  if (keeps_copies()) {
    outgoing letter = copy_of(which.copy, dead_fifo_);
    return dead_.add({std::move(letter.entry),
                      {},
                      letter.bytes,
                      which.settle_by_ns,
                      [this, receipt = which.receipt, until = which.settle_by_ns](
                          aws_fault fault, const std::string& why) {
                        if (fault == aws_fault::none) {
                          return remove({receipt, until, {}});
                        }
                        with_.host.log(spawn::plugin::level::error,
                                       "a dead message could not be sent to dead_letter_queue",
                                       spawn::plugin::field{"queue", from_.name},
                                       spawn::plugin::field{"why", why});
                      }});
  }
  const auto dead = with_.config.dead;
  if (dead == dead_letters::redrive || (dead == automatic && from_.redrives)) {
    return show_after(which, 0);
  }
  with_.host.log(spawn::plugin::level::warn, "a dead message is dropped: there are no dead letters",
                 spawn::plugin::field{"queue", from_.name});
  remove(which);
}

}  // namespace sqs
