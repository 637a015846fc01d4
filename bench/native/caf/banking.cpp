#include <atomic>
#include <random>
#include <stdexcept>

#include "bench.hpp"

namespace spawn::bench_caf {

namespace {

constexpr std::size_t account_count = 1000;
constexpr std::uint64_t at_once = 1000;

/// What all of them share; filled before the first message.
struct bank {
  std::vector<caf::actor> accounts;
  caf::actor teller;
  finish_line finish;
  std::atomic<std::int64_t> total{0};
};

struct account_state {
  std::int64_t balance = 0;
};

struct teller_state {
  std::minstd_rand0 random;
  std::uint64_t to_ask = 0;
  std::uint64_t to_answer = 0;
};

using account_actor = caf::stateful_actor<account_state>;
using teller_actor = caf::stateful_actor<teller_state>;

/// An answer is a message back to who asked: faster here than `request`.
caf::behavior account(account_actor* self, bank* shared) {
  return {
      [=](transfer_atom, std::uint32_t to, std::int64_t amount) {
        self->state.balance -= amount;
        self->send(shared->accounts[to], credit_atom::value, amount);
      },
      [=](credit_atom, std::int64_t amount) {
        self->state.balance += amount;
        self->send(sender(self), credited_atom::value);
      },
      [=](credited_atom) { self->send(shared->teller, done_atom::value); },
      [=](stop_atom) {
        shared->total += self->state.balance;
        self->quit();
      },
  };
}

void ask(teller_actor* self, const bank& shared) {
  auto& state = self->state;
  if (state.to_ask == 0) {
    return;
  }
  --state.to_ask;
  const auto from = state.random() % account_count;
  const auto to = (from + 1 + state.random() % (account_count - 1)) % account_count;
  self->send(shared.accounts[from], transfer_atom::value, static_cast<std::uint32_t>(to),
             static_cast<std::int64_t>(1 + state.random() % 100));
}

caf::behavior teller(teller_actor* self, std::uint64_t n, bank* shared) {
  self->state.to_ask = self->state.to_answer = n;
  return {
      [=](done_atom) {
        if (--self->state.to_answer == 0) {
          shared->finish.cross();
        } else {
          ask(self, *shared);
        }
      },
      [=](go_atom) {
        for (std::uint64_t i = 0; i < at_once; ++i) {
          ask(self, *shared);
        }
      },
  };
}

}  // namespace

outcome banking(caf::actor_system& system, std::uint64_t n) {
  bank shared;
  for (std::size_t i = 0; i < account_count; ++i) {
    shared.accounts.push_back(system.spawn(account, &shared));
  }
  shared.teller = system.spawn(teller, n, &shared);
  shared.finish.start();
  caf::anon_send(shared.teller, go_atom::value);
  const double seconds = shared.finish.wait();
  for (const auto& each : shared.accounts) {
    caf::anon_send(each, stop_atom::value);
  }
  stop(system, {shared.teller});
  if (shared.total != 0) {
    throw std::runtime_error("banking: the balances do not add up to 0");
  }
  return {.actors = account_count + 1, .messages = 4 * n, .seconds = seconds};
}

}  // namespace spawn::bench_caf
