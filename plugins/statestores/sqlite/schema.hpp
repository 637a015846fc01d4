// The tables of schema version 1 and every statement the store runs.
#pragma once
#include <array>
#include <string_view>

#include "database.hpp"

namespace sqlite_store {

inline constexpr int schema_version = 1;
inline constexpr int application_id = 0x5350574e;  // "SPWN", shown by `file`

// Keys are BLOBs, so that they compare bytewise and may hold anything; system, parent and name are
// there for people. writer is a 64-bit name and may show as a negative number. deleted = 1: a
// tombstone, which keeps revision, writer and meta.
inline constexpr const char* schema_sql = R"sql(
CREATE TABLE schema_version (
  version    INTEGER NOT NULL,
  applied_at INTEGER NOT NULL
);
CREATE TABLE record (
  key        BLOB    NOT NULL PRIMARY KEY,
  system     TEXT,
  parent     TEXT,
  name       TEXT,
  revision   INTEGER NOT NULL,
  writer     INTEGER NOT NULL,
  type_url   TEXT    NOT NULL,
  payload    BLOB,
  meta       BLOB    NOT NULL,
  written_at INTEGER NOT NULL,
  expires_at INTEGER,
  deleted    INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX record_expiry ON record (deleted, expires_at) WHERE expires_at IS NOT NULL;
CREATE TABLE history (
  key         BLOB    NOT NULL,
  revision    INTEGER NOT NULL,
  writer      INTEGER NOT NULL,
  type_url    TEXT    NOT NULL,
  payload     BLOB,
  meta        BLOB    NOT NULL,
  written_at  INTEGER NOT NULL,
  replaced_at INTEGER NOT NULL,
  PRIMARY KEY (key, revision)
) WITHOUT ROWID;
)sql";

inline constexpr std::string_view sql_of(query q) noexcept {
  switch (q) {
    case query::begin_read:
      return "BEGIN";
    case query::begin_write:
      return "BEGIN IMMEDIATE";
    case query::commit:
      return "COMMIT";
    case query::rollback:
      return "ROLLBACK";
    case query::savepoint:
      return "SAVEPOINT grp";
    case query::release:
      return "RELEASE grp";
    case query::rollback_to:
      return "ROLLBACK TO grp";
    case query::head:
      return "SELECT revision, writer FROM record WHERE key = ?1";
    case query::load_head:
      return "SELECT revision, writer, written_at, type_url, meta, payload, deleted, expires_at"
             " FROM record WHERE key = ?1";
    case query::load_past:
      return "SELECT revision, writer, written_at, type_url, meta, payload FROM history"
             " WHERE key = ?1 AND revision = ?2";
    case query::insert:
      return "INSERT INTO record (key, revision, writer, type_url, meta, written_at, expires_at,"
             " payload, system, parent, name, deleted)"
             " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)"
             " ON CONFLICT (key) DO NOTHING";
    case query::update:
      return "UPDATE record SET revision = ?2, writer = ?3, type_url = ?4, meta = ?5,"
             " written_at = ?6, expires_at = ?7, payload = ?8, deleted = 0"
             " WHERE key = ?1 AND revision = ?9 AND writer = ?10";
    case query::tombstone:
      return "UPDATE record SET revision = ?2, writer = ?3, type_url = '', meta = ?5,"
             " written_at = ?6, expires_at = NULL, payload = NULL, deleted = 1"
             " WHERE key = ?1 AND revision = ?9 AND writer = ?10";
    case query::purge:
      return "DELETE FROM record WHERE key = ?1 AND revision = ?2 AND writer = ?3";
    case query::rewrite_head:
      return "UPDATE record SET meta = ?4, payload = CASE WHEN deleted THEN NULL ELSE ?5 END"
             " WHERE key = ?1 AND revision = ?2 AND writer = ?3";
    case query::rewrite_past:
      return "UPDATE history SET meta = ?4, payload = ?5"
             " WHERE key = ?1 AND revision = ?2 AND writer = ?3";
    case query::past_add:
      return "INSERT OR REPLACE INTO history (key, revision, writer, type_url, payload, meta,"
             " written_at, replaced_at)"
             " SELECT key, revision, writer, type_url, payload, meta, written_at, ?4 FROM record"
             " WHERE key = ?1 AND revision = ?2 AND writer = ?3 AND deleted = 0"
             " AND (expires_at IS NULL OR expires_at > ?4)";
    case query::past_drop_key:
      return "DELETE FROM history WHERE key = ?1";
    case query::past_drop_key_if_expired:
      return "DELETE FROM history WHERE key = ?1 AND EXISTS"
             " (SELECT 1 FROM record WHERE key = ?1 AND revision = ?2 AND writer = ?3"
             " AND expires_at <= ?4)";
    case query::past_keep:
      return "DELETE FROM history WHERE key = ?1 AND revision < ?2";
    case query::past_keep_ms:
      // Up to the oldest that is young enough: never a walk over all that is kept.
      return "DELETE FROM history WHERE key = ?1 AND revision < coalesce((SELECT revision FROM"
             " history WHERE key = ?1 AND replaced_at > ?2 ORDER BY revision LIMIT 1),"
             " 9223372036854775807)";
    case query::list_up:
      return "SELECT key, revision, writer, written_at, type_url, meta,"
             " CASE WHEN ?4 THEN payload END, expires_at,"
             " deleted = 1 OR coalesce(expires_at <= ?3, 0) AS gone"
             " FROM record WHERE key >= ?1 AND key < ?2 AND (?5 OR NOT gone) ORDER BY key";
    case query::list_down:
      return "SELECT key, revision, writer, written_at, type_url, meta,"
             " CASE WHEN ?4 THEN payload END, expires_at,"
             " deleted = 1 OR coalesce(expires_at <= ?3, 0) AS gone"
             " FROM record WHERE key >= ?1 AND key < ?2 AND (?5 OR NOT gone) ORDER BY key DESC";
    case query::history_up:
      return "SELECT revision, writer, written_at, type_url, meta, CASE WHEN ?5 THEN payload END"
             " FROM (SELECT revision, writer, written_at, type_url, meta, payload"
             " FROM history WHERE key = ?1 AND NOT EXISTS"
             " (SELECT 1 FROM record WHERE key = ?1 AND expires_at <= ?4)"
             " UNION ALL SELECT revision, writer, written_at, type_url, meta, payload FROM record"
             " WHERE key = ?1 AND deleted = 0 AND (expires_at IS NULL OR expires_at > ?4))"
             " WHERE revision >= ?2 AND revision <= ?3 ORDER BY revision";
    case query::history_down:
      return "SELECT revision, writer, written_at, type_url, meta, CASE WHEN ?5 THEN payload END"
             " FROM (SELECT revision, writer, written_at, type_url, meta, payload"
             " FROM history WHERE key = ?1 AND NOT EXISTS"
             " (SELECT 1 FROM record WHERE key = ?1 AND expires_at <= ?4)"
             " UNION ALL SELECT revision, writer, written_at, type_url, meta, payload FROM record"
             " WHERE key = ?1 AND deleted = 0 AND (expires_at IS NULL OR expires_at > ?4))"
             " WHERE revision >= ?2 AND revision <= ?3 ORDER BY revision DESC";
    case query::sweep_past:
      return "DELETE FROM history WHERE key IN (SELECT key FROM record WHERE deleted = 0"
             " AND expires_at <= ?1 ORDER BY expires_at LIMIT ?2)";
    case query::sweep_payload:
      return "UPDATE record SET payload = NULL, deleted = 1 WHERE key IN (SELECT key FROM record"
             " WHERE deleted = 0 AND expires_at <= ?1 ORDER BY expires_at LIMIT ?2)";
    case query::sweep_collect:
      return "DELETE FROM record WHERE key IN (SELECT key FROM record WHERE deleted = 1"
             " AND expires_at <= ?1 ORDER BY expires_at LIMIT ?2)";
    case query::count:
      break;
  }
  return {};
}

}  // namespace sqlite_store
