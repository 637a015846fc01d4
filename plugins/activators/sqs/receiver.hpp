// receiver: asks for as many messages as the window has room for, and offers them. [loop]
//
// What a request asks for counts against the window until it ends, so nothing comes that may not be
// offered, unless the window was lowered meanwhile: such messages are held until it opens again,
// and given back before others would have waited for them too long. A pause gives them back at
// once.
#pragma once
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>

#include "parts.hpp"
#include "session-common/backoff.hpp"
#include "settler.hpp"

namespace sqs {

class receiver {
 public:
  receiver(const parts& with, settler& settles);
  receiver(const receiver&) = delete;
  receiver& operator=(const receiver&) = delete;

  void open(const queue_facts& from);  // the service answers
  void close();                        // it does not: nothing new is asked
  void set_window(std::uint32_t window, bool paused);
  // false: requests that are out are given up, and what is held goes back.
  void fetch(bool on);
  // Offers and asks, as far as it may. After each settle.
  void pump();
  // Gives back what is held for long. Now and then.
  void tick();

 private:
  struct held {
    incoming message;
    nlohmann::json copy;  // null unless dead letters need it
  };
  struct poll {
    std::shared_ptr<aws_call> call;
    std::uint32_t asked = 0;
  };
  [[nodiscard]] bool takes() const noexcept { return fetching_ && !paused_; }
  [[nodiscard]] std::uint32_t room() const noexcept;
  void offer_held();
  void ask(std::uint32_t count);
  void answered(std::uint64_t number, const std::string& attempt, const aws_answer& answer);
  void take(const nlohmann::json& messages);
  void give_back_held();

  const parts& with_;
  settler& settles_;
  spawn::plugin::activator_host kernel_;
  queue_facts from_;
  bool open_ = false, paused_ = false, fetching_ = true;
  std::uint32_t window_ = 0;
  std::uint32_t wanted_polls_ = 1;  // grows while answers are full
  std::uint32_t reserved_ = 0;      // asked for by the requests that are out
  std::uint64_t last_poll_ = 0;
  std::map<std::uint64_t, poll> polls_;
  std::string lost_attempt_;  // of a FIFO request without an answer: names what it had taken
  std::deque<held> held_;
  spawn::plugin::backoff backoff_{200, 10'000};
  alarm_clock later_;
};

}  // namespace sqs
