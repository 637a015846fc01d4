// `plugins new`: a plugin's project from the templates. Needs no kernel.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace spawn::ctl {

struct project_request {
  std::string kind, lang, name;
  std::filesystem::path folder;  // made by this, with its parents; must not be there
};

// The paths written, within the folder. A name that a plugin can not have and a folder that is
// there are errors, and nothing is written.
[[nodiscard]] result<std::vector<std::string>> write_project(const project_request& r);

}  // namespace spawn::ctl
