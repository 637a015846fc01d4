// What was not settled comes again: to the next instance, after a kill, after the broker was away.
#include <algorithm>
#include <map>
#include <set>

#include "contract/activator/activator_suite.hpp"
#include "contract/activator/bench.hpp"
#include "contract/activator/killed_client.hpp"

namespace contract {
namespace {

using id_map = std::map<std::string, std::string>;  // mark -> dedup_id

id_map ids(const bench& b, const std::vector<seen>& all) {
  id_map out;
  for (const seen& one : all) {
    out[b.mark(one)] = one.dedup_id;
  }
  return out;
}

void to_the_next_instance(bench& b) {
  needs(b.source.traits().keeps, "the source keeps nothing");
  std::vector<std::string> sent;
  id_map wanted;
  {
    auto client = b.client(10);
    sent = bodies(b.publish("a", 25, 5));
    const auto got = client->take(10);
    client->settle(std::vector<seen>(got.begin(), got.begin() + 3), SPAWN_ACK);
    wanted = ids(b, std::vector<seen>(got.begin() + 3, got.end()));
    const auto three_more = client->take(3);
    for (const auto& [mark, id] : ids(b, three_more)) {
      wanted[mark] = id;
    }
  }
  auto next = b.client(30);
  const auto got = next->take(22);
  const id_map now = ids(b, got);
  for (const auto& [mark, id] : wanted) {
    require(now.contains(mark), mark + " was not settled and did not come again");
    require(!b.source.traits().same_id || now.at(mark) == id,
            "the dedup_id of " + mark + " is another one when it comes again");
  }
  next->settle(got, SPAWN_ACK);
  next->stays_quiet("when all are acknowledged");
  b.wait_empty();
}

void after_a_kill(bench& b) {
  needs(b.source.traits().keeps && b.source.traits().outlives,
        "the source does not outlive its process");
  (void)b.bare_client();  // whatever a first start makes at the source
  const auto sent = b.publish("a", 8, 2);
  const std::vector<std::string> first_ids = take_and_be_killed(b, 8);
  auto next = b.client(20);
  const auto got = next->take(8);
  require_same(b.marks(got), bodies(sent), "after a kill");
  if (b.source.traits().same_id) {
    std::vector<std::string> second_ids;
    for (const seen& one : got) {
      second_ids.push_back(one.dedup_id);
    }
    require_same(second_ids, first_ids, "dedup_id after a kill");
  }
  next->settle(got, SPAWN_ACK);
  next->stays_quiet("when all are acknowledged");
}

void after_the_source_was_away(bench& b) {
  auto client = b.client(6);
  const auto before = b.publish("a", 12, 2);
  const auto first = client->take(6);
  client->settle(std::vector<seen>(first.begin(), first.begin() + 2), SPAWN_ACK);
  const auto more = client->take(2);
  needs(b.source.go_away(), "its driver can not take the source away");
  client->wait_serving(false);
  // What was held is forgotten, where it was of the connection: these verdicts must do no harm.
  client->settle(std::vector<seen>(first.begin() + 2, first.end()), SPAWN_ACK);
  b.source.come_back();
  client->wait_serving(true);
  client->set_window(20);
  const auto after = b.publish("b", 5, 2);
  id_map wanted;
  std::set<std::uint64_t> old_tokens;
  if (b.source.traits().keeps && b.source.traits().forgets) {
    wanted = ids(b, more);
  }
  for (const seen& one : more) {
    client->settle(one, SPAWN_ACK);
    old_tokens.insert(one.token);
  }
  std::set<std::string> missing;
  for (const auto& [mark, id] : wanted) {
    missing.insert(mark);
  }
  for (const letter& one : after) {
    missing.insert(one.body);
  }
  if (b.source.traits().keeps) {  // and what had not come yet, whenever that comes
    for (const letter& one : before) {
      missing.insert(one.body);
    }
    for (const auto* taken : {&first, &more}) {
      for (const std::string& mark : b.marks(*taken)) {
        if (!wanted.contains(mark)) {
          missing.erase(mark);
        }
      }
    }
  }
  while (!missing.empty()) {
    const seen one = client->take_one();
    const std::string mark = b.mark(one);
    require(!wanted.contains(mark) || !b.source.traits().same_id || one.dedup_id == wanted.at(mark),
            "the dedup_id of " + mark + " is another one when it comes again");
    require(!old_tokens.contains(one.token),
            "a token of the lost session was given again: its late verdict would count");
    missing.erase(mark);
    client->settle(one, SPAWN_ACK);
  }
  b.finish(*client);
}

void after_the_source_was_away_at_window_zero(bench& b) {
  auto client = b.client();
  needs(b.source.go_away(), "its driver can not take the source away");
  client->wait_serving(false);
  b.source.come_back();
  client->wait_serving(true);
  const auto sent = b.publish("a", 5);
  client->stays_quiet("with a window of 0, after the source was away");
  client->set_window(5);
  const auto got = client->take(5);
  require_same(b.marks(got), bodies(sent), "after the source was away");
  client->settle(got, SPAWN_ACK);
}

void more_than_once_away(bench& b) {
  auto client = b.client(50);
  for (int round = 0; round < 3; ++round) {
    needs(b.source.go_away(), "its driver can not take the source away");
    client->wait_serving(false);
    b.source.come_back();
    client->wait_serving(true);
    const auto sent = b.publish("round" + std::to_string(round), 4);
    std::vector<std::string> missing = bodies(sent);
    while (!missing.empty()) {
      const seen one = client->take_one();
      std::erase(missing, b.mark(one));
      client->settle(one, SPAWN_ACK);
    }
  }
  b.finish(*client);
}

}  // namespace

std::vector<bench_check> again_checks() {
  return {
      {"again.to_the_next_instance", to_the_next_instance,
       "what was not settled goes to the next instance"},
      {"again.after_a_kill", after_a_kill,
       "what was not settled comes again after the process was killed"},
      {"again.after_the_source_was_away", after_the_source_was_away,
       "what was not settled comes again after the source was away"},
      {"again.after_the_source_was_away_at_window_zero", after_the_source_was_away_at_window_zero,
       "with a window of 0 it notices that the source was away"},
      {"again.more_than_once_away", more_than_once_away,
       "a source that goes away again and again is found again"},
  };
}

}  // namespace contract
