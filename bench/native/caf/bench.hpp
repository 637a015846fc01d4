#pragma once

#include <caf/all.hpp>
#include <cstdint>
#include <string_view>
#include <vector>

#include "finish_line.hpp"

namespace spawn::bench_caf {

using ping_atom = caf::atom_constant<caf::atom("ping")>;
using pong_atom = caf::atom_constant<caf::atom("pong")>;
using tell_atom = caf::atom_constant<caf::atom("tell")>;
using go_atom = caf::atom_constant<caf::atom("go")>;
using link_atom = caf::atom_constant<caf::atom("link")>;
using transfer_atom = caf::atom_constant<caf::atom("transfer")>;
using credit_atom = caf::atom_constant<caf::atom("credit")>;
using credited_atom = caf::atom_constant<caf::atom("credited")>;
using stop_atom = caf::atom_constant<caf::atom("stop")>;
using done_atom = caf::atom_constant<caf::atom("done")>;

/// What one run did. `messages` as bench/native/README.md counts them.
struct outcome {
  std::uint64_t actors;
  std::uint64_t messages;
  double seconds;
};

/// One benchmark: spawns its actors, lets them work off `n`, and stops them.
using benchmark = outcome (*)(caf::actor_system& system, std::uint64_t n);

outcome ping_pong(caf::actor_system& system, std::uint64_t n);
outcome counting(caf::actor_system& system, std::uint64_t n);
outcome thread_ring(caf::actor_system& system, std::uint64_t n);
outcome big(caf::actor_system& system, std::uint64_t n);
outcome fork_join_create(caf::actor_system& system, std::uint64_t n);
outcome fork_join_throughput(caf::actor_system& system, std::uint64_t n);
outcome banking(caf::actor_system& system, std::uint64_t n);

/// Ends actors that hold each other, which no reference count would, and waits until no actor is
/// left that could still touch what the benchmark owns.
inline void stop(caf::actor_system& system, const std::vector<caf::actor>& actors) {
  for (const auto& each : actors) {
    caf::anon_send_exit(each, caf::exit_reason::user_shutdown);
  }
  system.await_all_actors_done();
}

/// Whoever sent the message at work.
inline caf::actor sender(caf::event_based_actor* self) {
  return caf::actor_cast<caf::actor>(self->current_sender());
}

}  // namespace spawn::bench_caf
