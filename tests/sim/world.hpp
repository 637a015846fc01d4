// Time, chance and order: one queue of events under one seed.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "base/unique_function.hpp"
#include "sim/options.hpp"
#include "sim/trace.hpp"

namespace sim {

// Everything else in the simulator schedules its next step here. Events of one time run in the
// order in which they were scheduled; all delays come from rng(). One thread.
class world {
 public:
  explicit world(const options& with);

  void after_us(std::uint64_t us, spawn::unique_function<void()> run);
  void after_ms(std::uint64_t ms, spawn::unique_function<void()> run) {
    after_us(ms * 1'000, std::move(run));
  }
  // Runs the next event; false when there is none.
  bool step();

  [[nodiscard]] spawn::random& rng() noexcept { return rng_; }
  // Around `mean`, now and then ten times as long.
  [[nodiscard]] std::uint64_t about(std::uint64_t mean) noexcept {
    const std::uint64_t spread = rng_.below(mean * 2 + 1);
    return rng_.one_in(20) ? spread * 10 : spread;
  }
  [[nodiscard]] bool per_mille(std::uint32_t n) noexcept { return rng_.below(1'000) < n; }
  [[nodiscard]] spawn::manual_clock& time() noexcept { return clock_; }
  [[nodiscard]] std::uint64_t now_ns() const noexcept { return clock_.now_ns(); }
  [[nodiscard]] std::uint64_t events() const noexcept { return events_; }
  void note(const char* what, std::uint64_t a = 0, std::uint64_t b = 0, std::uint64_t c = 0) {
    trace_.note(clock_.now_ns(), what, a, b, c);
  }
  [[nodiscard]] trace& log() noexcept { return trace_; }

  const options with;
  plan plans;
  bool spawned = false;  // the host has named all its actors to some kernel, which bound them
  std::function<bool()> all_serve;  // every kernel knows, so far, who listens to what
  bool calm = false;                // no further faults: the run is coming to its end

 private:
  struct event {
    std::uint64_t at_ns;
    std::uint64_t order;
    spawn::unique_function<void()> run;
  };
  static bool later(const event& a, const event& b) noexcept {
    return a.at_ns != b.at_ns ? a.at_ns > b.at_ns : a.order > b.order;
  }
  spawn::manual_clock clock_;
  spawn::random rng_;
  trace trace_;
  std::vector<event> queue_;
  std::uint64_t last_order_ = 0;
  std::uint64_t events_ = 0;
};

}  // namespace sim
