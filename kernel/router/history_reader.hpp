// Reads the revisions of one actor that its store has kept, for people and tools.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/unique_function.hpp"
#include "cell/cell_lane.hpp"
#include "state/store_desk.hpp"

namespace spawn {

struct history_request {
  std::string cursor;  // of the page before; empty: the newest
  std::uint32_t limit = 100;
};

// Newest first. A revision that can not be opened, say for want of its key, has a `why` instead.
struct history_row {
  record what;
  std::string why;
};
struct history_page {
  std::vector<history_row> rows;
  std::string cursor;  // empty: the last page
};

// `done` runs on the lane; by the deadline (lane clock), if the store keeps its promise. Past the
// cell: what is told is what is durable. Unsupported where the type's store keeps no history.
// [lane]
void read_history(store_desk& desk, cell_services& services, actor_view id, const definition& def,
                  const history_request& what, std::uint64_t deadline_ns,
                  unique_function<void(result<history_page>)> done);

}  // namespace spawn
