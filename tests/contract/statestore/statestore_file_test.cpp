// The statestore contract over any plugin file: statestore_file PLUGIN.so [GoogleTest options]. The
// instance gets an empty config. Run by the tests of the author's kit.
#include <cstdio>

#include "contract/common/gtest_checks.hpp"
#include "contract/common/loaded_plugin.hpp"
#include "contract/statestore/statestore_suite.hpp"

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (argc != 2) {
    std::fputs("usage: statestore_file PLUGIN.so\n", stderr);
    return 2;
  }
  contract::target t;
  t.entry = contract::load_plugin(argv[1]);
  t.fresh_config = [] { return std::string("{}"); };
  contract::register_checks(contract::statestore_checks(), t);
  return RUN_ALL_TESTS();
}
