#include "odbc_session.hpp"

#include <algorithm>

#include "key_lists.hpp"

namespace mssql_store {

namespace {

using spawn::plugin::text;
using sql_store::sql_error;
using sql_store::trouble;

constexpr std::int64_t swept_at_once = 100;

}  // namespace

odbc_session::odbc_session(spawn::plugin::host_ref host, const settings& s, watchdog& dog)
    : host_(host), settings_(s), names_(s), sql_(names_), db_(host, s, dog) {}

void odbc_session::connect() {
  db_.open();
  bring_up_schema(db_, settings_, names_, host_.unix_ms());
}

void odbc_session::begin(std::span<const std::string_view> keys,
                         std::vector<sql_store::head>& heads) {
  heads.assign(keys.size(), {});
  seen_.clear();
  for (const std::string_view key : keys) {
    seen_.try_emplace(key);
  }
  db_.begin();
  each_key_list(keys, {}, [&](std::size_t size, parameters with, auto) {
    const rows got = db_.query(sql_.heads(size), std::move(with), "biiiii");
    for (int i = 0; i < got.size(); ++i) {
      const auto at = std::lower_bound(keys.begin(), keys.end(), got.bytes(i, 0));
      if (at == keys.end() || *at != got.bytes(i, 0)) {
        throw sql_error(trouble::corrupt, "the database answered a key that nobody asked for");
      }
      const bool deleted = got.integer(i, 3) != 0;
      heads[static_cast<std::size_t>(at - keys.begin())] = {true, got.word(i, 1), got.word(i, 2),
                                                            deleted, got.integer(i, 4)};
      seen_[*at] = {true, deleted, got.word(i, 1), got.word(i, 2), got.integer(i, 5)};
    }
  });
}

std::optional<std::int64_t> odbc_session::past_of(const spawn_ss_save& op) {
  const rows got = db_.query(
      sql_.past_of, parameters().key(text(op.key)).word(op.expect_revision).word(op.expect_writer),
      "i");
  if (got.size() == 0) {
    return std::nullopt;
  }
  return got.integer(0, 0);
}

bool odbc_session::has_history() {
  return db_.query(sql_.has_history, parameters().integer(1), "b").size() != 0;
}

// What another kernel has changed meanwhile is left to it.
void odbc_session::expire(const rows& due) {
  for (int i = 0; i < due.size(); ++i) {
    const std::string_view key = due.bytes(i, 0);
    const std::int64_t changed = db_.change(
        sql_.expire,
        parameters().key(key).word(due.word(i, 1)).word(due.word(i, 2)).integer(due.integer(i, 3)));
    if (changed == 1) {
      db_.change(sql_.clear_history(1), parameters().key(key));
    }
  }
}

void odbc_session::sweep(std::int64_t expired_before, std::int64_t collect_before) {
  const auto due = [&](bool deleted, std::int64_t before) {
    return db_.query(sql_.due,
                     parameters().integer(deleted ? 1 : 0).integer(before).integer(swept_at_once),
                     "biii");
  };
  const rows expired = due(false, expired_before);
  const rows collected = due(true, collect_before);
  if (expired.size() == 0 && collected.size() == 0) {
    return;
  }
  db_.begin();
  expire(expired);
  for (int i = 0; i < collected.size(); ++i) {
    db_.change(sql_.purge, parameters()
                               .key(collected.bytes(i, 0))
                               .word(collected.word(i, 1))
                               .word(collected.word(i, 2))
                               .integer(collected.integer(i, 3)));
  }
  db_.commit(false);
}

sql_store::store_counts odbc_session::counts() {
  const auto count = [&](const std::string& table) {
    return db_.query("SELECT COUNT(*) FROM " + table, {}, "i").word(0, 0);
  };
  return {count(names_.record), count(names_.history), 0, schema_version};
}

}  // namespace mssql_store
