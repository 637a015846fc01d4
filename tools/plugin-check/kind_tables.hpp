// The table of functions of each kind: its id, its mandatory slots.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace spawn::check {

struct table_slot {
  const char* name;
  std::size_t offset;
};

struct kind_table {
  std::string_view kind;
  const char* id;
  std::uint32_t bytes_min;  // up to the last mandatory slot
  std::span<const table_slot> slots;
};

// nullptr for a kind that is not known. Every kind's table begins with its struct_size.
[[nodiscard]] const kind_table* kind_table_of(std::string_view kind) noexcept;

}  // namespace spawn::check
