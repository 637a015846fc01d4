// The statestore contract over the memory store.
#include "contract/common/gtest_checks.hpp"
#include "contract/common/loaded_plugin.hpp"
#include "contract/statestore/handoff_suite.hpp"
#include "contract/statestore/statestore_suite.hpp"
#include "contract/statestore/store_client.hpp"

namespace {

void a_full_store_says_exhausted(const contract::target& t) {
  contract::store_client s(t, R"({"max_bytes": 65536})", 1);
  s.expect(contract::save("a", 0, 0, 7, std::string(40'000, 'x')), SPAWN_OK);
  s.expect(contract::save("b", 0, 0, 7, std::string(40'000, 'x')), SPAWN_E_EXHAUSTED);
  s.expect(contract::remove("a", 1, 7, 7), SPAWN_OK);
  s.expect(contract::save("b", 0, 0, 7, std::string(40'000, 'x')), SPAWN_OK);
  s.verify_host();
}

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  contract::target t;
  t.entry = contract::load_plugin(SPAWN_TEST_PLUGIN);
  t.fresh_config = [] { return std::string("{}"); };
  contract::register_checks(contract::statestore_checks(), t);
  contract::register_checks(contract::handoff_checks(), t);
  contract::register_checks({{"memory.a_full_store_says_exhausted", a_full_store_says_exhausted}},
                            t);
  return RUN_ALL_TESTS();
}
