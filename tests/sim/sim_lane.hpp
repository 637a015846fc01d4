// A lane whose turns are events of the world.
#pragma once
#include <memory>

#include "lane/lane.hpp"
#include "sim/world.hpp"

namespace sim {

// Woken, it runs one turn a little later; now and then much later, as a thread does that lost its
// core. After stop() it never runs again, whatever is posted to it.
class sim_lane final : public spawn::lane {
 public:
  sim_lane(std::uint32_t index, world& in, std::uint64_t seed)
      : lane(index, in.time(), seed), world_(in), alive_(std::make_shared<bool>(true)) {}
  ~sim_lane() override { *alive_ = false; }
  void stop() noexcept { *alive_ = false; }

 protected:
  void wake() noexcept override {
    if (!woken_ && *alive_) {
      woken_ = true;
      const std::uint64_t stall = world_.rng().one_in(500) ? world_.rng().below(50'000) : 0;
      world_.after_us(world_.rng().below(100) + stall, [this, alive = alive_] {
        if (*alive) {
          woken_ = false;
          turn();
        }
      });
    }
  }

 private:
  void turn() {
    const std::size_t ran = run_turn();
    world_.note("lane turn", index(), ran);
    if (has_inbox()) {
      wake();
    }
    // The timer that was scheduled before may be late now, or needless: a turn too many is
    // harmless.
    const auto next = timers().next_ns();
    const std::uint64_t now = world_.now_ns();
    if (!next || (next_timer_ns_ > now && next_timer_ns_ <= *next)) {
      return;
    }
    next_timer_ns_ = *next > now ? *next : now + 1;
    world_.after_us((next_timer_ns_ - now + 999) / 1'000,
                    [this, at = next_timer_ns_, alive = alive_] {
                      if (*alive && at == next_timer_ns_) {
                        next_timer_ns_ = 0;
                        turn();
                      }
                    });
  }

  world& world_;
  std::shared_ptr<bool> alive_;
  bool woken_ = false;
  std::uint64_t next_timer_ns_ = 0;
};

}  // namespace sim
