#include "schema.hpp"

namespace mysql_store {

namespace {

using sql_store::sql_error;
using sql_store::trouble;

constexpr int tries_max = 10;
constexpr const char* engine =
    ") ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin";

// One row says which version the tables have; its lock is what several kernels meet at.
std::string version_table(const table_names& names) {
  return "CREATE TABLE IF NOT EXISTS " + names.version +
         " (\n"
         "  `id`         INT    NOT NULL PRIMARY KEY,\n"
         "  `version`    INT    NOT NULL,\n"
         "  `applied_at` BIGINT NOT NULL\n" +
         engine + ";\nINSERT IGNORE INTO " + names.version + " VALUES (1, 0, 0)";
}

// Keys are VARBINARY, which compares bytewise; system, parent and name are there for people.
// deleted: a tombstone, which keeps revision, writer and meta. Times are unix milliseconds.
std::string version_1(const table_names& names) {
  const std::string content =
      "  `revision`    BIGINT UNSIGNED NOT NULL,\n"
      "  `writer`      BIGINT UNSIGNED NOT NULL,\n"
      "  `type_url`    TEXT NOT NULL,\n"
      "  `payload`     LONGBLOB,\n"
      "  `meta`        LONGBLOB NOT NULL,\n"
      "  `written_at`  BIGINT NOT NULL,\n";
  return "CREATE TABLE IF NOT EXISTS " + names.record +
         " (\n"
         "  `key`         VARBINARY(1024) NOT NULL PRIMARY KEY,\n"
         "  `system`      VARCHAR(1024),\n"
         "  `parent`      VARCHAR(1024),\n"
         "  `name`        VARCHAR(1024),\n" +
         content +
         "  `expires_at`  BIGINT,\n"
         "  `deleted`     BOOLEAN NOT NULL DEFAULT 0,\n"
         "  KEY `expiry` (`deleted`, `expires_at`)\n" +
         engine + ";\nCREATE TABLE IF NOT EXISTS " + names.history +
         " (\n"
         "  `key`         VARBINARY(1024) NOT NULL,\n" +
         content +
         "  `replaced_at` BIGINT NOT NULL,\n"
         "  PRIMARY KEY (`key`, `revision`)\n" +
         engine;
}

bool is_there(connection& db, const table_names& names) {
  const rows got = db.query(
      "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE()"
      " AND table_name = '" +
      names.plain_version + "'");
  return got.integer(0, 0) != 0;
}

// 0 when there is no row, too.
std::int64_t stored_version(connection& db, const table_names& names, bool locked) {
  const rows got = db.query("SELECT `version` FROM " + names.version + " WHERE `id` = 1" +
                            (locked ? " FOR UPDATE" : ""));
  return got.integer(0, 0);
}

void refuse_newer(std::int64_t version) {
  if (version > schema_version) {
    throw sql_error(trouble::refused, "the tables have schema version " + std::to_string(version) +
                                          ", which is newer than this plugin's (" +
                                          std::to_string(schema_version) + ")");
  }
}

// A CREATE TABLE commits and lets go of every lock, so two kernels may make the tables side by
// side, where IF NOT EXISTS leaves nothing to do for the second. The version is said last, under
// its lock: who reads it finds all tables, and a newer one is never written over.
void migrate(connection& db, const table_names& names, std::int64_t now_ms) {
  db.run(version_table(names));
  refuse_newer(stored_version(db, names, false));
  db.run(version_1(names));
  db.run(db.begin());
  const std::int64_t version = stored_version(db, names, true);
  refuse_newer(version);
  if (version < 1) {
    db.run("UPDATE " + names.version +
           " SET `version` = 1, `applied_at` = " + std::to_string(now_ms) + " WHERE `id` = 1");
  }
  db.commit(false);
}

}  // namespace

table_names::table_names(const settings& s)
    : record("`" + s.prefix + "record`"),
      history("`" + s.prefix + "history`"),
      version("`" + s.prefix + "schema`"),
      plain_version(s.prefix + "schema") {}

std::string schema_text(const settings& s) {
  const table_names names(s);
  return "-- Tables of schema version " + std::to_string(schema_version) + ", in database `" +
         s.database + "`.\n" + version_table(names) + ";\n" + version_1(names) + ";\nUPDATE " +
         names.version + " SET `version` = " + std::to_string(schema_version) +
         " WHERE `id` = 1;\n"
         "-- What the kernel's account needs:\n"
         "-- GRANT SELECT, INSERT, UPDATE, DELETE ON " +
         names.record + " TO ...;\n-- GRANT SELECT, INSERT, UPDATE, DELETE ON " + names.history +
         " TO ...;\n-- GRANT SELECT ON " + names.version + " TO ...;\n";
}

void bring_up_schema(connection& db, const settings& s, const table_names& names,
                     std::int64_t now_ms) {
  for (int tries = 1;; ++tries) {
    try {
      const std::int64_t version = is_there(db, names) ? stored_version(db, names, false) : 0;
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
      if (e.kind() != trouble::retry || tries == tries_max) {
        throw;
      }
    }
  }
}

}  // namespace mysql_store
