#include <algorithm>
#include <atomic>

#include "bench.hpp"

namespace spawn::bench_caf {

namespace {

constexpr std::size_t workers = 60;
constexpr std::uint64_t turn = 100;

struct source_state {
  std::uint64_t left = 0;
  std::size_t credits = 0;
};

using source_actor = caf::stateful_actor<source_state>;

caf::behavior worker(caf::event_based_actor* self, std::uint64_t n,
                     std::atomic<std::size_t>* at_work, finish_line* finish) {
  return {[=, count = std::uint64_t{0}](tell_atom) mutable {
    if (++count == n) {
      if (at_work->fetch_sub(1) == 1) {
        finish->cross();
      }
    } else if (count % turn == 0) {
      self->send(sender(self), done_atom::value);
    }
  }};
}

/// The next turn: one tell to each worker after the other, as often as a turn is long.
void tell(source_actor* self, const std::vector<caf::actor>& to) {
  const auto now = std::min(self->state.left, turn);
  self->state.left -= now;
  for (std::uint64_t i = 0; i < now; ++i) {
    for (const auto& each : to) {
      self->send(each, tell_atom::value);
    }
  }
}

caf::behavior source(source_actor* self, const std::vector<caf::actor>* to, std::uint64_t n) {
  self->state.left = n;
  return {
      [=](done_atom) {
        if (++self->state.credits == workers) {
          self->state.credits = 0;
          tell(self, *to);
        }
      },
      [=](go_atom) { tell(self, *to); },
  };
}

}  // namespace

outcome fork_join_throughput(caf::actor_system& system, std::uint64_t n) {
  finish_line finish;
  std::atomic<std::size_t> at_work{workers};
  std::vector<caf::actor> to;
  for (std::size_t i = 0; i < workers; ++i) {
    to.push_back(system.spawn(worker, n, &at_work, &finish));
  }
  const auto from = system.spawn(source, &to, n);
  finish.start();
  caf::anon_send(from, go_atom::value);
  caf::anon_send(from, go_atom::value);
  const double seconds = finish.wait();
  auto all = to;
  all.push_back(from);
  stop(system, all);
  return {.actors = workers, .messages = workers * n, .seconds = seconds};
}

}  // namespace spawn::bench_caf
