// From "statestore sqlite ^1.2" to a file.
#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace spawn {

struct plugin_file {
  std::filesystem::path path;
  std::string version;  // of its folder; for a file without one, of its manifest
};

// The highest version in <dir>/<kind>/<name>/<version>/plugin.so that the range accepts, or the
// unversioned <dir>/<kind>/<name>/plugin.so if its manifest's version does; of equal versions the
// one in the first folder. Only absolute folders are searched, and no environment variable adds
// one. The error lists what was found instead. [control]
[[nodiscard]] result<plugin_file> resolve_plugin(const std::vector<std::filesystem::path>& dirs,
                                                 std::string_view kind, std::string_view name,
                                                 std::string_view range);

}  // namespace spawn
