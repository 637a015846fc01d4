#include <atomic>
#include <random>

#include "bench.hpp"

namespace spawn::bench_caf {

namespace {

constexpr std::size_t crowd_size = 64;

/// What all of them share; filled before the first message.
struct crowd {
  std::vector<caf::actor> all;
  std::atomic<std::size_t> at_work{crowd_size};
  finish_line finish;
};

struct member_state {
  std::minstd_rand0 random;
  std::uint64_t left = 0;
};

using member_actor = caf::stateful_actor<member_state>;

void ask(member_actor* self, std::size_t own, const crowd& shared) {
  const auto other = (own + 1 + self->state.random() % (crowd_size - 1)) % crowd_size;
  self->send(shared.all[other], ping_atom::value);
}

caf::behavior member(member_actor* self, std::size_t own, std::uint64_t n, crowd* shared) {
  self->state.random.seed(static_cast<unsigned>(own + 1));
  self->state.left = n;
  return {
      [=](ping_atom) { self->send(sender(self), pong_atom::value); },
      [=](pong_atom) {
        if (--self->state.left > 0) {
          ask(self, own, *shared);
        } else if (shared->at_work.fetch_sub(1) == 1) {
          shared->finish.cross();
        }
      },
      [=](go_atom) { ask(self, own, *shared); },
  };
}

}  // namespace

outcome big(caf::actor_system& system, std::uint64_t n) {
  crowd shared;
  for (std::size_t i = 0; i < crowd_size; ++i) {
    shared.all.push_back(system.spawn(member, i, n, &shared));
  }
  shared.finish.start();
  for (const auto& each : shared.all) {
    caf::anon_send(each, go_atom::value);
  }
  const double seconds = shared.finish.wait();
  stop(system, shared.all);
  return {.actors = crowd_size, .messages = 2 * crowd_size * n, .seconds = seconds};
}

}  // namespace spawn::bench_caf
