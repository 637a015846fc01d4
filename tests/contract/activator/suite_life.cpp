// The life of an instance: what it refuses, how it begins without its source, how it ends.
#include <chrono>
#include <thread>

#include "contract/activator/activator_suite.hpp"
#include "contract/activator/bench.hpp"

namespace contract {
namespace {

using spawn::plugin::testing::fake_host;
using spawn::plugin::testing::fake_instance;

void a_bad_config_is_refused_by_its_key(bench& b) {
  const auto all = b.source.bad_configs();
  needs(!all.empty(), "no config of it is bad that the schema lets through");
  for (const bad_config& one : all) {
    fake_host host;
    const fake_instance made(host, b.entry(), one.config);
    require(made.raw() == nullptr, "create took " + one.config);
    require(made.error().find(one.names) != std::string::npos,
            "create of " + one.config + " says \"" + made.error() + "\", which does not name " +
                one.names);
  }
}

void it_starts_while_its_source_is_down(bench& b) {
  const auto nobody = b.source.config_of_nobody();
  needs(nobody.has_value(), "its driver knows no server that is not there");
  auto client = b.bare_client(*nobody);
  client->set_window(10);
  client->wait_serving(false);
  client->settle_raw(1, SPAWN_ACK);
  client->quiesce();
  client->drain();
  client->stop();
}

void it_stops_while_its_source_is_away(bench& b) {
  auto client = b.client(10);
  (void)b.publish("a", 5);
  (void)client->take(5);
  needs(b.source.go_away(), "its driver can not take the source away");
  client->wait_serving(false);
  client->end();
  b.source.come_back();
}

void it_stops_at_the_moment_its_source_goes(bench& b) {
  auto client = b.client(10);
  (void)b.publish("a", 5);
  (void)client->take(5);
  needs(b.source.go_away(), "its driver can not take the source away");
  client->end();
  b.source.come_back();
}

void it_stops_as_soon_as_it_starts(bench& b) {
  // At a different moment of its start each time.
  for (std::chrono::microseconds later{0}; later.count() < 3'000;
       later += std::chrono::microseconds(250)) {
    auto client = b.bare_client();
    std::this_thread::sleep_for(later);
    client->end();
  }
}

void quiesced_it_takes_no_more(bench& b) {
  needs(b.source.traits().keeps, "the source keeps nothing");
  std::vector<std::string> left;
  {
    auto client = b.client(5);
    (void)b.publish("a", 5);
    const auto held = client->take(5);
    client->quiesce();
    client->set_window(20);
    left = bodies(b.publish("b", 5));
    client->stays_quiet("after quiesce");
    client->settle(std::vector<seen>(held.begin(), held.begin() + 2), SPAWN_ACK);
    client->settle(held[2], SPAWN_RELEASE);
    for (std::size_t i = 2; i < held.size(); ++i) {
      left.push_back(b.mark(held[i]));
    }
    client->drain();
    client->stop();
  }
  auto next = b.client(20);
  const auto got = next->take(left.size());
  require_same(b.marks(got), left, "after an orderly end");
  next->settle(got, SPAWN_ACK);
  next->stays_quiet("when all are acknowledged");
  b.wait_empty();
}

void a_closed_lane_offers_nothing(bench& b) {
  auto client = b.client(50);
  (void)b.publish("a", 5);
  (void)client->take(5);
  client->close_lane();
  (void)b.publish("b", 5);
  client->stays_quiet("after lane_close");
}

void quiesce_is_undone_by_start(bench& b) {
  auto client = b.client(10);
  const auto first = b.publish("a", 2);
  const auto held = client->take(2);
  client->quiesce();
  client->start_again();
  client->set_window(10);
  client->settle(held, SPAWN_ACK);
  const auto sent = b.publish("b", 5);
  const auto got = client->take(5);
  require_same(b.marks(got), bodies(sent), "after start undid a quiesce");
  client->settle(got, SPAWN_ACK);
}

void two_instances_in_one_process(bench& b) {
  // Of two sources; nothing of one may reach the other.
  auto first = b.client(10);
  const auto sent = b.publish("a", 3);
  const auto got = first->take(3);
  bench other(b.entry(), b.source);
  auto second = other.client(10);
  const auto others = other.publish("b", 3);
  const auto theirs = second->take(3);
  require_same(b.marks(theirs), bodies(others), "at the second instance");
  first->stays_quiet("of another source");
  second->settle(theirs, SPAWN_ACK);
  second->end();
  other.verify();
  first->settle(got, SPAWN_ACK);
  require_same(b.marks(got), bodies(sent), "at the first instance");
}

}  // namespace

std::vector<bench_check> life_checks() {
  return {
      {"life.a_bad_config_is_refused_by_its_key", a_bad_config_is_refused_by_its_key,
       "a config with a mistake is refused by the name of its key"},
      {"life.it_starts_while_its_source_is_down", it_starts_while_its_source_is_down,
       "start does not need the source"},
      {"life.it_stops_while_its_source_is_away", it_stops_while_its_source_is_away,
       "it ends in time while the source is away"},
      {"life.it_stops_at_the_moment_its_source_goes", it_stops_at_the_moment_its_source_goes,
       "it ends in time when the source goes at that moment"},
      {"life.it_stops_as_soon_as_it_starts", it_stops_as_soon_as_it_starts,
       "it ends in time while it is still at its start"},
      {"life.quiesced_it_takes_no_more", quiesced_it_takes_no_more,
       "after quiesce nothing more is offered"},
      {"life.a_closed_lane_offers_nothing", a_closed_lane_offers_nothing,
       "after lane_close nothing is offered"},
      {"life.quiesce_is_undone_by_start", quiesce_is_undone_by_start,
       "after quiesce and start it offers again"},
      {"life.two_instances_in_one_process", two_instances_in_one_process,
       "two instances in one process share the source"},
  };
}

}  // namespace contract
