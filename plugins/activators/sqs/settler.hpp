// settler: the messages that were offered and not settled, and what the kernel says of them carried
// out at the service. What can not be said before a message shows again is dropped: the message
// comes a second time and its dedup id tells. [loop]
#pragma once
#include <cstdint>
#include <map>
#include <string>

#include "batch_sender.hpp"
#include "incoming.hpp"
#include "session-common/inbox.hpp"

namespace sqs {

class settler {
 public:
  explicit settler(const parts& with);
  settler(const settler&) = delete;
  settler& operator=(const settler&) = delete;

  // The service answers. dead_letter_url is empty without a configured queue.
  void open(const queue_facts& from, const std::string& dead_letter_url);

  // `copy` is the message as it was received, and kept for dead letters only. Returns the token.
  std::uint64_t add(std::string receipt, std::uint64_t settle_by_ns, nlohmann::json copy);
  // An offer was not taken; returns the copy.
  nlohmann::json forget(std::uint64_t token);
  void obey(const spawn::plugin::verdict& said);
  // To anybody, at once; for messages that were never offered.
  void give_back(const std::string& receipt, std::uint64_t settle_by_ns);
  void give_back_all();

  [[nodiscard]] std::size_t unsettled() const noexcept { return unsettled_.size(); }
  [[nodiscard]] bool idle() const noexcept;
  [[nodiscard]] bool keeps_copies() const noexcept;

 private:
  struct message {
    std::string receipt;
    std::uint64_t settle_by_ns = 0;
    nlohmann::json copy;
  };
  void remove(const message& which);
  void show_after(const message& which, std::uint32_t seconds);
  void bury(const message& which);

  const parts& with_;
  batch_sender deletes_, changes_, dead_;
  queue_facts from_;
  bool dead_fifo_ = false;
  std::uint64_t last_token_ = 0;
  std::map<std::uint64_t, message> unsettled_;  // by age
};

}  // namespace sqs
