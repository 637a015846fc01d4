// The tests of live actors, which are part of those of kind "actors".
#pragma once
#include "test.hpp"

namespace spawn::check {

[[nodiscard]] test_list live_actors_tests();

}  // namespace spawn::check
