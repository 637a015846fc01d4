// literals: writes the values of one row into a statement's text, parted by commas.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "connection.hpp"

namespace mysql_store {

class literals {
 public:
  // Borrows both; appends to `out`.
  literals(const connection& db, std::string& out) : db_(db), out_(out) {}

  literals& bytes(std::string_view v);  // as it is, of no character set
  literals& text(std::string_view v);   // UTF-8
  // NULL when there is none, or when it is not UTF-8: such a name is not shown.
  literals& name(const std::optional<std::string>& v);
  literals& word(std::uint64_t v);
  literals& integer(std::int64_t v);
  literals& null();
  // NULL when absent, which is not empty.
  literals& payload(const spawn_ss_save& op);

 private:
  void part();

  const connection& db_;
  std::string& out_;
  bool first_ = true;
};

}  // namespace mysql_store
