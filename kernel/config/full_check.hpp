// The whole of JSON Schema draft 7, by a library: for what schema_check.hpp does not explain.
// Thread: [control].
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace spawn::config {

struct schema_fault {
  std::string pointer;
  std::string text;
};

// The faults of `document_json`, outer and inner ones; an error if the schema itself cannot be
// used.
[[nodiscard]] result<std::vector<schema_fault>> full_check(std::string_view schema_json,
                                                           std::string_view document_json);

}  // namespace spawn::config
