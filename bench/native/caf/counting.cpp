#include <algorithm>

#include "bench.hpp"

namespace spawn::bench_caf {

namespace {

constexpr std::uint64_t turn = 500;

caf::behavior counter(caf::event_based_actor* self, std::uint64_t n, finish_line* finish) {
  return {[=, count = std::uint64_t{0}](tell_atom) mutable {
    if (++count == n) {
      finish->cross();
    } else if (count % turn == 0) {
      self->send(sender(self), go_atom::value);
    }
  }};
}

caf::behavior producer(caf::event_based_actor* self, const caf::actor& to, std::uint64_t n) {
  return {[=, left = n](go_atom) mutable {
    const auto now = std::min(left, turn);
    left -= now;
    for (std::uint64_t i = 0; i < now; ++i) {
      self->send(to, tell_atom::value);
    }
  }};
}

}  // namespace

outcome counting(caf::actor_system& system, std::uint64_t n) {
  finish_line finish;
  const auto to = system.spawn(counter, n, &finish);
  const auto from = system.spawn(producer, to, n);
  finish.start();
  caf::anon_send(from, go_atom::value);
  caf::anon_send(from, go_atom::value);
  const double seconds = finish.wait();
  stop(system, {from, to});
  return {.actors = 2, .messages = n, .seconds = seconds};
}

}  // namespace spawn::bench_caf
