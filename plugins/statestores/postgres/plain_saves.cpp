// Saves that need no look first: one conditional statement for the keys that are there and one for
// those that are not. They are a transaction by themselves, which costs one round trip and neither
// BEGIN nor COMMIT; being conditional, they are right at every isolation level.
#include <optional>
#include <unordered_set>

#include "pg_session.hpp"
#include "write_arrays.hpp"

namespace postgres_store {

namespace {

using spawn::plugin::text;

// The columns that both statements begin with.
struct contents {
  array key{oid::bytea}, revision{oid::int8}, writer{oid::int8}, type{oid::text};
  array payload{oid::bytea}, meta{oid::bytea};

  void add(const spawn_ss_save& op) {
    key.bytes(text(op.key));
    revision.word(op.new_revision);
    writer.word(op.writer);
    type.bytes(text(op.type_url));
    put_payload(payload, op);
    meta.bytes(text(op.meta));
  }
  [[nodiscard]] parameters take(std::int64_t now) {
    parameters with;
    with.add(std::move(key)).add(std::move(revision)).add(std::move(writer)).add(std::move(type));
    with.add(std::move(payload)).add(std::move(meta)).integer(now);
    return with;
  }
};

// The same values for a statement without arrays, which is what a save on its own is worth.
parameters one_update(const spawn_ss_save& op, std::int64_t now) {
  array payload(oid::bytea);  // of one, for its NULL
  put_payload(payload, op);
  parameters with;
  with.bytes(text(op.key)).word(op.new_revision).word(op.writer).text(text(op.type_url));
  with.add(std::move(payload)).bytes(text(op.meta)).integer(now);
  return std::move(with.word(op.expect_revision).word(op.expect_writer));
}

}  // namespace

bool pg_session::save_plain(std::span<spawn_ss_save* const> ops, std::int64_t now,
                            std::vector<bool>& won) {
  if (settings_.cockroach) {
    return false;  // conflicts of such transactions were not tried there
  }
  db_.require_alive();
  if (ops.size() == 1 && ops[0]->expect_revision != 0) {
    db_.queue(sql_.plain_update_one, one_update(*ops[0], now));
    won.assign(1, db_.flush(true).front().size() == 1);
    return true;
  }
  contents updated, inserted;
  array expected(oid::int8), whose(oid::int8);
  array system(oid::text), parent(oid::text), name(oid::text);
  for (const spawn_ss_save* op : ops) {
    if (op->expect_revision != 0) {
      updated.add(*op);
      expected.word(op->expect_revision);
      whose.word(op->expect_writer);
    } else {
      inserted.add(*op);
      put_names(text(op->key), system, parent, name);
    }
  }
  if (expected.size() != 0) {
    parameters with = updated.take(now);
    db_.queue(sql_.plain_update, with.add(std::move(expected)).add(std::move(whose)));
  }
  if (name.size() != 0) {
    parameters with = inserted.take(now);
    db_.queue(sql_.plain_insert,
              with.add(std::move(system)).add(std::move(parent)).add(std::move(name)));
  }
  const std::vector<rows> got = db_.flush(true);
  int n = 0;
  for (const rows& of : got) {
    n += of.size();
  }
  won.assign(ops.size(), n == static_cast<int>(ops.size()));
  if (won[0]) {
    return true;
  }
  std::unordered_set<std::string_view> saved;
  for (const rows& of : got) {
    for (int i = 0; i < of.size(); ++i) {
      saved.insert(of.bytes(i, 0));
    }
  }
  for (std::size_t i = 0; i < ops.size(); ++i) {
    won[i] = saved.contains(text(ops[i]->key));
  }
  return true;
}

}  // namespace postgres_store
