// What several statements put into their arrays in the same way.
#pragma once
#include <string_view>

#include "parameters.hpp"
#include "spawn/plugin/cpp/statestore.hpp"
#include "sql-common/key_columns.hpp"
#include "sql-common/utf8.hpp"

namespace postgres_store {

inline void put_payload(array& to, const spawn_ss_save& op) {
  if (op.n_payload == 0) {
    return to.null();  // absent, not empty
  }
  to.begin(spawn::plugin::payload_size(op));
  for (std::uint32_t i = 0; i < op.n_payload; ++i) {
    to.append(spawn::plugin::text(op.payload[i]));
  }
}

// The readable columns of a key. A name that is no text is not shown.
inline void put_names(std::string_view key, array& system, array& parent, array& name) {
  const auto put = [](array& to, const std::optional<std::string>& v) {
    to.optional(v.has_value() && sql_store::is_text(*v) ? v : std::nullopt);
  };
  const sql_store::key_columns readable = sql_store::columns_of(key);
  put(system, readable.system);
  put(parent, readable.parent);
  put(name, readable.name);
}

}  // namespace postgres_store
