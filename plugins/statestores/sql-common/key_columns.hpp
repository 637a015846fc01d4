// The readable columns of a record: what the kernel's key says about system, parent and name.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace sql_store {

struct key_columns {
  std::optional<std::string> system, parent, name;
};

// `a/` and `d/` keys name system, parent and name; `r/` and `b/` keys system and name. Other keys
// name nothing. Percent-encoded bytes are decoded; they are for people, never for a lookup.
[[nodiscard]] key_columns columns_of(std::string_view key);

}  // namespace sql_store
