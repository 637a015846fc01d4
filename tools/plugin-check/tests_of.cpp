#include <iterator>

#include "test.hpp"

namespace spawn::check {
namespace {

struct of_kind {
  std::string_view kind;
  test_list (*tests)();
};

constexpr of_kind kinds[] = {
    {"statestore", statestore_tests}, {"transport", transport_tests}, {"workflow", workflow_tests},
    {"activator", activator_tests},   {"actors", actors_tests},
};

void append(test_list& to, test_list more) {
  to.insert(to.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

}  // namespace

test_list tests_of(std::string_view kind) {
  test_list out;
  for (auto* const group : {file_tests, load_tests, entry_tests, create_tests, life_tests}) {
    append(out, group());
  }
  if (kind != "activator") {  // which is given no ops
    append(out, op_tests());
  }
  for (const of_kind& one : kinds) {
    if (kind.empty() || kind == one.kind) {
      append(out, one.tests());
    }
  }
  append(out, swap_tests(kind));
  return out;
}

}  // namespace spawn::check
