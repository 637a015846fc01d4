// Random verdicts and windows: each message ends once.
#include <map>
#include <random>
#include <set>

#include "contract/activator/activator_suite.hpp"
#include "contract/activator/bench.hpp"

namespace contract {
namespace {

constexpr std::size_t letters = 60;
constexpr int again_max = 2;  // of one message, so that no source gives it up

void random_verdicts(bench& b, std::uint64_t seed) {
  needs(b.source.traits().keeps, "the source keeps nothing");
  std::mt19937_64 dice(seed);
  const auto below = [&](std::uint64_t n) { return dice() % n; };
  const auto a_window = [&] { return static_cast<std::uint32_t>(1 + below(20)); };
  auto client = b.client(a_window());
  const auto sent = bodies(b.publish("r", letters, 1 + below(8)));
  std::set<std::string> open(sent.begin(), sent.end());
  std::map<std::string, int> again;
  while (!open.empty()) {
    const seen one = client->take_one();
    const std::string mark = b.mark(one);
    require(open.contains(mark), mark + " is not known, or came after its ACK");
    const std::uint64_t roll = below(8);
    if (roll < 3 && again[mark] < again_max) {
      ++again[mark];
      client->settle(one, roll == 0 ? SPAWN_RELEASE : SPAWN_RETRY);
    } else {
      open.erase(mark);
      client->settle(one, SPAWN_ACK);
    }
    if (below(10) == 0) {
      client->set_window(a_window());
    }
  }
  client->stays_quiet("when all are acknowledged");
  b.wait_empty();
}

}  // namespace

std::vector<check> activator_random_checks(broker& source) {
  return {{"activator.random_verdicts",
           [&source](const target& t) {
             bench b(t, source);
             random_verdicts(b, t.seed);
             b.verify();
           },
           "messages end once, whatever verdicts and windows they meet"}};
}

}  // namespace contract
