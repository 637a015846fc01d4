#include "config/environment.hpp"

#include <unistd.h>

#include <filesystem>

namespace spawn::config {

environment environment::from_process() {
  environment out;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    if (const auto equals = text.find('='); equals != std::string_view::npos) {
      out.variables_.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
  }
  std::error_code unknown;
  out.program_folder_ =
      std::filesystem::read_symlink("/proc/self/exe", unknown).parent_path().string();
  return out;
}

std::optional<std::string_view> environment::get(std::string_view name) const {
  const auto it = variables_.find(name);
  if (it == variables_.end() || it->second.empty()) {
    return std::nullopt;
  }
  return it->second;
}

}  // namespace spawn::config
