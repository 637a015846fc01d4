// Doing something on every lane and waiting until all have done it.
#pragma once
#include <cstdint>

#include "base/result.hpp"
#include "base/unique_function.hpp"
#include "lane/lane_set.hpp"

namespace spawn {

// Calls f(lane) on each lane's own thread, lanes side by side. An error names the first lane that
// did not come round within limit_ms; it still will call f, whenever it runs, so what f refers to
// must be kept by it. With `running` false nobody drives the lanes: f is called here, in turn.
// [control], never on a lane.
[[nodiscard]] result<void> on_each_lane(const lane_set& lanes, bool running, std::uint64_t limit_ms,
                                        unique_function<void(lane&)> f);

}  // namespace spawn
