// Sixty-four actors, each asks a random other one and then the next.
#pragma once
#include "stage.hpp"

namespace spawn::bench_native {

class member final : public player {
 public:
  static constexpr std::uint32_t crowd = 64;
  static actor_shape shape() { return shape_of("Member"); }
  member(live_context&, stage_data& shared) : shared_(shared) {}

 protected:
  void prepare(live_context& ctx, const part& mine) override {
    own_ = mine.own;
    left_ = mine.n;
    random_.seed(own_ + 1);
    for (std::uint32_t i = 0; others_.size() < crowd; ++i) {
      others_.emplace_back(ctx, "Member", std::to_string(i));
    }
  }
  void play(live_context& ctx, const live_message& m) override {
    if (m.is_ask()) {
      ctx.reply(m, no_payload());
      return;
    }
    if (m.is_answer() && --left_ == 0) {
      if (shared_.at_work.fetch_sub(1) == 1) {
        cross(ctx);
      }
      return;
    }
    const auto other = (own_ + 1 + random_() % (crowd - 1)) % crowd;
    ctx.ask(others_[other], ask, no_payload(), left_);
  }

 private:
  stage_data& shared_;
  std::minstd_rand0 random_;
  std::vector<live_ref> others_;
  std::uint32_t own_ = 0;
  std::uint64_t left_ = 0;
};

}  // namespace spawn::bench_native
