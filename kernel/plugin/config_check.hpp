// An instance's configuration against its plugin's JSON Schema.
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace spawn {

// JSON pointer within the configuration -> value.
using secret_list = std::vector<std::pair<std::string, std::string>>;

struct config_problem {
  std::string pointer;  // JSON pointer within the configuration, "" for all of it
  std::string text;
};

// Checks the configuration with the secrets in their places, and returns its canonical text (keys
// sorted, no blanks) without them. The error names the instance and the first problem's pointer;
// all problems go to `problems` if that is given, so that a caller who knows the file can point at
// its lines. Values never appear in a text, since they may be secrets. [control]
[[nodiscard]] result<std::string> check_config(std::string_view instance, std::string_view schema,
                                               std::string_view config_json,
                                               const secret_list& secrets,
                                               std::vector<config_problem>* problems = nullptr);

}  // namespace spawn
