#include "torture/database_check.hpp"

#include <sqlite3.h>

#include <memory>
#include <optional>
#include <stdexcept>

namespace torture {

namespace {

constexpr const char* chain_sql =
    "SELECT revision, type_url, payload FROM"
    " (SELECT key, revision, type_url, payload FROM history"
    "  UNION ALL SELECT key, revision, type_url, payload FROM record)"
    " WHERE key = (SELECT key FROM record WHERE name = ?1 AND substr(key, 1, 2) = x'612F')"
    " ORDER BY revision";

constexpr char not_sealed = '\0';

struct closer {
  void operator()(sqlite3* db) const { sqlite3_close(db); }
  void operator()(sqlite3_stmt* s) const { sqlite3_finalize(s); }
};
using connection = std::unique_ptr<sqlite3, closer>;
using statement = std::unique_ptr<sqlite3_stmt, closer>;

connection open(const std::string& path) {
  sqlite3* raw = nullptr;
  const int failed = sqlite3_open_v2(path.c_str(), &raw, SQLITE_OPEN_READWRITE, nullptr);
  connection db(raw);
  if (failed != SQLITE_OK) {
    throw std::runtime_error(path + ": " + sqlite3_errmsg(raw));
  }
  return db;
}

statement prepare(sqlite3* db, const char* sql) {
  sqlite3_stmt* raw = nullptr;
  if (sqlite3_prepare_v2(db, sql, -1, &raw, nullptr) != SQLITE_OK) {
    throw std::runtime_error(sqlite3_errmsg(db));
  }
  return statement(raw);
}

std::string_view bytes_of(sqlite3_stmt* row, int column) {
  const void* data = sqlite3_column_blob(row, column);
  return {static_cast<const char*>(data),
          static_cast<std::size_t>(sqlite3_column_bytes(row, column))};
}

// One actor's chain. Life cycle: one actor.
class chain {
 public:
  chain(std::uint32_t actor, bool sealed, ledger& book)
      : actor_(actor), sealed_(sealed), book_(book) {}

  void link(std::int64_t revision, std::string_view type_url, std::string_view payload) {
    if (revision != last_revision_ + 1) {
      complain("revision " + std::to_string(revision) + " follows " +
               std::to_string(last_revision_));
    }
    last_revision_ = revision;
    if (sealed_) {
      if (payload.starts_with(not_sealed) || payload.find(state_url) != payload.npos) {
        complain("revision " + std::to_string(revision) + " is not sealed");
      }
      return;
    }
    // In front of the state stands a byte that says "not sealed".
    const bool clear = payload.starts_with(not_sealed);
    auto now = clear ? applied::decode(payload.substr(1)) : std::nullopt;
    if (!now || type_url != state_url) {
      complain("revision " + std::to_string(revision) + " holds no state");
      return;
    }
    if (!now->contains(last_) || now->updates <= last_.updates) {
      complain("revision " + std::to_string(revision) + " is not built on the one before");
    }
    last_ = std::move(*now);
  }
  void end() {
    if (last_revision_ == 0) {
      complain("no record");
    } else if (!sealed_) {
      book_.check_state(actor_, last_, "the database");
    }
  }
  [[nodiscard]] std::uint64_t length() const noexcept {
    return static_cast<std::uint64_t>(last_revision_);
  }

 private:
  void complain(const std::string& text) {
    book_.complain(actor_name(actor_) + " in the database: " + text);
  }

  const std::uint32_t actor_;
  const bool sealed_;
  ledger& book_;
  std::int64_t last_revision_ = 0;
  applied last_;
};

}  // namespace

stored_facts check_database(const std::string& path, std::uint32_t actors, bool sealed,
                            ledger& book) {
  const connection db = open(path);
  const statement integrity = prepare(db.get(), "PRAGMA integrity_check");
  if (sqlite3_step(integrity.get()) != SQLITE_ROW || bytes_of(integrity.get(), 0) != "ok") {
    book.complain("the database is damaged");
  }
  stored_facts facts;
  const statement rows = prepare(db.get(), chain_sql);
  for (std::uint32_t actor = 0; actor < actors; ++actor) {
    const std::string name = actor_name(actor);
    chain revisions(actor, sealed, book);
    sqlite3_bind_text(rows.get(), 1, name.data(), static_cast<int>(name.size()), SQLITE_STATIC);
    int step = sqlite3_step(rows.get());
    for (; step == SQLITE_ROW; step = sqlite3_step(rows.get())) {
      revisions.link(sqlite3_column_int64(rows.get(), 0), bytes_of(rows.get(), 1),
                     bytes_of(rows.get(), 2));
    }
    if (step != SQLITE_DONE) {
      throw std::runtime_error(std::string("reading a chain: ") + sqlite3_errmsg(db.get()));
    }
    sqlite3_reset(rows.get());
    revisions.end();
    facts.revisions += revisions.length();
    ++facts.actors;
  }
  return facts;
}

}  // namespace torture
