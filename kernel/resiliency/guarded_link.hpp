// The guarded link in front of a lane's host link: bounds, circuit breakers, tries within a turn.
#pragma once
#include <array>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/metrics.hpp"
#include "hostcall/host_link.hpp"
#include "lane/lane.hpp"
#include "resiliency/call_guard.hpp"
#include "resiliency/host_breakers.hpp"

namespace spawn {

// What one lane's guarded link counts. Written by the lane, read by the scraper.
struct guard_stats {
  counter retries;  // tries after the first
  counter held_by_breaker;
  counter held_by_concurrency;
  counter held_by_rate;
  counter waiting;  // for a place or a token, now
};

// Only built where the configuration asks for it. A call without rules whose host has no breaker
// goes straight on. What waits here keeps its turn, so the order of an actor is kept; it waits no
// longer than its deadline, by timers of the lane. Owns the calls it sends on in place of those it
// was given; borrows link and breakers. A guarded call costs one allocation. [lane]
class guarded_link final : public host_link {
 public:
  guarded_link(lane& home, host_link& behind, host_breakers& breakers);
  ~guarded_link() override;
  // Those of all lanes, this one included; before the lanes start.
  void connect(std::vector<guarded_link*> links) { links_ = std::move(links); }

  void send(host_call& call) override;
  // A place that a call on this lane may wait for is free. [any]
  void poke() noexcept;
  [[nodiscard]] const guard_stats& stats() const noexcept { return stats_; }

 private:
  struct attempt;
  struct attempt_tag;
  struct wake_task : task {
    guarded_link* owner = nullptr;
  };

  [[nodiscard]] host_breaker* breaker_of(const std::shared_ptr<const host_address>& host);
  // waiting.cpp
  void admit(attempt& a);
  void take_slot(attempt& a);
  [[nodiscard]] bool wait_in(attempt& a, intrusive_list<host_call, host_call_tag>& line);
  void stop_waiting(attempt& a);
  void serve_tokens(call_guard& guard);
  void serve_slots(call_guard& guard);
  void free_slot(attempt& a);
  void tell(std::optional<std::uint32_t> lane);
  // guarded_link.cpp
  void launch(attempt& a);
  void answered(attempt& a);
  void timer_fired(attempt& a);
  [[nodiscard]] bool tries_again(attempt& a);
  void log_change(const host_breaker& of, breaker_state to, const std::string& why);
  void hold(attempt& a, held_back by, std::uint64_t wait_ns, std::string why);
  void end_later(attempt& a);
  void end(attempt& a);

  lane& lane_;
  host_link& behind_;
  host_breakers& breakers_;
  std::vector<guarded_link*> links_;
  guard_stats stats_;
  std::vector<call_guard*> waited_at_;  // guards that a call of this lane has waited at
  // Breakers by address object; the object is kept, so that its place is not taken by another.
  std::unordered_map<const host_address*,
                     std::pair<std::shared_ptr<const host_address>, host_breaker*>>
      known_;
  intrusive_list<attempt, attempt_tag> all_;
  intrusive_list<host_call, host_call_tag> ended_;
  wake_task end_task_;
  bool end_task_queued_ = false;
  wake_task poke_task_;
  std::atomic<bool> poked_{false};
};

}  // namespace spawn
