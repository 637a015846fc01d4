#include "schema.hpp"

#include <chrono>
#include <thread>

namespace mssql_store {

namespace {

using sql_store::sql_error;
using sql_store::trouble;

constexpr int tries_max = 10;
constexpr auto pause = std::chrono::milliseconds(20);

// The types and the words around a CREATE TABLE. Times are unix milliseconds; keys compare
// bytewise; system, parent and name are there for people.
struct words {
  const char *key, *bytes, *text, *name;
  const char* primary;  // of SQL Server: a clustered key holds 900 bytes, another 1,700
  const char* end;
};

words words_of(dialect speaks) {
  switch (speaks) {
    case dialect::postgres:
      return {"BYTEA", "BYTEA", "TEXT", "VARCHAR(1024)", "PRIMARY KEY", ")"};
    case dialect::mariadb:
      return {"VARBINARY(1024)",
              "LONGBLOB",
              "TEXT",
              "VARCHAR(1024)",
              "PRIMARY KEY",
              ") ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin"};
    case dialect::mssql:
      break;
  }
  return {"VARBINARY(1024)", "VARBINARY(MAX)",           "NVARCHAR(MAX)",
          "NVARCHAR(1024)",  "PRIMARY KEY NONCLUSTERED", ")"};
}

std::string table(dialect speaks, const std::string& name, const std::string& body) {
  const std::string made = name + " (\n" + body + words_of(speaks).end;
  return speaks == dialect::mssql
             ? "IF OBJECT_ID(N'" + name + "', N'U') IS NULL\nCREATE TABLE " + made
             : "CREATE TABLE IF NOT EXISTS " + made;
}

std::string expiry_index(dialect speaks, const table_names& names) {
  const std::string made = names.expiry_index + " ON " + names.record + " (deleted, expires_at)";
  return speaks == dialect::mssql
             ? "IF NOT EXISTS (SELECT 1 FROM sys.indexes WHERE name = N'" + names.expiry_index +
                   "' AND object_id = OBJECT_ID(N'" + names.record + "'))\nCREATE INDEX " + made
             : "CREATE INDEX IF NOT EXISTS " + made;
}

std::string select_version(const table_names& names) {
  return "SELECT version FROM " + names.version + " WHERE id = 1";
}

std::string insert_version(const table_names& names) {
  return "INSERT INTO " + names.version + " (id, version, applied_at) VALUES (1, ?, ?)";
}

// 0: there is none.
std::int64_t stored_version(connection& db, const table_names& names) {
  try {
    const rows got = db.query(select_version(names), {}, "i");
    return got.size() == 0 ? 0 : got.integer(0, 0);
  } catch (const odbc_error& e) {
    if (is_missing_table(e)) {
      return 0;
    }
    throw;
  }
}

void refuse_newer(std::int64_t version) {
  if (version > schema_version) {
    throw sql_error(trouble::refused, "the tables have schema version " + std::to_string(version) +
                                          ", which is newer than this plugin's (" +
                                          std::to_string(schema_version) + ")");
  }
}

// Two kernels may do it side by side: each statement leaves alone what is there. The version is
// said last, so who reads it finds all tables.
void make(connection& db, dialect speaks, const table_names& names, std::int64_t now_ms) {
  for (const std::string& text : definitions(speaks, names)) {
    db.define(text);
  }
  static_cast<void>(
      db.change(insert_version(names), parameters().integer(schema_version).integer(now_ms)));
}

}  // namespace

table_names::table_names(const settings& s) {
  const std::string in = s.schema.empty() ? s.prefix : s.schema + "." + s.prefix;
  record = in + "record";
  history = in + "history";
  version = in + "schema";
  expiry_index = s.prefix + "record_expiry";
}

std::vector<std::string> definitions(dialect speaks, const table_names& names) {
  const words w = words_of(speaks);
  const auto column = [](const char* name, std::string type) {
    return "  " + std::string(name) + std::string(12 - std::string(name).size(), ' ') +
           std::move(type) + ",\n";
  };
  const std::string key = column("record_key", std::string(w.key) + " NOT NULL");
  const std::string content =
      column("revision", "BIGINT NOT NULL") + column("writer", "BIGINT NOT NULL") +
      column("type_url", std::string(w.text) + " NOT NULL") +
      column("payload", std::string(w.bytes) + " NULL") +
      column("meta", std::string(w.bytes) + " NOT NULL") + column("written_at", "BIGINT NOT NULL");
  const std::string name = std::string(w.name) + " NULL";
  return {
      table(speaks, names.record,
            key + column("system", name) + column("parent", name) + column("name", name) + content +
                column("expires_at", "BIGINT NULL") + column("deleted", "SMALLINT NOT NULL") +
                column("changes", "BIGINT NOT NULL") + "  " + w.primary + " (record_key)\n"),
      expiry_index(speaks, names),
      table(speaks, names.history,
            key + content + column("replaced_at", "BIGINT NOT NULL") + "  " + w.primary +
                " (record_key, revision)\n"),
      table(speaks, names.version,
            column("id", "INT NOT NULL") + column("version", "INT NOT NULL") +
                column("applied_at", "BIGINT NOT NULL") + "  PRIMARY KEY (id)\n"),
  };
}

std::string schema_text(const settings& s) {
  const table_names names(s);
  std::string out = "-- Tables of schema version " + std::to_string(schema_version) + ".\n";
  for (const std::string& each : definitions(s.speaks, names)) {
    out += each + ";\n";
  }
  return out + "INSERT INTO " + names.version + " (id, version, applied_at) VALUES (1, " +
         std::to_string(schema_version) +
         ", 0);\n"
         "-- What the kernel's account needs:\n"
         "-- GRANT SELECT, INSERT, UPDATE, DELETE ON " +
         names.record + " TO ...;\n-- GRANT SELECT, INSERT, UPDATE, DELETE ON " + names.history +
         " TO ...;\n-- GRANT SELECT ON " + names.version + " TO ...;\n";
}

void bring_up_schema(connection& db, const settings& s, const table_names& names,
                     std::int64_t now_ms) {
  for (int tries = 1;; ++tries) {
    const std::int64_t version = stored_version(db, names);
    refuse_newer(version);
    if (version == schema_version) {
      return;
    }
    if (!s.create_schema) {
      throw sql_error(trouble::refused,
                      "the tables are missing or of an older version and schema.create is false; "
                      "`spawnctl store schema` prints the SQL that makes them");
    }
    try {
      return make(db, s.speaks, names, now_ms);
    } catch (const odbc_error&) {
      // Two that make the same table: one of them hears of it, in words that every database has
      // several of. Whatever it was, each statement may run again.
      if (tries == tries_max) {
        throw;
      }
      std::this_thread::sleep_for(pause);
    }
  }
}

}  // namespace mssql_store
