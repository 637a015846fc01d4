#include "literals.hpp"

#include "spawn/plugin/cpp/statestore.hpp"
#include "sql-common/utf8.hpp"

namespace mysql_store {

void literals::part() {
  if (!first_) {
    out_ += ',';
  }
  first_ = false;
}

literals& literals::bytes(std::string_view v) {
  part();
  out_ += "_binary";
  db_.quote(out_, v);
  return *this;
}

literals& literals::text(std::string_view v) {
  part();
  db_.quote(out_, v);
  return *this;
}

literals& literals::name(const std::optional<std::string>& v) {
  return v.has_value() && sql_store::is_text(*v) ? text(*v) : null();
}

literals& literals::word(std::uint64_t v) {
  part();
  out_ += std::to_string(v);
  return *this;
}

literals& literals::integer(std::int64_t v) {
  part();
  out_ += std::to_string(v);
  return *this;
}

literals& literals::null() {
  part();
  out_ += "NULL";
  return *this;
}

literals& literals::payload(const spawn_ss_save& op) {
  if (op.n_payload == 0) {
    return null();
  }
  if (op.n_payload == 1) {
    return bytes(spawn::plugin::text(op.payload[0]));
  }
  // Pieces are joined first: an escape must not see half a character.
  std::string whole;
  whole.reserve(spawn::plugin::payload_size(op));
  for (std::uint32_t i = 0; i < op.n_payload; ++i) {
    whole.append(spawn::plugin::text(op.payload[i]));
  }
  return bytes(whole);
}

}  // namespace mysql_store
