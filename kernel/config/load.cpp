#include "config/load.hpp"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>

#include "base/assert.hpp"
#include "config/embedded.hpp"
#include "config/json_tree.hpp"
#include "config/origins.hpp"
#include "config/overrides.hpp"
#include "config/problem.hpp"
#include "config/schema_check.hpp"
#include "config/typed.hpp"
#include "config/yaml_tree.hpp"

namespace spawn::config {
namespace {

const value& schema() {
  static const value parsed = [] {
    auto read = read_json(embedded_schema);
    SPAWN_ASSERT(read.has_value(), "the embedded schema is not JSON");
    return std::move(*read);
  }();
  return parsed;
}

// An installed program finds what was installed with it, wherever the prefix is.
std::optional<std::string> installed_plugins(const environment& env) {
  if (env.program_folder().empty()) {
    return std::nullopt;
  }
  const auto folder =
      std::filesystem::path(env.program_folder()).parent_path() / "lib/spawn/plugins";
  std::error_code unreadable;
  return std::filesystem::is_directory(folder, unreadable) ? std::optional(folder.string())
                                                           : std::nullopt;
}

// The sections that are never empty get the schema's default, as if someone had written it.
void put_presets(value& root, const environment& env) {
  const value& sections = *schema().find("properties");
  for (const auto* key : {"statestores", "transport", "workflows"}) {
    if (root.find(key) == nullptr) {
      root.put(key, *sections.find(key)->find("default"));
    }
  }
  const value* said = root.find("plugins");
  value& plugins = said == nullptr || said->is == value::kind::null
                       ? root.put("plugins", value::object())
                       : *root.find("plugins");
  if (plugins.find("path") == nullptr) {
    value path = *sections.find("plugins")->find("properties")->find("path")->find("default");
    if (auto installed = installed_plugins(env)) {
      path.items.front() = value::of_text(std::move(*installed));
    }
    plugins.put("path", std::move(path));
  }
}

result<loaded> load(value root, const std::string& file, const environment& env, problems& found,
                    std::vector<std::string> notices) {
  apply_environment(root, env, file, found, notices);
  check_schema(schema(), root, "", found);
  if (!found.empty()) {
    return fail(found.to_error(file));
  }
  put_presets(root, env);
  loaded out;
  reading in{file, found, notices, root};
  out.value = to_settings(root, in);
  if (!found.empty()) {
    return fail(found.to_error(file));
  }
  out.origins = origins_of(schema(), root, file);
  out.notices = std::move(notices);
  return out;
}

}  // namespace

result<loaded> load_text(std::string_view text, const std::string& file_name,
                         const environment& env) {
  problems found;
  value root = read_yaml(text, env, found);
  return load(std::move(root), file_name, env, found, {});
}

result<loaded> load_file(const std::string& path, const environment& env) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string text;
  char buffer[16 << 10];
  while (file && text.size() <= file_bytes_max) {
    file.read(buffer, sizeof buffer);
    text.append(buffer, static_cast<std::size_t>(file.gcount()));
  }
  if (!file.eof() && text.size() <= file_bytes_max) {
    const int why = errno == 0 ? EIO : errno;
    return fail(why == ENOENT ? errc::not_found : errc::invalid,
                path + ": cannot read the configuration: " + std::strerror(why));
  }
  return load_text(text, path, env);
}

result<loaded> load_defaults(const environment& env) {
  problems found;
  return load(value::object(), "defaults", env, found,
              {"no configuration file: the defaults are used (sqlite store spawn.db, memory "
               "transport, host 127.0.0.1:8090, port 9001)"});
}

const char* schema_json() {
  return embedded_schema;
}

std::string default_yaml() {
  return embedded_sample;
}

}  // namespace spawn::config
