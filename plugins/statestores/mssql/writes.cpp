// The write side: what a plan comes to, row by row. Rows of the table of records are changed in the
// order of their keys, so that two kernels do not wait for each other in a circle.
#include <algorithm>

#include "key_lists.hpp"
#include "odbc_session.hpp"
#include "sql-common/key_columns.hpp"

namespace mssql_store {

namespace {

using spawn::plugin::text;
using sql_store::sql_error;
using sql_store::trouble;
using sql_store::write_plan;

[[noreturn]] void lost_race() {
  throw sql_error(trouble::retry, "another kernel has changed a record meanwhile");
}

// Type, payload and meta of a row; a tombstone has neither of the first two.
void put_content(parameters& to, const write_plan::row& r, std::int64_t now) {
  if (r.is_save()) {
    to.text(text(r.from->type_url)).payload(*r.body);
  } else {
    to.text({}).no_payload();
  }
  to.bytes(r.meta()).integer(r.written_at(now));
}

template <class Seen>
parameters& as_seen(parameters& to, std::string_view key, const Seen& s) {
  return to.key(key).word(s.revision).word(s.writer).integer(s.changes);
}

}  // namespace

void odbc_session::change_one(const std::string& statement, parameters with,
                              const spawn_op* whose) {
  try {
    if (db_.change(statement, std::move(with)) != 1) {
      lost_race();
    }
  } catch (const odbc_error& e) {
    if (e.kind() == trouble::too_large) {
      throw sql_error(e.kind(), e.what(), false, whose);
    }
    throw;
  }
}

void odbc_session::rewrite_heads(const write_plan& plan) {
  for (const spawn_ss_save* op : plan.rewrites) {
    const std::string_view key = text(op->key);
    seen& s = seen_.at(key);
    parameters with;
    s.deleted ? with.no_payload() : with.payload(*op);
    with.bytes(text(op->meta));
    change_one(sql_.rewrite, as_seen(with, key, s), &op->op);
    ++s.changes;
  }
}

// What is copied before its row is changed is what the row was when it is: `changes` says so.
void odbc_session::keep_heads(const write_plan& plan) {
  each_key_list(plan.keep_head, parameters().integer(plan.now()),
                [&](std::size_t size, parameters with, std::span<const std::string_view> some) {
                  const std::int64_t n = db_.change(sql_.keep_heads(size), std::move(with));
                  if (n != static_cast<std::int64_t>(some.size())) {
                    lost_race();
                  }
                });
}

// Nobody makes the key until the transaction ends: whoever tries waits for it.
void odbc_session::guard_absent(std::string_view key) {
  parameters with;
  with.key(key).word(0).word(0).text({}).no_payload().bytes({}).integer(0).time(0).integer(1);
  with.name(std::nullopt).name(std::nullopt).name(std::nullopt);
  change_one(sql_.insert(1), std::move(with));
  parameters again;
  change_one(sql_.purge, as_seen(again, key, seen()));
}

void odbc_session::change_row(const row_change& what, std::int64_t now) {
  const seen& s = seen_.at(what.key);
  parameters with;
  if (what.content != nullptr) {
    const write_plan::row& r = *what.content;
    with.word(r.from->new_revision).word(r.from->writer);
    put_content(with, r, now);
    with.time(r.expires_at).integer(r.is_save() ? 0 : 1);
    change_one(sql_.update, as_seen(with, what.key, s), &r.body->op);
  } else if (what.guard && !s.exists) {
    guard_absent(what.key);
  } else {
    change_one(what.guard ? sql_.touch : sql_.purge, as_seen(with, what.key, s));
  }
}

void odbc_session::change_rows(const write_plan& plan) {
  std::vector<row_change> all;
  for (const write_plan::row& r : plan.updates) {
    all.push_back({r.key, &r, false});
  }
  for (const std::string_view key : plan.purges) {
    all.push_back({key, nullptr, false});
  }
  for (const auto* guards : {&plan.guards, &plan.absent_guards}) {
    for (const std::string_view key : *guards) {
      all.push_back({key, nullptr, true});
    }
  }
  std::sort(all.begin(), all.end(),
            [](const row_change& a, const row_change& b) { return a.key < b.key; });
  for (const row_change& each : all) {
    change_row(each, plan.now());
  }
}

void odbc_session::insert_rows(std::span<const write_plan::row> from, std::int64_t now, bool past) {
  while (!from.empty()) {
    const std::size_t n = *std::find_if(std::begin(insert_sizes), std::end(insert_sizes),
                                        [&](std::size_t size) { return size <= from.size(); });
    parameters with;
    for (const write_plan::row& r : from.first(n)) {
      with.key(r.key).word(r.from->new_revision).word(r.from->writer);
      put_content(with, r, now);
      if (past) {
        with.integer(now);  // replaced at
        continue;
      }
      const sql_store::key_columns readable = sql_store::columns_of(r.key);
      with.time(r.expires_at).integer(r.is_save() ? 0 : 1);
      with.name(readable.system).name(readable.parent).name(readable.name);
    }
    const std::int64_t made =
        db_.change(past ? sql_.insert_past(n) : sql_.insert(n), std::move(with));
    if (made != static_cast<std::int64_t>(n)) {
      throw sql_error(trouble::refused, "the database did not make the rows it was asked for");
    }
    from = from.subspan(n);
  }
}

void odbc_session::change_history(const write_plan& plan) {
  each_key_list(plan.clear_history, {}, [&](std::size_t size, parameters with, auto) {
    db_.change(sql_.clear_history(size), std::move(with));
  });
  insert_rows(plan.past, plan.now(), true);
  for (const spawn_ss_save* op : plan.past_rewrites) {
    parameters with;
    with.payload(*op).bytes(text(op->meta));
    with.key(text(op->key)).word(op->expect_revision).word(op->expect_writer);
    change_one(sql_.past_rewrite, std::move(with), &op->op);
  }
  for (const write_plan::prune& p : plan.prunes) {
    db_.change(sql_.prune, parameters().key(p.key).word(p.below).integer(p.replaced_until));
  }
}

void odbc_session::commit(const write_plan& plan) {
  rewrite_heads(plan);
  keep_heads(plan);
  change_rows(plan);
  insert_rows(plan.inserts, plan.now(), false);
  change_history(plan);
  db_.commit(plan.changes_data());
}

}  // namespace mssql_store
