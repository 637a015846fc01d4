// Reads the revisions of one actor that its store has kept, for people and tools.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/unique_function.hpp"
#include "cell/cell_lane.hpp"

namespace spawn {

struct history_request {
  std::string cursor;  // of the page before; empty: the newest
  std::uint32_t limit = 100;
  bool with_payload = true;
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

// Life: with its lane's router. Never passes the cell by: what is told is what is durable. [lane]
class history_reader {
 public:
  using done_fn = unique_function<void(result<history_page>)>;

  explicit history_reader(cell_services& services) : s_(services) {}
  history_reader(const history_reader&) = delete;
  history_reader& operator=(const history_reader&) = delete;

  // `done` runs on the lane; by the deadline (lane clock), if the store keeps its promise.
  // Unsupported where the type's store keeps no history.
  void read(actor_view id, const definition& def, const history_request& what,
            std::uint64_t deadline_ns, done_fn done);

 private:
  struct work;
  void ended(list_request& request);

  cell_services& s_;
  op_slab<list_request> requests_;
};

}  // namespace spawn
