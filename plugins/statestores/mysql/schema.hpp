// The tables, their versions, and the SQL that makes them.
#pragma once
#include <string>

#include "connection.hpp"

namespace mysql_store {

inline constexpr int schema_version = 1;

// Names of the tables, quoted; they are in the connection's database.
struct table_names {
  explicit table_names(const settings& s);
  std::string record, history, version;
  std::string plain_version;  // without quotes
};

// What an administrator runs where the kernel may not make the tables.
[[nodiscard]] std::string schema_text(const settings& s);

// Makes or migrates the tables, however many kernels start together; with create_schema false only
// looks. Throws sql_error.
void bring_up_schema(connection& db, const settings& s, const table_names& names,
                     std::int64_t now_ms);

}  // namespace mysql_store
