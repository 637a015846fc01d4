// Callers whose reply a durable chain of messages will bring, by number (durability.md 21).
#pragma once
#include <cstdint>
#include <memory>
#include <unordered_map>

#include "lane/lane.hpp"
#include "model/message_row.hpp"
#include "model/reply_slot.hpp"

namespace spawn {

// A caller is answered once: by the end of its chain, or at its deadline with "outcome unknown",
// since the chain goes on whoever waits. Numbers are of one kernel's life; an answer to an earlier
// life finds nobody. [lane]
class reply_desk {
 public:
  reply_desk(lane& home, std::uint64_t incarnation) : lane_(home), incarnation_(incarnation) {}
  ~reply_desk();
  reply_desk(const reply_desk&) = delete;
  reply_desk& operator=(const reply_desk&) = delete;

  [[nodiscard]] reply_ref park(reply_slot& caller, std::uint64_t deadline_ns);
  [[nodiscard]] bool is_parked(reply_ref place) const { return waiting_.contains(place.id); }
  // The caller, who is the asker's again; null when it was answered.
  [[nodiscard]] reply_slot* unpark(reply_ref place);
  // False: nobody waits there.
  bool answer(std::uint64_t id, outcome with);
  // Nothing more will come in this life.
  void close();
  // Index of the lane that parked it. [any]
  [[nodiscard]] static std::uint32_t lane_of(reply_ref place) noexcept {
    return static_cast<std::uint32_t>(place.id >> 48);
  }
  [[nodiscard]] std::uint64_t incarnation() const noexcept { return incarnation_; }

 private:
  struct place : timer {
    reply_desk* owner = nullptr;
    std::uint64_t id = 0;
    reply_slot* caller = nullptr;
  };
  lane& lane_;
  const std::uint64_t incarnation_;
  std::unordered_map<std::uint64_t, std::unique_ptr<place>> waiting_;
};

}  // namespace spawn
