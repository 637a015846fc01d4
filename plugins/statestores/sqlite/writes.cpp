// The write side of a batch: SAVE, DELETE, CHECK, REWRITE, and what time does to records.
#include <algorithm>
#include <limits>

#include "engine.hpp"
#include "sql-common/key_columns.hpp"

namespace sqlite_store {

namespace {

using spawn::plugin::set_outcome;
using spawn::plugin::text;

constexpr std::int64_t sweep_every_ms = 1'000;
constexpr std::int64_t sweep_rows = 100;
// Longer than any save can linger anywhere, so that a late one meets the tombstone.
constexpr std::int64_t tombstone_ms = 24 * 3600 * 1000;

// A step that answers no rows.
int done(statement& s) noexcept {
  const int rc = s.step();
  return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

int applied(spawn_ss_save& op) {
  set_outcome(&op.op, SPAWN_OK);
  return SQLITE_OK;
}

}  // namespace

std::string_view engine::payload_of(const spawn_ss_save& op) {
  if (op.n_payload == 1) {
    return text(op.payload[0]);
  }
  joined_.clear();
  for (std::uint32_t i = 0; i < op.n_payload; ++i) {
    joined_.append(text(op.payload[i]));
  }
  return joined_;
}

void engine::bind_payload(statement& s, int at, const spawn_ss_save& op) {
  if (op.n_payload != 0) {  // without any slice the column stays NULL: absent, not empty
    s.blob(at, payload_of(op));
  }
}

int engine::write(spawn_ss_save& op, std::int64_t now) {
  if (spawn::plugin::payload_size(op) + op.meta.len > settings_.max_record_bytes) {
    set_outcome(&op.op, SPAWN_E_TOO_LARGE, "payload and meta are larger than max_record_bytes");
    return SQLITE_OK;
  }
  switch (op.op.code) {
    case SPAWN_SS_CHECK:
      return check(op);
    case SPAWN_SS_REWRITE:
      return rewrite(op);
    case SPAWN_SS_PRUNE:
      return prune(op, now);
    case SPAWN_SS_SAVE:
      return op.expect_revision == 0 ? insert(op, now) : replace(op, now);
    default:
      break;
  }
  if (op.expect_revision == 0) {
    // Nothing to delete, or something nobody expected.
    return spawn::plugin::is_store_import(op) ? insert(op, now) : conflict(op);
  }
  return (op.op.flags & SPAWN_SS_F_NO_TOMBSTONE) != 0 ? purge(op) : replace(op, now);
}

int engine::insert(spawn_ss_save& op, std::int64_t now) {
  const std::string_view key = text(op.key);
  const bool is_save = op.op.code == SPAWN_SS_SAVE;
  const sql_store::key_columns readable = sql_store::columns_of(key);
  {
    statement s(db_.prepared(query::insert));
    s.blob(1, key).word(2, op.new_revision).word(3, op.writer);
    s.string(4, is_save ? text(op.type_url) : std::string_view());
    s.blob(5, text(op.meta)).integer(6, spawn::plugin::written_at(op, now));
    if (is_save) {
      if (op.ttl_s != 0) {
        s.integer(7, now + std::int64_t{op.ttl_s} * 1000);
      }
      bind_payload(s, 8, op);
    }
    s.integer(12, is_save ? 0 : 1);
    s.string(9, readable.system).string(10, readable.parent).string(11, readable.name);
    if (const int rc = done(s); rc != SQLITE_OK) {
      return rc;
    }
  }
  if (db_.changes() == 0) {
    return conflict(op);
  }
  has_ttl_ = has_ttl_ || (is_save && op.ttl_s != 0);
  return applied(op);
}

int engine::replace(spawn_ss_save& op, std::int64_t now) {
  const std::string_view key = text(op.key);
  const bool is_save = op.op.code == SPAWN_SS_SAVE;
  const bool erase = !is_save && (op.op.flags & SPAWN_SS_F_ERASE) != 0;
  if (has_history_ && has_ttl_) {
    statement s(db_.prepared(query::past_drop_key_if_expired));
    s.blob(1, key).word(2, op.expect_revision).word(3, op.expect_writer).integer(4, now);
    if (const int rc = done(s); rc != SQLITE_OK) {
      return rc;
    }
  }
  const bool keeps = op.keep_history != 0 || settings_.history_keep != 0;
  if (keeps && !erase) {
    statement s(db_.prepared(query::past_add));
    s.blob(1, key).word(2, op.expect_revision).word(3, op.expect_writer).integer(4, now);
    if (const int rc = done(s); rc != SQLITE_OK) {
      return rc;
    }
    has_history_ = true;
  }
  {
    statement s(db_.prepared(is_save ? query::update : query::tombstone));
    s.blob(1, key).word(2, op.new_revision).word(3, op.writer);
    s.blob(5, erase ? std::string_view() : text(op.meta));
    s.integer(6, spawn::plugin::written_at(op, now));
    if (is_save) {
      s.string(4, text(op.type_url));
      if (op.ttl_s != 0) {
        s.integer(7, now + std::int64_t{op.ttl_s} * 1000);
      }
      bind_payload(s, 8, op);
    }
    s.word(9, op.expect_revision).word(10, op.expect_writer);
    if (const int rc = done(s); rc != SQLITE_OK) {
      return rc;
    }
  }
  if (db_.changes() == 0) {
    return conflict(op);  // and past_add, with the same condition, added nothing
  }
  has_ttl_ = has_ttl_ || (is_save && op.ttl_s != 0);
  const int rc = erase ? drop_history(key) : prune_history(op, op.new_revision, now);
  return rc == SQLITE_OK ? applied(op) : rc;
}

int engine::drop_history(std::string_view key) {
  if (!has_history_) {
    return SQLITE_OK;
  }
  statement s(db_.prepared(query::past_drop_key));
  s.blob(1, key);
  return done(s);
}

int engine::prune(spawn_ss_save& op, std::int64_t now) {
  if (!has_history_) {
    return applied(op);
  }
  std::uint64_t newest = 0;
  {
    statement s(db_.prepared(query::head));
    s.blob(1, text(op.key));
    const int rc = s.step();
    if (rc != SQLITE_ROW && rc != SQLITE_DONE) {
      return rc;
    }
    newest = rc == SQLITE_ROW ? s.word_at(0) : 0;
  }
  const int rc = newest != 0 ? prune_history(op, newest, now) : SQLITE_OK;
  return rc == SQLITE_OK ? applied(op) : rc;
}

int engine::prune_history(const spawn_ss_save& op, std::uint64_t newest, std::int64_t now) {
  if (!has_history_) {
    return SQLITE_OK;
  }
  const std::uint32_t keep = op.keep_history != 0 ? op.keep_history : settings_.history_keep;
  if (keep == 0) {
    return drop_history(text(op.key));
  }
  if (newest > keep) {
    statement s(db_.prepared(query::past_keep));
    s.blob(1, text(op.key)).word(2, newest - keep);
    if (const int rc = done(s); rc != SQLITE_OK) {
      return rc;
    }
  }
  const std::uint64_t keep_ms =
      op.keep_history_ms != 0 ? op.keep_history_ms : settings_.history_keep_ms;
  if (keep_ms == 0 || keep_ms > static_cast<std::uint64_t>(now)) {
    return SQLITE_OK;
  }
  statement s(db_.prepared(query::past_keep_ms));
  s.blob(1, text(op.key)).integer(2, now - static_cast<std::int64_t>(keep_ms));
  return done(s);
}

int engine::purge(spawn_ss_save& op) {
  {
    statement s(db_.prepared(query::purge));
    s.blob(1, text(op.key)).word(2, op.expect_revision).word(3, op.expect_writer);
    if (const int rc = done(s); rc != SQLITE_OK) {
      return rc;
    }
  }
  if (db_.changes() == 0) {
    return conflict(op);
  }
  const int rc = drop_history(text(op.key));
  return rc == SQLITE_OK ? applied(op) : rc;
}

int engine::check(spawn_ss_save& op) {
  if (const int rc = conflict(op); rc != SQLITE_OK) {
    return rc;
  }
  const bool fits = op.expect_revision == op.out_revision &&
                    (op.expect_revision == 0 || op.expect_writer == op.out_writer);
  if (fits) {
    spawn::plugin::release(op.op.error);
    return applied(op);
  }
  return SQLITE_OK;
}

int engine::rewrite(spawn_ss_save& op) {
  for (const query q : {query::rewrite_head, query::rewrite_past}) {
    statement s(db_.prepared(q));
    s.blob(1, text(op.key)).word(2, op.expect_revision).word(3, op.expect_writer);
    s.blob(4, text(op.meta));
    bind_payload(s, 5, op);
    if (const int rc = done(s); rc != SQLITE_OK) {
      return rc;
    }
    if (db_.changes() != 0) {
      return applied(op);
    }
  }
  return conflict(op);
}

int engine::conflict(spawn_ss_save& op) {
  statement s(db_.prepared(query::head));
  s.blob(1, text(op.key));
  const int rc = s.step();
  if (rc != SQLITE_ROW && rc != SQLITE_DONE) {
    return rc;
  }
  op.out_revision = rc == SQLITE_ROW ? s.word_at(0) : 0;
  op.out_writer = rc == SQLITE_ROW ? s.word_at(1) : 0;
  set_outcome(&op.op, SPAWN_E_CONFLICT, "stored revision or writer differs");
  return SQLITE_OK;
}

int engine::sweep(std::int64_t now) {
  if (!has_ttl_ || now < next_sweep_ms_) {
    return SQLITE_OK;
  }
  next_sweep_ms_ = now + sweep_every_ms;
  for (const query q : {query::sweep_past, query::sweep_payload, query::sweep_collect}) {
    statement s(db_.prepared(q));
    s.integer(1, q == query::sweep_collect ? now - tombstone_ms : now).integer(2, sweep_rows);
    if (const int rc = done(s); rc != SQLITE_OK) {
      return rc;
    }
  }
  return SQLITE_OK;
}

}  // namespace sqlite_store
