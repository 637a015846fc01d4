#include "sql-common/config.hpp"

#include <charconv>

namespace sql_store {

using nlohmann::json;
using spawn::plugin::text;

json with_secrets(const spawn::plugin::create_args& args) {
  json config = json::parse(args.config_json.empty() ? "{}" : args.config_json);
  for (const spawn_kv& secret : args.secrets) {
    config[json::json_pointer(std::string(text(secret.key)))] = std::string(text(secret.value));
  }
  return config;
}

std::uint64_t number(const json& from, const char* key, std::uint64_t otherwise) {
  const auto at = from.find(key);
  if (at == from.end() || at->is_null()) {
    return otherwise;
  }
  if (!at->is_string()) {
    return at->get<std::uint64_t>();
  }
  const auto& digits = at->get_ref<const std::string&>();
  std::uint64_t out = 0;
  const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
  if (failed != std::errc() || end != digits.data() + digits.size()) {
    throw spawn::plugin::refused(SPAWN_E_INVALID,
                                 std::string("config: ") + key + " is not a number");
  }
  return out;
}

engine_settings engine_settings_of(const json& config) {
  engine_settings s;
  s.statement_ms = number(config, "statement_ms", s.statement_ms);
  s.max_record_bytes = number(config, "max_record_bytes", s.max_record_bytes);
  if (const auto history = config.find("history"); history != config.end()) {
    s.history.keep = static_cast<std::uint32_t>(number(*history, "keep", s.history.keep));
    s.history.keep_ms = number(*history, "keep_ms", s.history.keep_ms);
  }
  return s;
}

}  // namespace sql_store
