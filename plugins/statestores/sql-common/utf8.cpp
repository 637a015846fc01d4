#include "sql-common/utf8.hpp"

#include <cstddef>

namespace sql_store {

bool is_text(std::string_view s) noexcept {
  for (std::size_t i = 0; i < s.size();) {
    const auto lead = static_cast<unsigned char>(s[i]);
    const std::size_t n = lead == 0      ? 0
                          : lead < 0x80  ? 1
                          : lead < 0xc2  ? 0
                          : lead < 0xe0  ? 2
                          : lead < 0xf0  ? 3
                          : lead <= 0xf4 ? 4
                                         : 0;
    if (n == 0 || s.size() - i < n) {
      return false;
    }
    const auto second = n > 1 ? static_cast<unsigned char>(s[i + 1]) : 0;
    if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f) ||
        (lead == 0xf0 && second < 0x90) || (lead == 0xf4 && second > 0x8f)) {
      return false;
    }
    for (std::size_t k = 1; k < n; ++k) {
      if ((static_cast<unsigned char>(s[i + k]) & 0xc0) != 0x80) {
        return false;
      }
    }
    i += n;
  }
  return true;
}

}  // namespace sql_store
