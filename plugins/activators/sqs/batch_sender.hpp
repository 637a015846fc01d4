// batch_sender: entries for one queue and one batch action, sent up to ten at a time. What is added
// while a batch is out goes with the next. Bounded by what is unsettled or in flight. [loop]
#pragma once
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "parts.hpp"
#include "session-common/backoff.hpp"

namespace sqs {

class batch_sender {
 public:
  struct item {
    nlohmann::json entry;   // without Id
    std::string only_once;  // not in a batch with an equal one, which goes first; empty: no matter
    std::size_t bytes = 0;
    // Host clock. Tried again until then when the trouble may pass; 0: one try.
    std::uint64_t give_up_ns = 0;
    std::function<void(aws_fault, const std::string& why)> done;  // called once
  };

  // calls_max batches are out at the same time at most, each of batch_bytes_max at most.
  batch_sender(const parts& with, std::string action, std::uint32_t calls_max,
               std::size_t batch_bytes_max);
  batch_sender(const batch_sender&) = delete;
  batch_sender& operator=(const batch_sender&) = delete;

  // Where to; nothing is sent before.
  void aim(const std::string& queue_url);
  void add(item one);
  // Ends a wait for the next try.
  void hurry();
  // Ends all that is not out.
  void fail(aws_fault fault, const std::string& why);
  [[nodiscard]] bool idle() const noexcept { return waiting_.empty() && calls_ == 0; }

 private:
  void flush_soon();
  void flush();
  [[nodiscard]] std::vector<item> next_batch();
  void send(std::vector<item> batch);
  void ended(std::vector<item> batch, const aws_answer& answer);
  void try_later(std::vector<item> items);

  const parts& with_;
  std::string action_;
  std::uint32_t calls_max_;
  std::size_t batch_bytes_max_;
  std::string queue_url_;
  std::deque<item> waiting_;
  std::uint32_t calls_ = 0;
  spawn::plugin::backoff backoff_{100, 5'000};
  alarm_clock soon_, later_;
};

}  // namespace sqs
