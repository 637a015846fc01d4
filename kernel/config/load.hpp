// From a file, or none, to settings: YAML, then the environment over it, then the JSON Schema, then
// types and cross references. All errors of all steps up to the first failing one are in the text
// of the error returned, one per line.
// Thread: [control], once at start.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "config/environment.hpp"
#include "config/settings.hpp"

namespace spawn::config {

enum class source : std::uint8_t { preset, yaml, env };  // preset: the default

// Which source won for one key.
struct origin {
  std::string key;    // "gateway.http.port"
  std::string value;  // as JSON; "(secret)" instead of a secret
  source from = source::preset;
  std::string where;  // "spawn.yaml:7:13", "PROXY_HTTP_PORT", or empty
};

struct loaded {
  settings value;
  std::vector<std::string> notices;  // for the log and `spawnd --check`, one sentence each
  std::vector<origin> origins;       // schema order, then order of the file
};

[[nodiscard]] result<loaded> load_file(const std::string& path, const environment& env);
// `file_name` is for messages, and relative plugin paths start at its directory.
[[nodiscard]] result<loaded> load_text(std::string_view text, const std::string& file_name,
                                       const environment& env);
// No file at all: the defaults, and what the environment says.
[[nodiscard]] result<loaded> load_defaults(const environment& env);

[[nodiscard]] const char* schema_json();   // config/schema/spawn.schema.json
[[nodiscard]] std::string default_yaml();  // config/spawn.yaml

// Checks an instance's config, secrets filled in, against its plugin's JSON Schema. The error has
// one line per fault: "spawn.yaml:12:7: statestores.main.config.pth: unknown key; ...".
[[nodiscard]] result<void> check_plugin_config(const plugin_use& use,
                                               std::string_view plugin_schema_json);

}  // namespace spawn::config
