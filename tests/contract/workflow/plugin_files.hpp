// plugin_files: where the build has put a workflow plugin.
#pragma once
#include <cstdlib>
#include <string>

namespace spawn::contract {

[[nodiscard]] inline std::string plugin_file(const std::string& name) {
  const char* build = std::getenv("SPAWN_BUILD_DIR");
  return std::string(build != nullptr ? build : ".") + "/plugins/workflow/" + name +
         "/1.0.0/plugin.so";
}

}  // namespace spawn::contract
