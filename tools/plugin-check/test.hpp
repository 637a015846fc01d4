// A test of the checker, and the lists of them.
//
// A test is a function that returns (the promise is kept) or throws: contract::failed,
// contract::skipped or warned. It runs in a process of its own, so it may leave anything behind.
// The order of the lists is the order of need: when a gate is not passed, nothing after it is run.
#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "contract/common/check.hpp"

namespace spawn::check {

namespace contract = ::contract;  // not spawn::contract, the workflow suite's

class subject;

struct test {
  std::string id;       // stable: `group.what`
  std::string promise;  // what holds when it passes
  std::function<void(subject&)> run;
  bool gate = false;
};
using test_list = std::vector<test>;

struct warned {
  std::string why;
};

// For plugins of any kind, in this order.
[[nodiscard]] test_list file_tests();    // the file alone: no code of it runs
[[nodiscard]] test_list load_tests();    // the dynamic linker, constructors
[[nodiscard]] test_list entry_tests();   // the entry table, init and deinit
[[nodiscard]] test_list create_tests();  // create, destroy, the tables
[[nodiscard]] test_list life_tests();    // start, quiesce, drain, stop, lanes
[[nodiscard]] test_list op_tests();      // what holds for every op

// For plugins of one kind.
[[nodiscard]] test_list statestore_tests();
[[nodiscard]] test_list transport_tests();
[[nodiscard]] test_list workflow_tests();
[[nodiscard]] test_list activator_tests();
[[nodiscard]] test_list actors_tests();
[[nodiscard]] test_list activator_random_tests();  // for fuzz_tests()

// What a hot swap asks for, of every kind.
[[nodiscard]] test_list swap_tests(std::string_view kind);

// One round of random requests with the subject's seed; empty where the kind has none.
[[nodiscard]] test_list fuzz_tests(std::string_view kind);

// All for this kind; "" is every kind.
[[nodiscard]] test_list tests_of(std::string_view kind);

}  // namespace spawn::check
