#include "sql-common/key_columns.hpp"

namespace sql_store {

namespace {

int hex(char c) noexcept {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  if (c >= 'A' && c <= 'F') {
    return c - 'A' + 10;
  }
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

std::string decoded(std::string_view s) {
  std::string out;
  out.reserve(s.size());
  for (std::size_t i = 0; i < s.size(); ++i) {
    if (s[i] == '%' && i + 2 < s.size() && hex(s[i + 1]) >= 0 && hex(s[i + 2]) >= 0) {
      out.push_back(static_cast<char>(hex(s[i + 1]) * 16 + hex(s[i + 2])));
      i += 2;
    } else {
      out.push_back(s[i]);
    }
  }
  return out;
}

// The next segment up to '/', taken off the front; nullopt when there is none left.
std::optional<std::string> take(std::optional<std::string_view>& rest) {
  if (!rest.has_value()) {
    return std::nullopt;
  }
  const std::size_t slash = rest->find('/');
  const std::string_view segment = rest->substr(0, slash);
  rest = slash == std::string_view::npos ? std::nullopt : std::optional(rest->substr(slash + 1));
  return decoded(segment);
}

}  // namespace

key_columns columns_of(std::string_view key) {
  key_columns out;
  if (key.size() < 2 || key[1] != '/') {
    return out;
  }
  const bool with_parent = key[0] == 'a' || key[0] == 'd';
  if (!with_parent && key[0] != 'r' && key[0] != 'b') {
    return out;
  }
  std::optional rest(key.substr(2));
  out.system = take(rest);
  if (with_parent) {
    out.parent = take(rest);
  }
  out.name = take(rest);
  return out;
}

}  // namespace sql_store
