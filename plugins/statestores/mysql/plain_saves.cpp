// Saves of what is there already and needs no look first: one conditional UPDATE, which MariaDB
// takes with arrays of values. A single one commits by itself; of several, all have to win.
#include <array>
#include <deque>

#include "my_session.hpp"

namespace mysql_store {

namespace {

using spawn::plugin::text;

// What the protocol adds to a row: its lengths and numbers.
constexpr std::size_t row_head_bytes = 96;

// The values of one parameter behind each other.
class column {
 public:
  void add(std::uint64_t v) { words_.push_back(v); }
  void add(std::string_view v) {
    bytes_.push_back(const_cast<char*>(v.data() == nullptr ? "" : v.data()));
    lengths_.push_back(v.size());
  }
  // Borrowed from the column.
  [[nodiscard]] MYSQL_BIND bind(bool array) {
    MYSQL_BIND out{};
    if (!words_.empty()) {
      out.buffer_type = MYSQL_TYPE_LONGLONG;
      out.is_unsigned = 1;
      out.buffer = words_.data();
    } else {
      out.buffer_type = MYSQL_TYPE_BLOB;
      out.buffer = array ? static_cast<void*>(bytes_.data()) : bytes_.front();
      out.length = lengths_.data();
    }
    return out;
  }

 private:
  std::vector<std::uint64_t> words_;
  std::vector<char*> bytes_;
  std::vector<unsigned long> lengths_;
};

// The parameters of the statement, in its order.
class update_values {
 public:
  void add(const spawn_ss_save& op, std::int64_t now) {
    auto& [revision, writer, type, payload, meta, written, key, expected, whose] = columns_;
    revision.add(op.new_revision);
    writer.add(op.writer);
    type.add(text(op.type_url));
    payload.add(whole(op));
    meta.add(text(op.meta));
    written.add(static_cast<std::uint64_t>(now));
    key.add(text(op.key));
    expected.add(op.expect_revision);
    whose.add(op.expect_writer);
  }
  [[nodiscard]] std::array<MYSQL_BIND, 9> binds(bool array) {
    std::array<MYSQL_BIND, 9> out;
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i] = columns_[i].bind(array);
    }
    out[2].buffer_type = MYSQL_TYPE_STRING;  // type_url has a character set, the others have none
    return out;
  }

 private:
  std::string_view whole(const spawn_ss_save& op) {
    if (op.n_payload == 1) {
      return text(op.payload[0]);
    }
    std::string& joined = joined_.emplace_back();
    for (std::uint32_t i = 0; i < op.n_payload; ++i) {
      joined.append(text(op.payload[i]));
    }
    return joined;
  }

  std::array<column, 9> columns_;
  std::deque<std::string> joined_;
};

}  // namespace

bool my_session::save_plain(std::span<spawn_ss_save* const> ops, std::int64_t now,
                            std::vector<bool>& won) {
  const bool several = ops.size() > 1;
  std::size_t bytes = 0;
  for (const spawn_ss_save* op : ops) {
    // New keys, and a payload that is absent and not empty, are the plan's.
    if (op->expect_revision == 0 || op->n_payload == 0) {
      return false;
    }
    bytes += row_head_bytes + spawn::plugin::payload_size(*op) + op->meta.len + op->key.len +
             op->type_url.len;
  }
  if ((several && !db_.takes_arrays()) || bytes > db_.text_bytes_max()) {
    return false;
  }
  update_values values;
  for (const spawn_ss_save* op : ops) {
    values.add(*op, now);
  }
  auto binds = values.binds(several);
  if (!several) {
    db_.require_alive();
    won.assign(1, db_.update(sql_.plain_update, binds, 0, true) == 1);
    return true;
  }
  static_cast<void>(db_.run(db_.begin()));
  const auto n = static_cast<unsigned>(ops.size());
  const bool all = db_.update(sql_.plain_update, binds, n, false) == n;
  if (all) {
    db_.commit(true);
  } else {
    db_.roll_back();  // which of them lost is not said: the plan finds out
  }
  won.assign(n, all);
  return true;
}

}  // namespace mysql_store
