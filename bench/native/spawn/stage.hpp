// What the actors of all benchmarks share: how they are set up, and how a run ends.
#pragma once
#include <atomic>
#include <chrono>
#include <cstdint>
#include <random>
#include <string>

#include "spawn/plugin/cpp/live_actors.hpp"

namespace spawn::bench_native {

using namespace spawn::plugin;  // NOLINT: this is a plugin

// The actions of every actor here; which of them it knows is its own business.
enum action : std::uint32_t { setup, go, tell, ask, stop };
inline std::vector<std::string> actions() {
  return {"Setup", "Go", "Tell", "Ask", "Stop"};
}

// SETUP, an ask: what the actor needs to know before the clock runs.
struct part {
  std::uint64_t n = 0;
  std::uint32_t own = 0;  // which of its kind it is
};

// GO to the stage: the last message was handled.
struct finish {
  std::int64_t at_ns = 0;
};
inline std::int64_t now_ns() {
  return std::chrono::steady_clock::now().time_since_epoch().count();
}

// Of all lanes.
struct stage_data {
  std::atomic<std::uint64_t> handled{0};
  std::atomic<std::uint64_t> at_work{0};
};

// Tells the stage; called once in a run.
inline void cross(const live_context& ctx) {
  const live_ref stage(ctx, "Stage");
  ctx.tell(stage, go, payload_of(finish{now_ns()}));
}

inline actor_shape shape_of(const char* type) {
  return {.name = type, .actions = actions(), .idle = std::chrono::minutes(10)};
}

template <class T>
T read(const live_message& m) {
  T out{};
  static_cast<void>(m.read(out));
  return out;
}

// Every actor answers SETUP when it is ready.
class player : public live_actor {
 public:
  void receive(live_context& ctx, const live_message& m) final {
    if (m.action() == setup && m.is_ask()) {
      prepare(ctx, read<part>(m));
      ctx.reply(m, no_payload());
      return;
    }
    play(ctx, m);
  }

 protected:
  virtual void prepare(live_context&, const part&) {}
  virtual void play(live_context& ctx, const live_message& m) = 0;
};

}  // namespace spawn::bench_native
