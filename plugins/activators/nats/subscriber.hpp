// Subscriptions of core NATS: at most once. A message with a reply subject is a request; the
// actor's answer is published there. With a window of 0 nothing is subscribed; past max_held
// waiting messages the subscriptions are given up until half of them are gone.
#pragma once
#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "intake.hpp"

namespace nats_source {

class source;

// [session thread]
class subscriber final : public intake {
 public:
  subscriber(source& to, const settings& s) : source_(to), settings_(s) {}

  [[nodiscard]] std::uint64_t capabilities() const noexcept override;
  void connected() override;
  void disconnected() override;
  bool received(std::uint64_t subscription, nats_common::message_ptr m) override;
  void work(std::size_t room, bool open) override;
  void settle(letter& l, std::uint32_t verdict, std::uint32_t delay_ms,
              const reply_text* answer) override;
  void give_back(letter l) override;
  [[nodiscard]] std::uint64_t keeps_ns() const noexcept override { return 0; }

 private:
  void listen();
  void be_deaf();
  void reply(const letter& l, const reply_text& answer);
  void lost(const std::string& what);

  source& source_;
  const settings& settings_;
  std::map<std::uint64_t, std::string> patterns_;  // by subscription
  std::set<std::uint64_t> closing_;                // given up; who asked there meanwhile is told so
  bool connected_ = false, listening_ = false, full_ = false;
  std::uint64_t lost_ = 0;
};

}  // namespace nats_source
