// The window: at 0 nothing comes, else never more than it, and all of it is used.
#include <algorithm>

#include "contract/activator/activator_suite.hpp"
#include "contract/activator/bench.hpp"

namespace contract {
namespace {

void at_zero_nothing_is_offered(bench& b) {
  auto client = b.client();
  const auto sent = b.publish("a", 20);
  client->stays_quiet("with a window that was always 0");
  client->set_window(5);
  auto all = client->take(5);
  client->stays_quiet("beyond a window of 5");
  client->set_window(0);
  client->settle(all, SPAWN_ACK);
  client->stays_quiet("with a window that is 0 again");
  client->set_window(100);
  const auto rest = client->take(15);
  client->settle(rest, SPAWN_ACK);
  all.insert(all.end(), rest.begin(), rest.end());
  require_same(b.marks(all), bodies(sent), "after the window opened");
}

void it_is_never_overrun(bench& b) {
  auto client = b.client(7);
  const auto sent = b.publish("a", 300, 3);
  std::vector<seen> all;
  std::vector<seen> held = client->take(7);
  while (true) {
    // The newest three go first: what stays is the plugin's to count.
    const std::size_t n = std::min<std::size_t>(3, held.size());
    const std::vector<seen> some(held.end() - static_cast<std::ptrdiff_t>(n), held.end());
    held.resize(held.size() - n);
    all.insert(all.end(), some.begin(), some.end());
    client->settle(some, SPAWN_ACK);
    if (all.size() == sent.size()) {
      break;
    }
    const std::size_t more = std::min(n, sent.size() - all.size() - held.size());
    const auto next = client->take(more);
    held.insert(held.end(), next.begin(), next.end());
  }
  require_same(b.marks(all), bodies(sent), "through a window of 7");
}

void it_counts_what_is_held_when_it_is_lowered(bench& b) {
  auto client = b.client(50);
  const auto sent = b.publish("a", 100);
  auto held = client->take(50);
  client->set_window(10);
  client->settle(std::vector<seen>(held.begin(), held.begin() + 30), SPAWN_ACK);
  client->stays_quiet("with 20 unsettled and a window of 10");
  client->settle(std::vector<seen>(held.begin() + 30, held.begin() + 45), SPAWN_ACK);
  auto next = client->take(5);
  client->stays_quiet("beyond a window of 10");
  client->settle(std::vector<seen>(held.begin() + 45, held.end()), SPAWN_ACK);
  client->settle(next, SPAWN_ACK);
  held.insert(held.end(), next.begin(), next.end());
  client->set_window(100);
  const auto rest = client->take(45);
  client->settle(rest, SPAWN_ACK);
  held.insert(held.end(), rest.begin(), rest.end());
  require_same(b.marks(held), bodies(sent), "after the window was lowered");
}

void a_pause_keeps_settles(bench& b) {
  auto client = b.client(10);
  const auto sent = b.publish("a", 30);
  auto all = client->take(10);
  client->set_window(0, true);
  client->settle(std::vector<seen>(all.begin(), all.begin() + 4), SPAWN_ACK);
  client->stays_quiet("while it is paused");
  client->settle(std::vector<seen>(all.begin() + 4, all.end()), SPAWN_ACK);
  client->stays_quiet("while it is paused");
  client->set_window(40);
  const auto rest = client->take(20);
  client->settle(rest, SPAWN_ACK);
  all.insert(all.end(), rest.begin(), rest.end());
  require_same(b.marks(all), bodies(sent), "over a pause");
  client->stays_quiet("when all are settled");
  b.wait_empty();
}

void the_lag_is_told(bench& b) {
  needs(b.source.traits().lag, "the source can not be asked how much waits");
  auto client = b.client();
  (void)b.publish("a", 12);
  client->wait_lag([](const lag_report& lag) { return lag.messages == 12; });
  client->set_window(20);
  client->settle(client->take(12), SPAWN_ACK);
  client->wait_lag([](const lag_report& lag) { return lag.messages == 0; });
}

}  // namespace

std::vector<bench_check> window_checks() {
  return {
      {"window.at_zero_nothing_is_offered", at_zero_nothing_is_offered,
       "with a window of 0 nothing is offered"},
      {"window.it_is_never_overrun", it_is_never_overrun,
       "offered and unsettled never exceed the window"},
      {"window.it_counts_what_is_held_when_it_is_lowered",
       it_counts_what_is_held_when_it_is_lowered, "a lowered window counts what is held already"},
      {"window.a_pause_keeps_settles", a_pause_keeps_settles, "verdicts count while it is paused"},
      {"window.the_lag_is_told", the_lag_is_told, "it tells how much waits at the source"},
  };
}

}  // namespace contract
