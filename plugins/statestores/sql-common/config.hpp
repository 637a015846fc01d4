// What the config blocks of the stores on a server have in common.
#pragma once
#include <cstdint>
#include <nlohmann/json.hpp>

#include "spawn/plugin/cpp/plugin.hpp"
#include "sql-common/engine.hpp"

namespace sql_store {

// The instance's config with its secrets, as text, in their places.
[[nodiscard]] nlohmann::json with_secrets(const spawn::plugin::create_args& args);

// A whole number, or the text of one when it came as a secret. Throws refused.
[[nodiscard]] std::uint64_t number(const nlohmann::json& from, const char* key,
                                   std::uint64_t otherwise);

// statement_ms, max_record_bytes, history.
[[nodiscard]] engine_settings engine_settings_of(const nlohmann::json& config);

// Where Debian and its kin keep the certificates of the authorities that the system trusts.
inline constexpr const char* system_authorities = "/etc/ssl/certs/ca-certificates.crt";

}  // namespace sql_store
