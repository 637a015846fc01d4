// A stored record as a line of JSON: what `spawnctl state export` writes and `import` reads.
#pragma once
#include <nlohmann/json_fwd.hpp>

#include "base/result.hpp"
#include "state/store_desk.hpp"

namespace spawn {

inline constexpr int export_format = 1;

// {"key", "revision", "writer" (16 hex digits), "written_ms", "expires_ms", "type_url", "payload",
// "meta", "tombstone", "history"}: payload and meta are base64 and as the store has them, so sealed
// where a key is set; key and type_url are text, or "key_base64" and "type_url_base64" where they
// are not UTF-8. What is zero, false or absent is left out.
[[nodiscard]] nlohmann::json json_of(const stored_row& row, bool is_history);

struct imported_row {
  stored_row row;
  bool is_history = false;
  // What has to be there before it: the row of the same key before it, or nothing.
  std::uint64_t expect_revision = 0, expect_writer = 0;
};
// invalid, naming the field. Takes "expect_revision" and "expect_writer" too.
[[nodiscard]] result<imported_row> imported_row_of(const nlohmann::json& from);

}  // namespace spawn
