// Unit tests over the plugin's file: what its kind has to keep, on the fake host.
#include "check.hpp"
#include "spawn/plugin/testing/fake_transport.hpp"

namespace {

using spawn::plugin::testing::fake_bus_host;
using spawn::plugin::testing::fake_bus_lane;

// One instance with one lane; every op ends inside its submit.
struct bench : plugin_on<fake_bus_host> {
  explicit bench(const std::string& config)
      : plugin_on(config), lane(host, raw(), table<spawn_transport>(SPAWN_TRANSPORT)) {}
  fake_bus_lane lane;
};

void who_subscribed_hears() {
  bench b("{}");
  require(b.host.link_up(), "the link is up");
  require(b.lane.subscribe(7, "shop.*", 10) == SPAWN_OK, "a pattern is taken");
  require(b.lane.publish("shop.orders", "one") == SPAWN_OK, "a message is taken");
  require(b.lane.publish("stock.orders", "two") == SPAWN_OK, "so is one nobody hears");
  const auto heard = b.host.heard();
  require(heard.size() == 1 && heard[0].sub_id == 7, "one of them is heard");
  require(heard[0].subject == "shop.orders" && heard[0].payload == "one", "as it was sent");
}

void nothing_comes_beyond_the_credit() {
  bench b(R"({"max_held":1})");
  require(b.lane.subscribe(7, "s", 1) == SPAWN_OK, "a pattern is taken");
  for (const char* payload : {"one", "two", "lost"}) {
    require(b.lane.publish("s", payload) == SPAWN_OK, "a message is taken");
  }
  require(b.host.heard().size() == 1, "a credit of one is one message");
  b.lane.grant(7, 10);
  require(b.host.heard().size() == 2, "what was held comes with the next credit");
  require(b.host.heard()[1].payload == "two", "in order");
}

void unsubscribed_is_silent() {
  bench b("{}");
  require(b.lane.subscribe(7, "s", 10) == SPAWN_OK, "a pattern is taken");
  require(b.lane.unsubscribe(7) == SPAWN_OK, "it is taken back");
  require(b.lane.unsubscribe(7) == SPAWN_E_NOT_FOUND, "which can be done once");
  require(b.lane.publish("s", "one") == SPAWN_OK && b.host.heard().empty(), "nothing is heard");
}

}  // namespace

int main(int argc, char** argv) {
  open_plugin(argc, argv);
  who_subscribed_hears();
  nothing_comes_beyond_the_credit();
  unsubscribed_is_silent();
  return ended();
}
