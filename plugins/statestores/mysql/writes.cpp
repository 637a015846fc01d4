// The write side: what a plan comes to, as text.
#include "literals.hpp"
#include "my_session.hpp"
#include "sql-common/key_columns.hpp"

namespace mysql_store {

namespace {

using spawn::plugin::text;
using sql_store::write_plan;

constexpr std::size_t prunes_per_statement = 256;

}  // namespace

void my_session::put_rows(script& to, const std::vector<write_plan::row>& from, std::int64_t now,
                          into where) const {
  to.open(where == into::past     ? sql_.past
          : where == into::update ? sql_.write
                                  : sql_.insert,
          where == into::update ? std::string_view(sql_.on_update) : std::string_view());
  for (const write_plan::row& r : from) {
    const spawn_ss_save& op = *r.from;
    std::string& out = to.row();
    out += '(';
    literals row(db_, out);
    row.bytes(r.key).word(op.new_revision).word(op.writer);
    if (r.is_save()) {
      row.text(text(op.type_url)).payload(*r.body);
    } else {
      row.text({}).null();
    }
    row.bytes(r.meta()).integer(r.written_at(now));
    if (where == into::past) {
      row.integer(now);  // replaced at
    } else {
      r.expires_at != 0 ? row.integer(r.expires_at) : row.null();
      row.word(r.is_save() ? 0 : 1);
    }
    if (where == into::insert) {
      const sql_store::key_columns readable = sql_store::columns_of(r.key);
      row.name(readable.system).name(readable.parent).name(readable.name);
    }
    out += ')';
    to.end_row(&r.body->op);
  }
  to.close();
}

void my_session::put_rewrites(script& to, const std::vector<const spawn_ss_save*>& ops,
                              bool past) const {
  for (const spawn_ss_save* op : ops) {
    to.open({}, {});
    std::string& out = to.row();
    out += "UPDATE " + (past ? names_.history : names_.record) + " SET `meta`=";
    literals(db_, out).bytes(text(op->meta));
    out += past ? ",`payload`=" : ",`payload`=IF(`deleted`,NULL,";
    literals(db_, out).payload(*op);
    out += past ? " WHERE `key`=" : ") WHERE `key`=";
    literals(db_, out).bytes(text(op->key));
    out += " AND `revision`=" + std::to_string(op->expect_revision) +
           " AND `writer`=" + std::to_string(op->expect_writer);
    to.end_row(&op->op);
    to.close();
  }
}

void my_session::put_absent_guards(script& to, const std::vector<std::string_view>& keys) const {
  to.open(sql_.guard, {});
  for (const std::string_view key : keys) {
    std::string& out = to.row();
    out += '(';
    literals(db_, out).bytes(key).word(0).word(0).text({}).bytes({}).integer(0).word(1);
    out += ')';
    to.end_row();
  }
  to.close();
  to.of_keys(sql_.purge, keys);
}

void my_session::put_prunes(script& to, const std::vector<write_plan::prune>& prunes) const {
  for (std::size_t i = 0; i < prunes.size(); ++i) {
    if (i % prunes_per_statement == 0) {
      to.close();
      to.open(sql_.prune, {}, " OR ");
    }
    const write_plan::prune& p = prunes[i];
    std::string& out = to.row();
    out += "(h.`key`=";
    literals(db_, out).bytes(p.key);
    const std::string below = "h.`revision`<" + std::to_string(p.below);
    const std::string until = "h.`replaced_at`<=" + std::to_string(p.replaced_until);
    if (p.replaced_until == 0) {
      out += " AND " + below + ")";
    } else if (p.below <= 1) {
      out += " AND " + until + ")";
    } else {
      out += " AND (" + below + " OR " + until + "))";
    }
    to.end_row();
  }
  to.close();
}

void my_session::commit(const write_plan& plan) {
  const std::int64_t now = plan.now();
  script changes(db_);
  put_rewrites(changes, plan.rewrites, false);
  changes.of_keys(sql_.clear_history, plan.clear_history);
  changes.of_keys(sql_.keep_head + std::to_string(now) + " FROM " + names_.record +
                      " FORCE INDEX (PRIMARY) WHERE `key` IN",
                  plan.keep_head);
  put_rows(changes, plan.past, now, into::past);
  put_rows(changes, plan.updates, now, into::update);
  put_rows(changes, plan.inserts, now, into::insert);
  put_rewrites(changes, plan.past_rewrites, true);
  changes.of_keys(sql_.purge, plan.purges);
  put_absent_guards(changes, plan.absent_guards);
  put_prunes(changes, plan.prunes);
  changes.run();
  db_.commit(plan.changes_data());
}

}  // namespace mysql_store
