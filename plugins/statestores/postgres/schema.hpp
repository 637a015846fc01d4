// The tables, their versions, and the SQL that makes them.
#pragma once
#include <string>

#include "connection.hpp"

namespace postgres_store {

inline constexpr int schema_version = 1;

// Names of the tables, quoted and with their schema.
struct table_names {
  explicit table_names(const settings& s);
  std::string record, history, version;
  std::string expiry_index;  // without the schema, which it takes from its table
};

// What an administrator runs where the kernel may not make the tables.
[[nodiscard]] std::string schema_text(const settings& s);

// Makes or migrates the tables, once, however many kernels start together; with create_schema
// false only looks. Throws sql_error.
void bring_up_schema(connection& db, const settings& s, const table_names& names,
                     std::int64_t now_ms);

}  // namespace postgres_store
