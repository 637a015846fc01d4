#include <algorithm>
#include <atomic>

#include "bench.hpp"

namespace spawn::bench_caf {

namespace {

constexpr std::uint64_t turn = 500;

/// What creator and created share; filled before the first message.
struct crowd {
  std::uint64_t size = 0;
  std::atomic<std::uint64_t> handled{0};
  caf::actor creator;
  finish_line finish;
};

caf::behavior created(caf::event_based_actor* self, crowd* shared) {
  return {[=](tell_atom) {
    const auto handled = shared->handled.fetch_add(1) + 1;
    if (handled == shared->size) {
      shared->finish.cross();
    } else if (handled % turn == 0) {
      self->send(shared->creator, go_atom::value);
    }
    self->quit();
  }};
}

caf::behavior creator(caf::event_based_actor* self, crowd* shared) {
  return {[=, left = shared->size](go_atom) mutable {
    const auto now = std::min(left, turn);
    left -= now;
    for (std::uint64_t i = 0; i < now; ++i) {
      self->send(self->spawn<caf::lazy_init>(created, shared), tell_atom::value);
    }
  }};
}

}  // namespace

outcome fork_join_create(caf::actor_system& system, std::uint64_t n) {
  crowd shared;
  shared.size = n;
  shared.creator = system.spawn(creator, &shared);
  shared.finish.start();
  caf::anon_send(shared.creator, go_atom::value);
  caf::anon_send(shared.creator, go_atom::value);
  const double seconds = shared.finish.wait();
  stop(system, {shared.creator});
  return {.actors = n, .messages = n, .seconds = seconds};
}

}  // namespace spawn::bench_caf
