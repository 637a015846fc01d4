// intake: where messages come from - a JetStream consumer, or subscriptions of core NATS. The
// session (source.hpp) has one, tells it what happens, and offers what it hands over.
#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "letters.hpp"
#include "nats-common/message.hpp"

namespace nats_source {

// The answer to a request, when somebody waits.
struct reply_text {
  spawn_status status = SPAWN_OK;
  std::string payload, error;
  nats_common::header_list headers;
};

// [session thread]
class intake {
 public:
  intake() = default;
  intake(const intake&) = delete;
  intake& operator=(const intake&) = delete;
  virtual ~intake() = default;

  [[nodiscard]] virtual std::uint64_t capabilities() const noexcept = 0;
  virtual void connected() = 0;
  virtual void disconnected() = 0;
  // A message of one of its subscriptions; true if it was one of them.
  virtual bool received(std::uint64_t subscription, nats_common::message_ptr m) = 0;
  // At each turn: `room` is what may be fetched beyond what is here; open is false when nothing at
  // all is wanted.
  virtual void work(std::size_t room, bool open) = 0;
  // A final verdict, or EXTEND, of what was offered. `answer` where somebody waits.
  virtual void settle(letter& l, std::uint32_t verdict, std::uint32_t delay_ms,
                      const reply_text* answer) = 0;
  // Fetched, never offered, or forgotten with a session: to anybody else.
  virtual void give_back(letter l) = 0;
  // How long an unoffered letter may be kept, in ns; 0: for ever.
  [[nodiscard]] virtual std::uint64_t keeps_ns() const noexcept = 0;
};

}  // namespace nats_source
