-- The tables of schema version 1, for a database where the kernel may not make them itself
-- (schema.create: false). With another schema.name or schema.table_prefix change the names.
CREATE TABLE IF NOT EXISTS spawn_schema (
  id         int    NOT NULL PRIMARY KEY CHECK (id = 1),
  version    int    NOT NULL,
  applied_at bigint NOT NULL
);
-- Keys are bytea, which compares bytewise; system, parent and name are there for people. writer is
-- a 64-bit name and may show as a negative number. deleted: a tombstone, which keeps revision,
-- writer and meta. Times are unix milliseconds.
CREATE TABLE spawn_record (
  key         bytea  NOT NULL PRIMARY KEY,
  system      text,
  parent      text,
  name        text,
  revision    bigint NOT NULL,
  writer      bigint NOT NULL,
  type_url    text   NOT NULL,
  payload     bytea,
  meta        bytea  NOT NULL,
  written_at  bigint NOT NULL,
  expires_at  bigint,
  deleted     boolean NOT NULL DEFAULT false
);
CREATE INDEX spawn_record_expiry ON spawn_record (deleted, expires_at)
  WHERE expires_at IS NOT NULL;
CREATE TABLE spawn_history (
  key         bytea  NOT NULL,
  revision    bigint NOT NULL,
  writer      bigint NOT NULL,
  type_url    text   NOT NULL,
  payload     bytea,
  meta        bytea  NOT NULL,
  written_at  bigint NOT NULL,
  replaced_at bigint NOT NULL,
  PRIMARY KEY (key, revision)
);
INSERT INTO spawn_schema VALUES (1, 1, 0);
-- What the kernel's account needs:
-- GRANT SELECT, INSERT, UPDATE, DELETE ON spawn_record, spawn_history TO ...;
-- GRANT SELECT ON spawn_schema TO ...;
