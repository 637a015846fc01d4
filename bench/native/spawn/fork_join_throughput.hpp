// One actor sends to sixty, a hundred to each and then the next hundred.
#pragma once
#include <algorithm>

#include "stage.hpp"

namespace spawn::bench_native {

class worker final : public player {
 public:
  static constexpr std::uint32_t crowd = 60;
  static constexpr std::uint64_t turn = 100;
  static actor_shape shape() { return shape_of("Worker"); }
  worker(live_context&, stage_data& shared) : shared_(shared) {}

 protected:
  void prepare(live_context&, const part& mine) override {
    n_ = mine.n;
    count_ = 0;
  }
  void play(live_context& ctx, const live_message& m) override {
    if (++count_ == n_) {
      if (shared_.at_work.fetch_sub(1) == 1) {
        cross(ctx);
      }
    } else if (count_ % turn == 0) {
      ctx.tell(m.from(), tell, no_payload());
    }
  }

 private:
  stage_data& shared_;
  std::uint64_t n_ = 0, count_ = 0;
};

class source final : public player {
 public:
  static actor_shape shape() { return shape_of("Source"); }
  explicit source(live_context&) {}

 protected:
  void prepare(live_context& ctx, const part& mine) override {
    left_ = mine.n;
    for (std::uint32_t i = 0; to_.size() < worker::crowd; ++i) {
      to_.emplace_back(ctx, "Worker", std::to_string(i));
    }
  }
  void play(live_context& ctx, const live_message& m) override {
    if (m.action() == tell) {
      if (++credits_ < worker::crowd) {
        return;
      }
      credits_ = 0;
    }
    const auto now = std::min(left_, worker::turn);
    left_ -= now;
    for (std::uint64_t i = 0; i < now; ++i) {
      for (const live_ref& each : to_) {
        ctx.tell(each, tell, no_payload());
      }
    }
  }

 private:
  std::vector<live_ref> to_;
  std::uint64_t left_ = 0;
  std::uint32_t credits_ = 0;
};

}  // namespace spawn::bench_native
