// One page of a broadcast on its way to its durable subscribers (durability.md 24).
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/limits.hpp"
#include "model/invocation.hpp"
#include "router/channels.hpp"

namespace spawn {

struct fan_out_page {
  std::vector<invocation_ptr> rows;  // named, neither stored nor charged
  std::string cursor;    // place of the last one; that of the page before if it is empty
  bool is_last = false;  // nobody is left after it
};

// `of` is a row of kind fan_out; `to` are its subscribers after row.cursor, in any order, the first
// rows_max + 1 of each lane, or all. The page has the first rows_max of them in order, or as many
// as limits::fan_out_bytes_max lets in, but at least one. The same listeners make the same ids,
// whenever it is made. [any]
[[nodiscard]] fan_out_page make_fan_out_page(const invocation& of, std::vector<listener> to,
                                             std::int64_t now_ms,
                                             std::size_t rows_max = limits::fan_out_rows_max);

}  // namespace spawn
