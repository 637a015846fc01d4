// What the files of minisign share: lines with a comment, and base64 of a fixed length.
#pragma once
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace spawn::trust {

inline constexpr std::string_view untrusted_prefix = "untrusted comment: ";
inline constexpr std::string_view trusted_prefix = "trusted comment: ";
// Of a whole file. A comment of minisign has at most 8 KiB.
inline constexpr std::size_t text_bytes_max = 32'768;

// The lines without their ends (LF or CRLF) and without blank lines after the last one. INVALID
// when it is longer than text_bytes_max or holds a NUL.
[[nodiscard]] result<std::vector<std::string_view>> lines_of(std::string_view text);

// What follows the prefix; INVALID when the line does not begin with it.
[[nodiscard]] result<std::string_view> comment_of(std::string_view line, std::string_view prefix);

// Exactly that many bytes of base64; `what` names them in the error.
[[nodiscard]] result<std::string> bytes_of(std::string_view line, std::size_t bytes,
                                           std::string_view what);

// A comment is one line and holds no NUL.
[[nodiscard]] result<void> check_comment(std::string_view comment);

// Copies as many bytes as the array has, from an offset.
template <std::size_t N>
[[nodiscard]] std::array<unsigned char, N> part_of(std::string_view bytes, std::size_t from) {
  std::array<unsigned char, N> out{};
  for (std::size_t i = 0; i < N; ++i) {
    out[i] = static_cast<unsigned char>(bytes[from + i]);
  }
  return out;
}

template <std::size_t N>
void append(std::string& out, const std::array<unsigned char, N>& bytes) {
  out.append(reinterpret_cast<const char*>(bytes.data()), N);
}

}  // namespace spawn::trust
