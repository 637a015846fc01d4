// An active actor as people see it, copied on its lane.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cell/cell_lane.hpp"

namespace spawn {

struct actor_row {
  std::string system;
  std::string parent;
  std::string name;
  std::string type;
  std::string_view kind;
  std::string_view phase;
  std::uint64_t revision = 0;  // durable
  std::uint64_t idle_ms = 0;
  std::uint32_t waiting = 0;
  std::uint32_t lane = 0;
  std::size_t state_bytes = 0;
  bool settled = true;  // everything in memory is durable
};

// Where a listing goes on: a lane, a bucket of its table, and how many of the bucket's cells are
// told of already. As text "<lane>.<bucket>.<skip>".
struct listing_place {
  std::size_t lane = 0;
  std::size_t bucket = 0;
  std::size_t skip = 0;

  [[nodiscard]] std::string text() const;
  [[nodiscard]] static bool parse(std::string_view text, listing_place& into) noexcept;
};

struct actor_filter {
  std::string system;  // empty: any
  std::string type;    // empty: any
};

struct actor_slice {
  std::vector<actor_row> rows;
  listing_place next;
  bool lane_done = false;
};

[[nodiscard]] actor_row row_of(const cell& from, lane& home);
// Looks at a few hundred cells at most, so that the lane goes on with its own work. [lane]
[[nodiscard]] actor_slice take_slice(cell_lane& cells, lane& home, listing_place from,
                                     std::size_t wanted, const actor_filter& only);

[[nodiscard]] std::string_view name(actor_kind kind) noexcept;
[[nodiscard]] std::string_view name(cell_phase phase) noexcept;
[[nodiscard]] std::string_view name(durability mode) noexcept;

}  // namespace spawn
