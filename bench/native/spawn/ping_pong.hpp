// Two actors, one message between them.
#pragma once
#include "stage.hpp"

namespace spawn::bench_native {

class pong final : public player {
 public:
  static actor_shape shape() { return shape_of("Pong"); }
  explicit pong(live_context&) {}

 protected:
  void play(live_context& ctx, const live_message& m) override {
    ctx.tell(m.from(), tell, no_payload());
  }
};

class ping final : public player {
 public:
  static actor_shape shape() { return shape_of("Ping"); }
  explicit ping(live_context& ctx) : other_(ctx, "Pong", "0") {}

 protected:
  void prepare(live_context&, const part& mine) override { left_ = mine.n; }
  void play(live_context& ctx, const live_message& m) override {
    if (m.action() == tell && --left_ == 0) {
      cross(ctx);
      return;
    }
    ctx.tell(other_, tell, no_payload());
  }

 private:
  live_ref other_;
  std::uint64_t left_ = 0;
};

}  // namespace spawn::bench_native
