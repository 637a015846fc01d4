// A token goes round a hundred actors; it carries how many hops are left.
#pragma once
#include "stage.hpp"

namespace spawn::bench_native {

class ring_member final : public player {
 public:
  static constexpr std::uint32_t size = 100;
  static actor_shape shape() { return shape_of("RingMember"); }
  explicit ring_member(live_context&) {}

 protected:
  void prepare(live_context& ctx, const part& mine) override {
    next_ = live_ref(ctx, "RingMember", std::to_string((mine.own + 1) % size));
  }
  void play(live_context& ctx, const live_message& m) override {
    const auto left = read<std::uint64_t>(m);
    if (left == 0) {
      cross(ctx);
    } else {
      ctx.tell(next_, tell, payload_of(left - 1));
    }
  }

 private:
  live_ref next_;
};

}  // namespace spawn::bench_native
