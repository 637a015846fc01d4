// What the config blocks of the stores on a server have in common.
#pragma once
#include <cstdint>
#include <nlohmann/json.hpp>

#include "config-common/config.hpp"
#include "sql-common/engine.hpp"

namespace sql_store {

using spawn::plugin::config_number;
using spawn::plugin::with_secrets;

// statement_ms, max_record_bytes, history.
[[nodiscard]] engine_settings engine_settings_of(const nlohmann::json& config);

// Where Debian and its kin keep the certificates of the authorities that the system trusts.
inline constexpr const char* system_authorities = "/etc/ssl/certs/ca-certificates.crt";

}  // namespace sql_store
