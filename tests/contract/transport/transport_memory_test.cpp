// The transport contract over the memory bus, and what is the memory bus's own.
#include "contract/common/gtest_checks.hpp"
#include "contract/common/loaded_plugin.hpp"
#include "contract/transport/bus_client.hpp"
#include "contract/transport/transport_suite.hpp"

namespace {

using contract::bus_client;
using contract::require_equal;

void buses_of_other_names_are_deaf(const contract::target& t) {
  bus_client a(t, R"({"bus": "one"})");
  bus_client b(t, R"({"bus": "two"})");
  (void)b.subscribe(1, ">");
  (void)a.publish("s", "x");
  require_equal(b.inbox_size(), std::size_t{0}, "messages from another bus");
}

void what_is_held_is_bounded(const contract::target& t) {
  bus_client a(t, R"({"bus": "bounded", "max_held": 5})");
  (void)a.subscribe(1, "s", "", 0);
  for (int i = 0; i < 9; ++i) {
    (void)a.publish("s", std::to_string(i));
  }
  a.grant(1, 100);
  const auto got = a.take(5);
  require_equal(got.size(), std::size_t{5}, "messages held");
  require_equal(got.back().payload, std::string("4"), "the oldest are kept");
  (void)a.publish("s", "then");
  require_equal(a.take(1).front().payload, std::string("then"), "it goes on");
}

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  int made = 0;
  contract::target t;
  t.entry = contract::load_plugin(SPAWN_TEST_PLUGIN);
  t.one_lane = contract::manifest_says(t.entry, R"("lanes":"one")");
  t.fresh_config = [&made] { return R"({"bus": "b)" + std::to_string(++made) + R"("})"; };
  contract::register_checks(contract::transport_checks(), t);
  contract::register_checks(contract::transport_random_checks(), t);
  contract::register_checks(contract::transport_leave_checks(), t);
  contract::register_checks(
      {{"memory.buses_of_other_names_are_deaf", buses_of_other_names_are_deaf},
       {"memory.what_is_held_is_bounded", what_is_held_is_bounded}},
      t);
  return RUN_ALL_TESTS();
}
