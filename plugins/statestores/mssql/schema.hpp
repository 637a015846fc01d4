// The tables and the statements that make them: all that differs from database to database.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "connection.hpp"

namespace mssql_store {

inline constexpr int schema_version = 1;

// As every statement names the tables: words that no database needs quotes for.
struct table_names {
  explicit table_names(const settings& s);
  std::string record, history, version;
  std::string expiry_index;  // without a schema
};

// What makes the tables of schema_version, in its order; each may run again. The row that says the
// version is not among them: bring_up_schema writes it last.
[[nodiscard]] std::vector<std::string> definitions(dialect speaks, const table_names& names);

// What an administrator runs where the kernel may not make the tables.
[[nodiscard]] std::string schema_text(const settings& s);

// Makes or migrates the tables, however many kernels start together; with create_schema false only
// looks. Throws sql_error.
void bring_up_schema(connection& db, const settings& s, const table_names& names,
                     std::int64_t now_ms);

}  // namespace mssql_store
