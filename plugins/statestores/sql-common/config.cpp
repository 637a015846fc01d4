#include "sql-common/config.hpp"

namespace sql_store {

using nlohmann::json;

engine_settings engine_settings_of(const json& config) {
  engine_settings s;
  s.statement_ms = config_number(config, "statement_ms", s.statement_ms);
  s.max_record_bytes = config_number(config, "max_record_bytes", s.max_record_bytes);
  if (const auto history = config.find("history"); history != config.end()) {
    s.history.keep = config_number(*history, "keep", s.history.keep);
    s.history.keep_ms = config_number(*history, "keep_ms", s.history.keep_ms);
  }
  return s;
}

}  // namespace sql_store
