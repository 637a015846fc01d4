#include "engine.hpp"

#include <algorithm>

namespace sqlite_store {

namespace {

using spawn::plugin::set_outcome;
using spawn::plugin::take_back;

constexpr std::uint32_t retry_after_ms = 100;

spawn_status status_of(int code) noexcept {
  switch (code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_MISMATCH:
      return SPAWN_E_CORRUPT;
    case SQLITE_TOOBIG:
      return SPAWN_E_TOO_LARGE;
    default:
      return SPAWN_E_UNAVAILABLE;  // busy, full, I/O, memory: rolled back, may work later
  }
}

bool changes_data(const spawn_op* op) noexcept {
  return op->code == SPAWN_SS_SAVE || op->code == SPAWN_SS_DELETE || op->code == SPAWN_SS_REWRITE ||
         op->code == SPAWN_SS_PRUNE;
}

// Decided before the transaction and not by it.
bool decided(const spawn_op* op) noexcept {
  return op->status == SPAWN_E_UNSUPPORTED || op->status == SPAWN_E_INVALID ||
         op->status == SPAWN_E_DEADLINE || op->status == SPAWN_E_TOO_LARGE ||
         op->status == SPAWN_E_ABORTED;
}

}  // namespace

std::string engine::open() {
  if (std::string why = lock_.acquire(settings_.path); !why.empty()) {
    return why;
  }
  if (const auto bad = open_database(); bad.has_value()) {
    lock_.release();
    return bad->text;
  }
  return {};
}

void engine::close() noexcept {
  db_.close();
  lock_.release();
}

std::optional<failure> engine::open_database() {
  auto bad = db_.open(settings_, host_.unix_ms());
  if (!bad.has_value()) {
    has_history_ = db_.exists("SELECT 1 FROM history LIMIT 1");
    has_ttl_ = db_.exists("SELECT 1 FROM record WHERE expires_at IS NOT NULL LIMIT 1");
  }
  return bad;
}

void engine::run(std::span<spawn_op* const> ops) {
  const std::int64_t now = host_.unix_ms();
  const spawn::plugin::unit_list units(ops);
  const int broken = run_units(units, 0, units.size(), now);
  if (units.size() > 1 && (broken == SQLITE_CORRUPT || broken == SQLITE_TOOBIG)) {
    // One bad page or row must not take the innocent with it. All of it was rolled back.
    for (std::size_t i = 0; i < units.size(); ++i) {
      for (spawn_op* op : units[i]) {
        take_back(op);
      }
      run_units(units, i, 1, now);
    }
  }
}

int engine::run_units(const spawn::plugin::unit_list& units, std::size_t first, std::size_t count,
                      std::int64_t now) {
  const auto ops = units.range(first, count);
  if (!db_.is_open()) {
    if (const auto bad = open_database(); bad.has_value()) {
      fail(ops, *bad, false);
      return SQLITE_CANTOPEN;
    }
  }
  const bool writes = std::any_of(ops.begin(), ops.end(), changes_data);
  int rc = db_.run(writes ? query::begin_write : query::begin_read);
  if (rc == SQLITE_OK) {
    rc = run_all(units, first, count, now);
  }
  if (rc == SQLITE_OK && writes) {
    rc = sweep(now);
  }
  bool in_doubt = false;
  if (rc == SQLITE_OK) {
    rc = db_.run(query::commit);
    // Once frames with the commit mark may be in the log, only the log itself knows.
    in_doubt = rc != SQLITE_OK && (rc & 0xff) != SQLITE_BUSY;
  }
  if (rc == SQLITE_OK) {
    report(true, {});
    return SQLITE_OK;
  }
  const failure why = db_.last_failure();
  if (db_.in_transaction()) {
    (void)db_.run(query::rollback);  // whether it worked is asked on the next line but one
  }
  const int primary = rc & 0xff;
  if (db_.in_transaction() || (primary != SQLITE_BUSY && primary != SQLITE_FULL)) {
    db_.close();  // the next batch opens it again, with recovery
  }
  fail(ops, why, in_doubt);
  return in_doubt ? SQLITE_IOERR : primary;
}

// A savepoint costs a group a copy of each page that it changes, and hardly any group loses. So all
// of them go without, and if one has lost after it wrote, all of them go again.
int engine::run_all(const spawn::plugin::unit_list& units, std::size_t first, std::size_t count,
                    std::int64_t now) {
  auto ended = unit_end::kept;
  int rc = SQLITE_OK;
  for (std::size_t i = 0; rc == SQLITE_OK && i < count && ended == unit_end::kept; ++i) {
    rc = run_unit(units[first + i], now, undo::by_rollback, ended);
  }
  if (rc != SQLITE_OK || ended == unit_end::kept) {
    return rc;
  }
  for (spawn_op* op : units.range(first, count)) {
    take_back(op);
  }
  rc = db_.run(query::rollback);
  if (rc == SQLITE_OK) {
    rc = db_.run(query::begin_write);
  }
  for (std::size_t i = 0; rc == SQLITE_OK && i < count; ++i) {
    rc = run_unit(units[first + i], now, undo::by_savepoint, ended);
  }
  return rc;
}

int engine::run_unit(std::span<spawn_op* const> unit, std::int64_t now, undo by, unit_end& ended) {
  spawn_op* loser = nullptr;
  for (spawn_op* op : unit) {
    if (spawn::plugin::refuse_store_op(host_, op)) {
      loser = op;
      break;
    }
  }
  const bool is_group = unit.size() > 1;
  const bool guard = is_group && by == undo::by_savepoint;
  if (loser == nullptr) {
    int rc = guard ? db_.run(query::savepoint) : SQLITE_OK;
    for (spawn_op* op : unit) {
      rc = rc == SQLITE_OK ? run_one(op, now) : rc;
      if (rc != SQLITE_OK) {
        return rc;
      }
      if (is_group && op->status != SPAWN_OK) {
        loser = op;
        break;
      }
    }
    if (loser != nullptr && loser != unit.front() && !guard) {
      ended = unit_end::must_begin_again;
      return SQLITE_OK;
    }
    if (guard) {
      if (loser != nullptr) {
        rc = db_.run(query::rollback_to);
      }
      if (rc == SQLITE_OK) {
        rc = db_.run(query::release);
      }
      if (rc != SQLITE_OK) {
        return rc;
      }
    }
  }
  if (is_group && loser != nullptr) {
    for (spawn_op* op : unit) {
      if (op != loser) {
        set_outcome(op, SPAWN_E_ABORTED, "another op of the group failed");
      }
    }
  }
  return SQLITE_OK;
}

int engine::run_one(spawn_op* op, std::int64_t now) {
  switch (op->code) {
    case SPAWN_SS_LOAD:
      return load(*reinterpret_cast<spawn_ss_load*>(op), now);
    case SPAWN_SS_LIST:
      return list(*reinterpret_cast<spawn_ss_list*>(op), now);
    case SPAWN_SS_HISTORY:
      return history(*reinterpret_cast<spawn_ss_list*>(op), now);
    default:
      return write(*reinterpret_cast<spawn_ss_save*>(op), now);
  }
}

void engine::fail(std::span<spawn_op* const> ops, const failure& why, bool commit_in_doubt) {
  const spawn_status status = status_of(why.code);
  for (spawn_op* op : ops) {
    if (decided(op) || (op->status == SPAWN_E_INTERNAL && refuse_store_op(host_, op))) {
      continue;
    }
    const bool may_have_landed =
        commit_in_doubt && op->status == SPAWN_OK && spawn::plugin::is_store_write(op);
    take_back(op);
    if (may_have_landed) {
      set_outcome(op, SPAWN_E_UNKNOWN_OUTCOME, why.text);
    } else {
      // A read, or a CONFLICT with something that is rolled back now: neither says anything.
      set_outcome(op, commit_in_doubt ? SPAWN_E_UNAVAILABLE : status, why.text);
    }
    op->retry_after_ms = retry_after_ms;
  }
  if ((why.code & 0xff) != SQLITE_TOOBIG) {
    report(false, why.text);
  }
}

void engine::report(bool serving, const std::string& why) {
  if (serving == serving_) {
    return;
  }
  serving_ = serving;
  host_.health(serving, why);
  if (serving) {
    host_.log(spawn::plugin::level::info, "the database works again",
              spawn::plugin::field{"path", settings_.path});
  } else {
    host_.log(spawn::plugin::level::error, "the database fails",
              spawn::plugin::field{"path", settings_.path}, spawn::plugin::field{"why", why});
  }
}

}  // namespace sqlite_store
