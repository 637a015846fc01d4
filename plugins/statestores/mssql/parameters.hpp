// parameters: the values of one statement's question marks, in their order, with the types that the
// drivers agree on. Borrows the bytes it is given until the statement has run.
#pragma once
#include <sql.h>
#include <sqlext.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "spawn/plugin/cpp/statestore.hpp"
#include "sql-common/utf8.hpp"
#include "utf16.hpp"

namespace mssql_store {

class parameters {
 public:
  // A key, or a bound of keys.
  parameters& key(std::string_view v) { return add(kind::key, v); }
  parameters& bytes(std::string_view v) { return add(kind::blob, v); }
  // NULL when absent, which an empty one is not.
  parameters& payload(const spawn_ss_save& op) {
    if (op.n_payload == 0) {
      return no_payload();
    }
    if (op.n_payload == 1) {
      return bytes(spawn::plugin::text(op.payload[0]));
    }
    add(kind::blob, {});
    std::string& whole = values_.back().joined.emplace();
    whole.reserve(spawn::plugin::payload_size(op));
    for (std::uint32_t i = 0; i < op.n_payload; ++i) {
      whole.append(spawn::plugin::text(op.payload[i]));
    }
    return *this;
  }
  parameters& no_payload() { return add_null(kind::blob); }
  parameters& text(std::string_view utf8) {
    add(kind::text, {});
    values_.back().wide = to_utf16(utf8);
    return *this;
  }
  // A name that is no text is not shown.
  parameters& name(const std::optional<std::string>& v) {
    if (!v.has_value() || !sql_store::is_text(*v)) {
      return add_null(kind::name);
    }
    add(kind::name, {});
    values_.back().wide = to_utf16(*v);
    return *this;
  }
  parameters& integer(std::int64_t v) {
    add(kind::integer, {});
    values_.back().number = v;
    return *this;
  }
  parameters& word(std::uint64_t v) { return integer(static_cast<std::int64_t>(v)); }
  // 0 is NULL.
  parameters& time(std::int64_t v) { return v != 0 ? integer(v) : add_null(kind::integer); }

  // 0, or what SQLBindParameter answered to one of them. The values must not change until the
  // statement has run.
  [[nodiscard]] SQLRETURN bind(SQLHSTMT statement);

 private:
  enum class kind : std::uint8_t { key, blob, text, name, integer };
  struct value {
    kind is = kind::integer;
    std::string_view borrowed;
    std::optional<std::string> joined;
    std::u16string wide;
    std::int64_t number = 0;
    SQLLEN length = 0;  // or SQL_NULL_DATA
  };

  parameters& add(kind is, std::string_view v) {
    values_.push_back({is, v, std::nullopt, {}, 0, 0});
    return *this;
  }
  parameters& add_null(kind is) {
    add(is, {});
    values_.back().length = SQL_NULL_DATA;
    return *this;
  }

  std::vector<value> values_;
};

}  // namespace mssql_store
