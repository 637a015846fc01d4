// segments: cuts a batch so that each piece can run as "reads, one transaction, reads" while ops on
// one key keep their order.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "spawn/plugin/cpp/statestore.hpp"
#include "spawn/plugin/cpp/units.hpp"

namespace sql_store {

// One piece: what is read before its transaction, its units of writes, what is read after. Borrows
// the ops.
struct segment {
  struct reads {
    std::vector<spawn_ss_load*> loads;
    std::vector<spawn_ss_list*> pages;
  };
  reads before;
  std::vector<std::span<spawn_op* const>> units;
  reads after;
};

// Ops that can be refused without a look at the data get their outcome here, and their groups with
// them. A segment carries at most about `bytes_max` of payload. `units` must outlive the result.
[[nodiscard]] std::vector<segment> cut(spawn::plugin::host_ref host,
                                       const spawn::plugin::unit_list& units,
                                       std::uint64_t record_bytes_max, std::uint64_t bytes_max);

}  // namespace sql_store
