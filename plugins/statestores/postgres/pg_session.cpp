#include "pg_session.hpp"

#include <optional>

#include "write_arrays.hpp"

namespace postgres_store {

namespace {

using spawn::plugin::text;
using sql_store::write_plan;

array keys_array(std::span<const std::string_view> keys) {
  array out(oid::bytea);
  for (const std::string_view key : keys) {
    out.bytes(key);
  }
  return out;
}

}  // namespace

pg_session::statements::statements(const settings& s, const table_names& names) {
  const std::string& record = names.record;
  const std::string& history_table = names.history;
  const std::string columns = "revision, writer, type_url, payload, meta, written_at";
  const std::string live = "NOT deleted AND (expires_at IS NULL OR expires_at > ";
  begin =
      s.cockroach ? "BEGIN ISOLATION LEVEL SERIALIZABLE" : "BEGIN ISOLATION LEVEL READ COMMITTED";
  lock = "SELECT key, revision, writer, deleted, coalesce(expires_at, 0) FROM " + record +
         " WHERE key = ANY($1) ORDER BY key FOR UPDATE";
  past_of = "SELECT replaced_at FROM " + history_table +
            " WHERE key = $1 AND revision = $2 AND writer = $3";
  has_history = "SELECT EXISTS (SELECT 1 FROM " + history_table + ")";
  clear_history = "DELETE FROM " + history_table + " WHERE key = ANY($1)";
  keep_head = "INSERT INTO " + history_table + " (key, " + columns + ", replaced_at) SELECT key, " +
              columns + ", $2 FROM " + record + " WHERE key = ANY($1)";
  past = "INSERT INTO " + history_table + " (key, " + columns +
         ", replaced_at) SELECT n.key, n.revision, n.writer, n.type_url, n.payload, n.meta,"
         " n.written_at, $8"
         " FROM unnest($1, $2, $3, $4, $5, $6, $7)"
         " AS n(key, revision, writer, type_url, payload, meta, written_at)";
  insert = "INSERT INTO " + record + " (key, " + columns +
           ", expires_at, deleted, system, parent, name) SELECT n.key, n.revision, n.writer,"
           " n.type_url, n.payload, n.meta, n.written_at, n.expires_at, n.deleted, n.system,"
           " n.parent, n.name FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
           " AS n(key, revision, writer, type_url, payload, meta, written_at, expires_at, deleted,"
           " system, parent, name)";
  update = "UPDATE " + record +
           " AS r SET revision = n.revision, writer = n.writer, type_url = n.type_url,"
           " payload = n.payload, meta = n.meta, written_at = n.written_at,"
           " expires_at = n.expires_at, deleted = n.deleted"
           " FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9) AS n(key, revision, writer, type_url,"
           " payload, meta, written_at, expires_at, deleted) WHERE r.key = n.key";
  plain_update =
      "UPDATE " + record +
      " AS r SET revision = n.revision, writer = n.writer, type_url = n.type_url,"
      " payload = n.payload, meta = n.meta, written_at = $7, expires_at = NULL, deleted = false"
      " FROM unnest($1, $2, $3, $4, $5, $6, $8, $9) AS n(key, revision, writer, type_url, payload,"
      " meta, expected, whose) WHERE r.key = n.key AND r.revision = n.expected"
      " AND r.writer = n.whose RETURNING r.key";
  plain_update_one =
      "UPDATE " + record +
      " SET revision = $2, writer = $3, type_url = $4, payload = ($5::bytea[])[1], meta = $6,"
      " written_at = $7, expires_at = NULL, deleted = false"
      " WHERE key = $1 AND revision = $8 AND writer = $9 RETURNING key";
  plain_insert = "INSERT INTO " + record + " (key, " + columns +
                 ", system, parent, name) SELECT n.key, n.revision, n.writer, n.type_url,"
                 " n.payload, n.meta, $7, n.system, n.parent, n.name"
                 " FROM unnest($1, $2, $3, $4, $5, $6, $8, $9, $10) AS n(key, revision, writer,"
                 " type_url, payload, meta, system, parent, name)"
                 " ON CONFLICT (key) DO NOTHING RETURNING key";
  rewrite = "UPDATE " + record +
            " SET meta = $4, payload = CASE WHEN deleted THEN NULL ELSE ($5::bytea[])[1] END"
            " WHERE key = $1 AND revision = $2 AND writer = $3";
  past_rewrite = "UPDATE " + history_table +
                 " SET meta = $4, payload = ($5::bytea[])[1]"
                 " WHERE key = $1 AND revision = $2 AND writer = $3";
  guard = "INSERT INTO " + record +
          " (key, revision, writer, type_url, meta, written_at, deleted)"
          " SELECT n.key, 0, 0, '', '', 0, true FROM unnest($1) AS n(key)";
  purge = "DELETE FROM " + record + " WHERE key = ANY($1)";
  prune = "DELETE FROM " + history_table +
          " AS h USING unnest($1, $2) AS n(key, below)"
          " WHERE h.key = n.key AND h.revision < n.below";
  prune_age = "DELETE FROM " + history_table +
              " AS h USING unnest($1, $2) AS n(key, until)"
              " WHERE h.key = n.key AND h.replaced_at <= n.until";
  const std::string row = "key, revision, writer, written_at, type_url, meta, payload";
  load = "SELECT " + row + ", deleted, coalesce(expires_at, 0) FROM " + record +
         " WHERE key = ANY($1)";
  load_past = "SELECT " + row + " FROM " + history_table + " WHERE key = $1 AND revision = $2";
  const std::string some =
      "key, revision, writer, written_at, type_url, meta,"
      " CASE WHEN $4 THEN payload END, coalesce(expires_at, 0), NOT (" +
      live + "$3)) FROM ";
  const std::string range =
      record + " WHERE key >= $1 AND key < $2 AND ($6 OR (" + live + "$3))) ORDER BY key";
  list_up = "SELECT " + some + range + " LIMIT $5";
  list_down = "SELECT " + some + range + " DESC LIMIT $5";
  // Head and history of a key whose record has not expired.
  const std::string all =
      "SELECT $1::bytea, revision, writer, written_at, type_url, meta, CASE WHEN $5 THEN payload "
      "END"
      " FROM (SELECT " +
      columns + " FROM " + history_table +
      " WHERE key = $1 AND NOT EXISTS"
      " (SELECT 1 FROM " +
      record +
      " WHERE key = $1 AND expires_at <= $4)"
      " UNION ALL SELECT " +
      columns + " FROM " + record + " WHERE key = $1 AND " + live +
      "$4)) AS a"
      " WHERE revision >= $2 AND revision <= $3 ORDER BY revision";
  history_up = all + " LIMIT $6";
  history_down = all + " DESC LIMIT $6";
  const std::string skip = s.cockroach ? "" : " FOR UPDATE SKIP LOCKED";
  expire = "WITH due AS (SELECT key FROM " + record +
           " WHERE NOT deleted AND expires_at <= $1 ORDER BY expires_at LIMIT 100" + skip +
           "), gone AS (DELETE FROM " + history_table +
           " AS h USING due WHERE h.key = due.key) UPDATE " + record +
           " AS r SET payload = NULL, deleted = true FROM due WHERE r.key = due.key";
  collect = "WITH due AS (SELECT key FROM " + record +
            " WHERE deleted AND expires_at <= $1 ORDER BY expires_at LIMIT 100" + skip +
            ") DELETE FROM " + record + " AS r USING due WHERE r.key = due.key";
}

pg_session::pg_session(spawn::plugin::host_ref host, const settings& s, bool warns)
    : host_(host), settings_(s), warns_(warns), names_(s), sql_(s, names_), db_(host, s) {}

void pg_session::connect() {
  db_.open();
  bring_up_schema(db_, settings_, names_, host_.unix_ms());
  if (warns_ && !settings_.cockroach) {
    const rows got = db_.run(
        "SELECT current_setting('fsync') = 'off' OR current_setting('synchronous_commit') = 'off'");
    if (got.boolean(0, 0)) {
      host_.log(spawn::plugin::level::warn,
                "fsync or synchronous_commit is off: what is acknowledged may not survive a power "
                "loss of the database's machine");
    }
  }
}

void pg_session::begin(std::span<const std::string_view> keys,
                       std::vector<sql_store::head>& heads) {
  heads.assign(keys.size(), {});
  db_.queue(sql_.begin);
  db_.queue(sql_.lock, parameters().add(keys_array(keys)));
  const std::vector<rows> got = db_.flush();
  const rows& locked = got.back();
  std::size_t at = 0;  // both are in the order of the keys
  for (int i = 0; i < locked.size(); ++i) {
    while (at < keys.size() && keys[at] != locked.bytes(i, 0)) {
      ++at;
    }
    if (at == keys.size()) {
      throw sql_store::sql_error(sql_store::trouble::corrupt,
                                 "the database answered a key that "
                                 "nobody asked for");
    }
    heads[at] = {true, locked.word(i, 1), locked.word(i, 2), locked.boolean(i, 3),
                 static_cast<std::int64_t>(locked.word(i, 4))};
  }
}

std::optional<std::int64_t> pg_session::past_of(const spawn_ss_save& op) {
  const rows got =
      db_.run(sql_.past_of,
              parameters().bytes(text(op.key)).word(op.expect_revision).word(op.expect_writer));
  if (got.size() == 0) {
    return std::nullopt;
  }
  return static_cast<std::int64_t>(got.word(0, 0));
}

void pg_session::queue_keys(const std::vector<std::string_view>& keys,
                            const std::string& statement) {
  if (!keys.empty()) {
    db_.queue(statement, parameters().add(keys_array(keys)));
  }
}

void pg_session::queue_rewrites(const std::vector<const spawn_ss_save*>& ops,
                                const std::string& statement) {
  for (const spawn_ss_save* op : ops) {
    array payload(oid::bytea);  // of one, for its NULL
    put_payload(payload, *op);
    parameters with;
    with.bytes(text(op->key)).word(op->expect_revision).word(op->expect_writer);
    with.bytes(text(op->meta)).add(std::move(payload));
    db_.queue(statement, with);
  }
}

void pg_session::write_rows(const std::vector<write_plan::row>& from, std::int64_t now,
                            const std::string& statement, bool insert) {
  if (from.empty()) {
    return;
  }
  const bool past = &statement == &sql_.past;
  array key(oid::bytea), revision(oid::int8), writer(oid::int8), type(oid::text);
  array payload(oid::bytea), meta(oid::bytea), written(oid::int8), expires(oid::int8);
  array deleted(oid::boolean);
  array system(oid::text), parent(oid::text), name(oid::text);
  for (const write_plan::row& r : from) {
    const spawn_ss_save& op = *r.from;
    const bool is_save = r.is_save();
    key.bytes(r.key);
    revision.word(op.new_revision);
    writer.word(op.writer);
    type.bytes(is_save ? text(op.type_url) : std::string_view());
    if (is_save) {
      put_payload(payload, *r.body);
    } else {
      payload.null();
    }
    meta.bytes(r.meta());
    written.word(static_cast<std::uint64_t>(r.written_at(now)));
    if (r.expires_at != 0) {
      expires.word(static_cast<std::uint64_t>(r.expires_at));
    } else {
      expires.null();
    }
    deleted.boolean(!is_save);
    if (insert) {
      put_names(r.key, system, parent, name);
    }
  }
  parameters with;
  with.add(std::move(key)).add(std::move(revision)).add(std::move(writer)).add(std::move(type));
  with.add(std::move(payload)).add(std::move(meta)).add(std::move(written));
  if (past) {
    with.integer(now);  // replaced at
  } else {
    with.add(std::move(expires)).add(std::move(deleted));
  }
  if (insert) {
    with.add(std::move(system)).add(std::move(parent)).add(std::move(name));
  }
  db_.queue(statement, with);
}

void pg_session::commit(const write_plan& plan) {
  const std::int64_t now = plan.now();
  queue_rewrites(plan.rewrites, sql_.rewrite);
  queue_keys(plan.clear_history, sql_.clear_history);
  if (!plan.keep_head.empty()) {
    db_.queue(sql_.keep_head, parameters().add(keys_array(plan.keep_head)).integer(now));
  }
  write_rows(plan.past, now, sql_.past, false);
  write_rows(plan.updates, now, sql_.update, false);
  write_rows(plan.inserts, now, sql_.insert, true);
  queue_rewrites(plan.past_rewrites, sql_.past_rewrite);
  queue_keys(plan.purges, sql_.purge);
  queue_keys(plan.absent_guards, sql_.guard);
  queue_keys(plan.absent_guards, sql_.purge);
  array below_keys(oid::bytea), below(oid::int8), age_keys(oid::bytea), until(oid::int8);
  for (const write_plan::prune& p : plan.prunes) {
    if (p.below > 1) {
      below_keys.bytes(p.key);
      below.word(p.below);
    }
    if (p.replaced_until != 0) {
      age_keys.bytes(p.key);
      until.word(static_cast<std::uint64_t>(p.replaced_until));
    }
  }
  if (below.size() != 0) {
    db_.queue(sql_.prune, parameters().add(std::move(below_keys)).add(std::move(below)));
  }
  if (until.size() != 0) {
    db_.queue(sql_.prune_age, parameters().add(std::move(age_keys)).add(std::move(until)));
  }
  db_.queue("COMMIT", {}, plan.changes_data());
  static_cast<void>(db_.flush());
}

bool pg_session::has_history() {
  return db_.run(sql_.has_history).boolean(0, 0);
}

void pg_session::sweep(std::int64_t expired_before, std::int64_t collect_before) {
  db_.run(sql_.expire, parameters().integer(expired_before));
  db_.run(sql_.collect, parameters().integer(collect_before));
}

sql_store::store_counts pg_session::counts() {
  const std::string size = settings_.cockroach
                               ? std::string("0::int8")
                               : "pg_total_relation_size('" + names_.record +
                                     "') + pg_total_relation_size('" + names_.history + "')";
  const rows got = db_.run("SELECT (SELECT count(*) FROM " + names_.record +
                           "), (SELECT count(*) FROM " + names_.history + "), " + size);
  return {got.word(0, 0), got.word(0, 1), got.word(0, 2), schema_version};
}

}  // namespace postgres_store
