// A lane: one thread's worth of the kernel. Everything an actor touches belongs to its lane, so the
// promise "one message at a time" costs no lock.
#pragma once
#include <atomic>
#include <cstdint>
#include <utility>

#include "base/clock.hpp"
#include "base/intrusive_list.hpp"
#include "base/random.hpp"
#include "lane/stations.hpp"
#include "lane/task.hpp"
#include "lane/timer_wheel.hpp"

namespace spawn {

struct turn_end_tag;

// Called once at the end of the turn in which it was armed: where a lane's work of one turn is
// gathered into one batch.
struct turn_end : list_hook<turn_end_tag> {
  using run_fn = void (*)(turn_end&);
  run_fn run = nullptr;
};

// What every lane is, whoever drives it: a thread with an event loop (asio_lane) or the simulator.
// Life: made by the lane set, driven until stopped, destroyed after its last task ran.
class lane {
 public:
  lane(std::uint32_t index, const clock& time, std::uint64_t seed);
  lane(const lane&) = delete;
  lane& operator=(const lane&) = delete;
  virtual ~lane() = default;

  [[nodiscard]] std::uint32_t index() const noexcept { return index_; }

  // Runs t on this lane, soon. Never refused: for replies and completions, whose number is bounded
  // by the requests already let in. [any]
  void post(task& t) noexcept;
  // The same for a new request; false when limits::lane_requests_max are waiting already. [any]
  [[nodiscard]] bool post_request(task& t) noexcept;
  // A request taken off the inbox; call once per request that post_request let in. [lane]
  void request_taken() noexcept { waiting_requests_.fetch_sub(1, std::memory_order_relaxed); }

  // Runs t later in this turn, after what is running now. [lane]
  void defer(task& t) noexcept;
  // Runs hook at the end of this turn; arming it twice is arming it once. [lane]
  void at_turn_end(turn_end& hook) noexcept;

  // Another lane was given something that it will probably answer within microseconds: after this
  // turn this one may look for that a moment, before it looks at its sockets. [lane]
  void expect_soon() noexcept { expects_soon_ = true; }

  // Monotonic time, read at most once per turn. [lane]
  [[nodiscard]] std::uint64_t now_ns() noexcept {
    if (now_ns_ == 0) {
      now_ns_ = clock_.now_ns();
    }
    return now_ns_;
  }
  [[nodiscard]] std::int64_t unix_ms() const noexcept { return clock_.unix_ms(); }
  [[nodiscard]] timer_wheel& timers() noexcept { return timers_; }
  void arm_after_ms(timer& t, std::uint64_t ms) noexcept {
    timers_.arm(t, now_ns() + ms * ns_per_ms);
  }
  [[nodiscard]] random& rng() noexcept { return rng_; }
  [[nodiscard]] const clock& time() const noexcept { return clock_; }
  // A new piece of work begins, named for the log line of a stall. [lane]
  void enter(const char* station) noexcept { stations_.enter(station); }
  // A number never used before on any lane of this process. [lane]
  [[nodiscard]] std::uint64_t next_id() noexcept {
    return (static_cast<std::uint64_t>(index_) << 48) | ++last_id_;
  }

 protected:
  // Makes the driver call run_turn() soon. [any]
  virtual void wake() noexcept = 0;
  // One turn: inbox, deferred tasks, due timers, then the turn-end hooks. Returns how many tasks
  // and timers ran. [lane]
  std::size_t run_turn();
  [[nodiscard]] stations& marks() noexcept { return stations_; }
  [[nodiscard]] bool has_inbox() const noexcept { return !inbox_.empty(); }
  [[nodiscard]] bool take_expectation() noexcept { return std::exchange(expects_soon_, false); }

 private:
  std::size_t run_deferred();

  const std::uint32_t index_;
  const clock& clock_;
  mpsc_queue inbox_;
  std::atomic<std::uint32_t> waiting_requests_{0};
  mpsc_node* deferred_head_ = nullptr;
  mpsc_node* deferred_tail_ = nullptr;
  intrusive_list<turn_end, turn_end_tag> turn_ends_;
  bool expects_soon_ = false;
  std::uint64_t now_ns_ = 0;
  std::uint64_t last_id_ = 0;
  timer_wheel timers_;
  random rng_;
  stations stations_;
};

}  // namespace spawn
