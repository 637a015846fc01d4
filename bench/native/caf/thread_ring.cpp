#include "bench.hpp"

namespace spawn::bench_caf {

namespace {

constexpr std::size_t ring_size = 100;

/// Passes the token on; it carries how many hops are left after the one that brought it.
caf::behavior member(caf::event_based_actor* self, const caf::actor& next, finish_line* finish) {
  return {[=](std::uint64_t left) {
    if (left == 0) {
      finish->cross();
    } else {
      self->send(next, left - 1);
    }
  }};
}

/// The first of the ring, which learns its neighbour when that is there.
caf::behavior first(caf::event_based_actor* self, finish_line* finish) {
  return {[=](link_atom, const caf::actor& next) { self->become(member(self, next, finish)); }};
}

}  // namespace

outcome thread_ring(caf::actor_system& system, std::uint64_t n) {
  finish_line finish;
  std::vector<caf::actor> ring{system.spawn(first, &finish)};
  while (ring.size() < ring_size) {
    ring.push_back(system.spawn(member, ring.size() == 1 ? ring.front() : ring.back(), &finish));
  }
  caf::anon_send(ring.front(), link_atom::value, ring.back());
  finish.start();
  caf::anon_send(ring.front(), n - 1);
  const double seconds = finish.wait();
  stop(system, ring);
  return {.actors = ring_size, .messages = n, .seconds = seconds};
}

}  // namespace spawn::bench_caf
