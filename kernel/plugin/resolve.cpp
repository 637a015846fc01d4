#include "plugin/resolve.hpp"

#include <algorithm>

#include "base/semver.hpp"
#include "plugin/elf_note.hpp"
#include "plugin/load_step.hpp"
#include "plugin/manifest.hpp"

namespace spawn {
namespace {

namespace fs = std::filesystem;

void look_into(const fs::path& folder, std::vector<plugin_file>& out,
               std::vector<std::string>& unreadable) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    const std::string version = entry.path().filename().string();
    const fs::path file = entry.path() / "plugin.so";
    if (parse_version(version) && fs::exists(file, ignored)) {
      out.push_back({file, version});
    }
  }
  const fs::path bare = folder / "plugin.so";
  if (!fs::exists(bare, ignored)) {
    return;
  }
  const auto json = read_manifest_note(bare);
  const auto manifest = json ? parse_manifest(*json) : result<plugin_manifest>(fail(json.error()));
  if (manifest) {
    out.push_back({bare, manifest->version});
  } else {
    unreadable.push_back(bare.string() + ": " + manifest.error().text);
  }
}

std::string not_found_text(std::string_view range, const std::vector<fs::path>& dirs,
                           const std::vector<plugin_file>& found,
                           const std::vector<std::string>& unreadable) {
  std::string text = "no version matches \"" + std::string(range.empty() ? "*" : range) + "\"; ";
  text += found.empty() ? "none is there" : "there are";
  for (const plugin_file& file : found) {
    text += " " + file.version;
  }
  text += "; searched";
  for (const fs::path& dir : dirs) {
    text += " " + dir.string();
  }
  if (dirs.empty()) {
    text += " nothing: plugins.path is empty";
  }
  for (const std::string& why : unreadable) {
    text += "; can not read " + why;
  }
  return text;
}

}  // namespace

result<plugin_file> resolve_plugin(const std::vector<fs::path>& dirs, std::string_view kind,
                                   std::string_view name, std::string_view range) {
  const std::string subject = std::string(kind) + "/" + std::string(name);
  if (!valid_plugin_name(kind) || !valid_plugin_name(name)) {
    return refuse(load_step::resolve, subject,
                  "a name is made of a-z, 0-9, '.', '_' and '-', and does not begin with '.'");
  }
  if (!valid_range(range)) {
    return refuse(load_step::resolve, subject,
                  "\"" + std::string(range) + "\" is not a version range");
  }
  std::vector<plugin_file> found;
  std::vector<std::string> unreadable;
  for (const fs::path& dir : dirs) {
    if (!dir.is_absolute()) {
      return refuse(load_step::resolve, subject,
                    "plugin folder \"" + dir.string() + "\" is not an absolute path");
    }
    look_into(dir / kind / name, found, unreadable);
  }
  const plugin_file* best = nullptr;
  for (const plugin_file& file : found) {
    if (!matches(range, file.version)) {
      continue;
    }
    if (best == nullptr ||
        compare(*parse_version(file.version), *parse_version(best->version)) > 0) {
      best = &file;
    }
  }
  if (best == nullptr) {
    // A single unreadable file is the reason, not a missing version.
    if (found.empty() && unreadable.size() == 1) {
      return refuse(load_step::note, unreadable[0].substr(0, unreadable[0].find(": ")),
                    unreadable[0].substr(unreadable[0].find(": ") + 2));
    }
    return refuse(load_step::resolve, subject, not_found_text(range, dirs, found, unreadable),
                  errc::not_found);
  }
  return *best;
}

}  // namespace spawn
