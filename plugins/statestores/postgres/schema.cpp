#include "schema.hpp"

namespace postgres_store {

namespace {

using sql_store::sql_error;
using sql_store::trouble;

constexpr int tries_max = 10;

// One row says which version the tables have; its lock is what several kernels meet at.
std::string version_table(const table_names& names) {
  return "CREATE TABLE IF NOT EXISTS " + names.version +
         " (\n"
         "  id         int    NOT NULL PRIMARY KEY CHECK (id = 1),\n"
         "  version    int    NOT NULL,\n"
         "  applied_at bigint NOT NULL\n"
         ");\n"
         "INSERT INTO " +
         names.version + " VALUES (1, 0, 0) ON CONFLICT (id) DO NOTHING;\n";
}

// Keys are bytea, which compares bytewise; system, parent and name are there for people. writer is
// a 64-bit name and may show as a negative number. deleted: a tombstone, which keeps revision,
// writer and meta. Times are unix milliseconds.
std::string version_1(const table_names& names) {
  const std::string content =
      "  revision    bigint NOT NULL,\n"
      "  writer      bigint NOT NULL,\n"
      "  type_url    text   NOT NULL,\n"
      "  payload     bytea,\n"
      "  meta        bytea  NOT NULL,\n"
      "  written_at  bigint NOT NULL,\n";
  return "CREATE TABLE " + names.record +
         " (\n"
         "  key         bytea  NOT NULL PRIMARY KEY,\n"
         "  system      text,\n"
         "  parent      text,\n"
         "  name        text,\n" +
         content +
         "  expires_at  bigint,\n"
         "  deleted     boolean NOT NULL DEFAULT false\n"
         ");\n"
         "CREATE INDEX " +
         names.expiry_index + " ON " + names.record +
         " (deleted, expires_at) WHERE expires_at IS NOT NULL;\n"
         "CREATE TABLE " +
         names.history +
         " (\n"
         "  key         bytea  NOT NULL,\n" +
         content +
         "  replaced_at bigint NOT NULL,\n"
         "  PRIMARY KEY (key, revision)\n"
         ");\n";
}

int stored_version(connection& db, const table_names& names, bool locked) {
  const rows got = db.run("SELECT version::int8 FROM " + names.version + " WHERE id = 1" +
                          (locked ? " FOR UPDATE" : ""));
  return got.size() == 0 ? 0 : static_cast<int>(got.word(0, 0));
}

void refuse_newer(int version) {
  if (version > schema_version) {
    throw sql_error(trouble::refused, "the tables have schema version " + std::to_string(version) +
                                          ", which is newer than this plugin's (" +
                                          std::to_string(schema_version) + ")");
  }
}

void migrate(connection& db, const table_names& names, std::int64_t now_ms) {
  db.script(version_table(names));
  db.script("BEGIN");
  const int version = stored_version(db, names, true);
  refuse_newer(version);
  if (version < 1) {
    db.script(version_1(names));
    db.run("UPDATE " + names.version + " SET version = 1, applied_at = $1 WHERE id = 1",
           parameters().integer(now_ms));
  }
  db.script("COMMIT");
}

}  // namespace

table_names::table_names(const settings& s)
    : record("\"" + s.schema + "\".\"" + s.prefix + "record\""),
      history("\"" + s.schema + "\".\"" + s.prefix + "history\""),
      version("\"" + s.schema + "\".\"" + s.prefix + "schema\""),
      expiry_index("\"" + s.prefix + "record_expiry\"") {}

std::string schema_text(const settings& s) {
  const table_names names(s);
  return "-- Tables of schema version " + std::to_string(schema_version) + " in schema \"" +
         s.schema + "\".\n" + version_table(names) + version_1(names) + "UPDATE " + names.version +
         " SET version = " + std::to_string(schema_version) +
         " WHERE id = 1;\n"
         "-- What the kernel's account needs:\n"
         "-- GRANT SELECT, INSERT, UPDATE, DELETE ON " +
         names.record + ", " + names.history + " TO ...;\n-- GRANT SELECT ON " + names.version +
         " TO ...;\n";
}

void bring_up_schema(connection& db, const settings& s, const table_names& names,
                     std::int64_t now_ms) {
  for (int tries = 1;; ++tries) {
    try {
      const rows there =
          db.run("SELECT to_regclass($1) IS NOT NULL", parameters().text(names.version));
      const int version = there.boolean(0, 0) ? stored_version(db, names, false) : 0;
      refuse_newer(version);
      if (version == schema_version) {
        return;
      }
      if (!s.create_schema) {
        throw sql_error(trouble::refused,
                        "the tables are missing or of an older version and schema.create is "
                        "false; `spawnctl store schema` prints the SQL that makes them");
      }
      migrate(db, names, now_ms);
      return;
    } catch (const sql_error& e) {
      db.roll_back();
      // Two that make the same table at once: one of them gets an error for it, once.
      const bool raced = e.kind() == trouble::retry ||
                         std::string_view(e.what()).find("already exists") != std::string::npos;
      if (!raced || tries == tries_max) {
        throw;
      }
    }
  }
}

}  // namespace postgres_store
