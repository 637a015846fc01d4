// UNSUBSCRIBE of a subscription that holds messages.
#include <thread>

#include "contract/transport/bus_client.hpp"
#include "contract/transport/transport_suite.hpp"

namespace contract {
namespace {

constexpr int held = 50, few = 7;  // after the first one so many at a time

void delivers_what_it_holds_first(const target& t) {
  const std::string config = t.fresh_config();
  bus_client speaks(t, config), leaves(t, config);
  require_equal(leaves.subscribe(1, "s", "", 1), int{SPAWN_OK}, "subscribe");
  require_equal(leaves.subscribe(3, "behind"), int{SPAWN_OK}, "subscribe to what comes behind");
  for (int i = 0; i < held; ++i) {
    require_equal(speaks.publish("s", std::to_string(i)).status, int{SPAWN_OK}, "publish");
  }
  // A publish that ended may be on its way still: with this one all of them are there.
  require_equal(speaks.publish("behind", "").status, int{SPAWN_OK}, "publish");
  require(leaves.take(2).front().payload == "0", "the first");
  spawn_status ended = SPAWN_E_INTERNAL;
  std::jthread leaving([&] { ended = leaves.unsubscribe(1); });
  std::vector<delivery> got;
  for (int i = 1; i < held; i += few) {
    leaves.grant(1, few);
    for (delivery& each : leaves.take(few)) {
      got.push_back(std::move(each));
    }
  }
  leaving.join();
  require_equal(ended, int{SPAWN_OK}, "unsubscribe");
  for (int i = 1; i < held; ++i) {
    require(got.at(static_cast<std::size_t>(i) - 1).payload == std::to_string(i),
            "message " + std::to_string(i) + " is lost, or not in its place");
  }
  require_equal(speaks.subscribe(2, "s", ""), int{SPAWN_OK}, "subscribe another");
  require_equal(speaks.publish("s", "last").status, int{SPAWN_OK}, "publish");
  require(speaks.take(1).back().payload == "last", "the one that is left gets what comes");
  require_equal(leaves.inbox_size(), std::size_t{0}, "messages after unsubscribe");
  leaves.verify_host();
  speaks.verify_host();
}

}  // namespace

std::vector<check> transport_leave_checks() {
  return {{"transport.leave_delivers_what_it_holds_first", delivers_what_it_holds_first,
           "UNSUBSCRIBE ends when what came before it has been delivered"}};
}

}  // namespace contract
