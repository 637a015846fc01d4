// Unit tests over the plugin's file: what its actors do, on a fake lane.
#include <cstring>
#include <string>

#include "check.hpp"
#include "spawn/plugin/testing/fake_live_host.hpp"
#include "spawn/plugin/wire.h"

namespace {

using spawn::plugin::testing::fake_live_lane;
using spawn::plugin::testing::live_address;
using spawn::plugin::testing::live_payload;
using spawn::plugin::testing::live_sent;

// In the order of the plugin's registration.
enum types : std::uint32_t { counter, total };
enum actions : std::uint32_t { add, show };

const live_address one{"@name@", "one"};
const live_address sum{"", "@name@-total"};

live_payload amount(std::int64_t value) {
  char room[16];
  spawn_wire_writer w = spawn_wire_write(room, sizeof(room));
  spawn_wire_put_int(&w, 1, value);
  return {SPAWN_P_VALUE, "type.googleapis.com/google.protobuf.Int64Value",
          std::string(room, static_cast<std::size_t>(w.needed))};
}

struct bench : plugin_on<> {
  explicit bench(const std::string& config)
      : plugin_on(config), lane(table<spawn_live_actors>(SPAWN_LIVE_ACTORS), raw()) {
    require(lane.opened() == SPAWN_OK, "the lane opens");
    require(lane.make(counter, one) == SPAWN_OK, "there is a counter");
    require(lane.make(total, sum) == SPAWN_OK, "there is the total");
  }
  ~bench() {
    lane.close();
    for (const std::string& what : lane.violations()) {
      require(false, what.c_str());
    }
  }
  spawn_status ask(const live_address& who, std::uint32_t action, const live_payload& what = {}) {
    const auto* got = lane.reply_to(lane.ask_of(who, action, what));
    require(got != nullptr, "it answers at once");
    last = got->what;
    return got->status;
  }
  fake_live_lane lane;
  live_payload last;
};

void it_adds_up_and_answers() {
  bench b("{}");
  require(b.ask(one, add, amount(2)) == SPAWN_OK, "an amount is added");
  require(b.ask(one, add, amount(300)) == SPAWN_OK, "and another");
  require(b.ask(one, show) == SPAWN_OK, "it shows");
  require(b.last.value == amount(302).value, "the sum");
}

void it_tells_the_total() {
  bench b("{}");
  require(b.ask(one, add, amount(7)) == SPAWN_OK, "an amount is added");
  require(b.lane.sends().size() == 1, "one message");
  const live_sent told = b.lane.sends().front();
  require(told.by == live_sent::way::tell && told.to == sum && told.from == one, "to the total");
  b.lane.tell_to(sum, told.action, told.what, &one);
  require(b.ask(sum, show) == SPAWN_OK && b.last.value == amount(7).value, "which adds it up");
}

void what_can_not_be_read_is_refused() {
  bench b(R"({"amount_max":10})");
  for (const live_payload& bad :
       {live_payload{}, amount(11), amount(-1),
        live_payload{SPAWN_P_VALUE, "type.example/Other", "x"},
        live_payload{SPAWN_P_VALUE, "type.googleapis.com/google.protobuf.Int64Value", "\xff"}}) {
    require(b.ask(one, add, bad) == SPAWN_E_INVALID, "it is refused");
    require(!b.last.value.empty(), "with a text");
  }
  require(b.ask(one, show) == SPAWN_OK && b.last.value == amount(0).value, "nothing was added");
}

void without_room_nothing_is_added() {
  bench b("{}");
  b.lane.on_sent = [](const live_sent&) { return SPAWN_E_EXHAUSTED; };
  require(b.ask(one, add, amount(1)) == SPAWN_E_EXHAUSTED, "the caller is told");
  require(b.ask(one, show) == SPAWN_OK && b.last.value == amount(0).value, "nothing was added");
}

}  // namespace

int main(int argc, char** argv) {
  open_plugin(argc, argv);
  it_adds_up_and_answers();
  it_tells_the_total();
  what_can_not_be_read_is_refused();
  without_room_nothing_is_added();
  return ended();
}
