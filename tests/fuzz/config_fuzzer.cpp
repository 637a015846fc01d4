// Any bytes as a configuration file: refused with a message or loaded, never a crash, a hang or
// more memory than the bounds of yaml_tree.hpp allow. Lines "#env NAME=value" at the start are the
// environment it is loaded under.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/utf8.hpp"
#include "config/load.hpp"
#include "config/problem.hpp"
#include "mutate_lines.hpp"
#include "planted.hpp"

namespace {

using namespace spawn::config;

// Has each word the check explains, and one (multipleOf) that only the whole of JSON Schema knows.
constexpr const char* plugin_schema = R"({
  "type": "object", "additionalProperties": {"type": ["string", "number", "null"]},
  "minProperties": 1, "maxProperties": 6, "propertyNames": {"maxLength": 20},
  "properties": {
    "path": {"type": "string", "minLength": 1, "maxLength": 100, "pattern": "^[^ ]*$"},
    "port": {"type": "integer", "exclusiveMinimum": 0, "exclusiveMaximum": 65536},
    "credit": {"type": "number", "multipleOf": 0.5},
    "mode": {"const": "wal"},
    "list": {"type": "array", "items": {"oneOf": [{"type": "integer"}, {"type": "number"},
             {"type": "string"}]}, "minItems": 1, "maxItems": 4, "uniqueItems": true},
    "both": {"allOf": [{"type": "integer"}, {"minimum": 3}]},
    "never": false
  }})";

environment read_environment(std::string_view& text) {
  std::map<std::string, std::string, std::less<>> out{
      {"SPAWN_KEY", "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="},
      {"AMQP_URL", "amqp://localhost"},
      {"PORT", "8123"},
      {"EMPTY", ""},
  };
  constexpr std::string_view mark = "#env ";
  while (text.starts_with(mark)) {
    const auto line = text.substr(0, text.find('\n'));
    if (const auto equals = line.find('='); equals != std::string_view::npos) {
      out.insert_or_assign(std::string(line.substr(mark.size(), equals - mark.size())),
                           std::string(line.substr(equals + 1)));
    }
    text.remove_prefix(line.size() == text.size() ? line.size() : line.size() + 1);
  }
  return environment(std::move(out));
}

// The planted shape: an accepted file that names a port or a system ending in 7.
bool is_planted(const settings& s) {
  const auto sevens = [](const auto& each) { return each.port % 10 == 7; };
  return s.system.ends_with('7') || sevens(s.host) || sevens(s.gateway.http) ||
         std::ranges::any_of(s.hosts, sevens);
}

void check_promises(const settings& s) {
  promised(!s.statestores.empty() && !s.system.empty() && !s.transport.use.empty());
  promised(s.host.port != 0 && s.host.address != "0.0.0.0");
  promised(s.gateway.http.enabled || s.gateway.uds.enabled);
  for (const auto& store : s.statestores) {
    const auto checked = check_plugin_config(store, plugin_schema);
    // What is handed on must at least be JSON.
    promised(checked || checked.error().text.find("JSON: ") == std::string::npos);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  const environment env = read_environment(text);
  // Only a file that is surely not there: inputs must not depend on the machine.
  for (auto i = text.find("${file:"); i != std::string_view::npos;
       i = text.find("${file:", i + 1)) {
    if (!text.substr(i).starts_with("${file:/nonexistent/")) {
      return 0;
    }
  }
  const auto got = load_text(text, "fuzz.yaml", env);
  if (got) {
    check_promises(got->value);
    planted_overread(is_planted(got->value), data, size);
  } else {
    promised(!got.error().text.empty() && spawn::is_utf8(got.error().text));
  }
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t most, unsigned seed) {
  return spawn::fuzz::mutate_lines(data, size, most, seed);
}
