// Actors that are made for one message and leave.
#pragma once
#include <algorithm>

#include "stage.hpp"

namespace spawn::bench_native {

class created final : public player {
 public:
  static constexpr std::uint64_t turn = 500;
  static actor_shape shape() { return shape_of("Created"); }
  created(live_context&, stage_data& shared) : shared_(shared) {}

 protected:
  void play(live_context& ctx, const live_message& m) override {
    const auto handled = shared_.handled.fetch_add(1) + 1;
    if (handled == read<std::uint64_t>(m)) {
      cross(ctx);
    } else if (handled % turn == 0) {
      ctx.tell(m.from(), go, no_payload());
    }
    ctx.leave();
  }

 private:
  stage_data& shared_;
};

class creator final : public player {
 public:
  static actor_shape shape() { return shape_of("Creator"); }
  explicit creator(live_context&) {}

 protected:
  void prepare(live_context&, const part& mine) override { left_ = n_ = mine.n; }
  void play(live_context& ctx, const live_message&) override {
    const auto now = std::min(left_, created::turn);
    for (std::uint64_t i = 0; i < now; ++i, --left_) {
      const live_ref made(ctx, "Created", std::to_string(left_));
      ctx.tell(made, tell, payload_of(n_));
    }
  }

 private:
  std::uint64_t n_ = 0, left_ = 0;
};

}  // namespace spawn::bench_native
