#include "bench.hpp"

namespace spawn::bench_caf {

namespace {

caf::behavior pong(caf::event_based_actor* self) {
  return {[self](ping_atom) { self->send(sender(self), pong_atom::value); }};
}

caf::behavior ping(caf::event_based_actor* self, const caf::actor& other, std::uint64_t n,
                   finish_line* finish) {
  return {
      [=](pong_atom) mutable {
        if (--n == 0) {
          finish->cross();
        } else {
          self->send(other, ping_atom::value);
        }
      },
      [=](go_atom) { self->send(other, ping_atom::value); },
  };
}

}  // namespace

outcome ping_pong(caf::actor_system& system, std::uint64_t n) {
  finish_line finish;
  const auto other = system.spawn(pong);
  const auto first = system.spawn(ping, other, n, &finish);
  finish.start();
  caf::anon_send(first, go_atom::value);
  const double seconds = finish.wait();
  stop(system, {first, other});
  return {.actors = 2, .messages = 2 * n, .seconds = seconds};
}

}  // namespace spawn::bench_caf
