// The environment variables a configuration may see. A copy: tests hand in their own, and nothing
// read later can differ from what was checked.
// Thread: [control]. Owns its strings.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace spawn::config {

class environment {
 public:
  environment() = default;
  explicit environment(std::map<std::string, std::string, std::less<>> variables,
                       std::string program_folder = {})
      : variables_(std::move(variables)), program_folder_(std::move(program_folder)) {}
  [[nodiscard]] static environment from_process();

  // An empty variable counts as unset.
  [[nodiscard]] std::optional<std::string_view> get(std::string_view name) const;
  // Where the running program lies; empty if that is not known.
  [[nodiscard]] const std::string& program_folder() const noexcept { return program_folder_; }

 private:
  std::map<std::string, std::string, std::less<>> variables_;
  std::string program_folder_;
};

}  // namespace spawn::config
