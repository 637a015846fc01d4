// An instance's config with its secrets. What ${...} stood for comes apart from the config, which
// has null at its place, and always as text: a plugin puts it in before it reads a value, and takes
// the text of a number for the number (the kernel has looked at both by the plugin's schema).
#pragma once
#include <charconv>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "spawn/plugin/cpp/plugin.hpp"

namespace spawn::plugin {

// Puts each secret, as text, at its place. [control]
inline void put_secrets(nlohmann::json& config, const create_args& args) {
  for (const spawn_kv& secret : args.secrets) {
    config[nlohmann::json::json_pointer(std::string(text(secret.key)))] =
        std::string(text(secret.value));
  }
}

// The whole config. [control]
[[nodiscard]] inline nlohmann::json with_secrets(const create_args& args) {
  auto config = nlohmann::json::parse(args.config_json.empty() ? "{}" : args.config_json);
  put_secrets(config, args);
  return config;
}

// A whole number that is not negative, or the text of one; nothing for anything else.
[[nodiscard]] inline std::optional<std::uint64_t> whole_number(const nlohmann::json& value) {
  if (value.is_number_unsigned()) {
    return value.get<std::uint64_t>();
  }
  if (!value.is_string()) {
    return std::nullopt;
  }
  const auto& digits = value.get_ref<const std::string&>();
  std::uint64_t out = 0;
  const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
  return failed == std::errc() && end == digits.data() + digits.size() ? std::optional(out)
                                                                       : std::nullopt;
}

// The number of a key, or `otherwise` if there is none. Throws refused, which names the key.
template <class Integer>
[[nodiscard]] Integer config_number(const nlohmann::json& from, const char* key,
                                    Integer otherwise) {
  const auto at = from.find(key);
  if (at == from.end() || at->is_null()) {
    return otherwise;
  }
  const auto out = whole_number(*at);
  if (!out || !std::in_range<Integer>(*out)) {
    throw refused(SPAWN_E_INVALID, std::string("config: ") + key + " is not a number");
  }
  return static_cast<Integer>(*out);
}

}  // namespace spawn::plugin
