// Posting a lambda: for the control path, where one allocation per message does not matter.
#pragma once
#include <type_traits>
#include <utility>

#include "lane/lane.hpp"

namespace spawn {

// Runs f() on `to`. [any]
template <class F>
void post(lane& to, F&& f) {
  struct held final : task {
    explicit held(F&& g) : fn(std::forward<F>(g)) {}
    std::decay_t<F> fn;
  };
  auto* t = new held(std::forward<F>(f));
  t->run = [](task& self) {
    auto* mine = static_cast<held*>(&self);
    mine->fn();
    delete mine;
  };
  to.post(*t);
}

}  // namespace spawn
