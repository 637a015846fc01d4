// One actor sends, one counts; a turn of 500 is sent for each that was counted.
#pragma once
#include <algorithm>

#include "stage.hpp"

namespace spawn::bench_native {

class counter final : public player {
 public:
  static constexpr std::uint64_t turn = 500;
  static actor_shape shape() { return shape_of("Counter"); }
  explicit counter(live_context&) {}

 protected:
  void prepare(live_context&, const part& mine) override {
    n_ = mine.n;
    count_ = 0;
  }
  void play(live_context& ctx, const live_message& m) override {
    if (++count_ == n_) {
      cross(ctx);
    } else if (count_ % turn == 0) {
      ctx.tell(m.from(), go, no_payload());
    }
  }

 private:
  std::uint64_t n_ = 0, count_ = 0;
};

class producer final : public player {
 public:
  static actor_shape shape() { return shape_of("Producer"); }
  explicit producer(live_context& ctx) : to_(ctx, "Counter", "0") {}

 protected:
  void prepare(live_context&, const part& mine) override { left_ = mine.n; }
  void play(live_context& ctx, const live_message&) override {
    const auto now = std::min(left_, counter::turn);
    left_ -= now;
    for (std::uint64_t i = 0; i < now; ++i) {
      ctx.tell(to_, tell, no_payload());
    }
  }

 private:
  live_ref to_;
  std::uint64_t left_ = 0;
};

}  // namespace spawn::bench_native
