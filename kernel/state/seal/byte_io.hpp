// Fixed-width little-endian integers and LEB128 varints, appended to and read from byte strings.
#pragma once
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace spawn {

template <std::unsigned_integral T>
void append_le(std::string& out, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    out += static_cast<char>((static_cast<std::uint64_t>(value) >> (8 * i)) & 0xff);
  }
}

inline void append_varint(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    out += static_cast<char>((value & 0x7f) | 0x80);
    value >>= 7;
  }
  out += static_cast<char>(value);
}

// Reads from the front of borrowed bytes. Every read says whether it succeeded; after a failed one
// the position means nothing.
class byte_reader {
 public:
  explicit byte_reader(std::string_view bytes) noexcept : left_(bytes) {}
  [[nodiscard]] bool at_end() const noexcept { return left_.empty(); }
  [[nodiscard]] std::string_view left() const noexcept { return left_; }

  [[nodiscard]] std::optional<std::string_view> bytes(std::uint64_t count) noexcept {
    if (count > left_.size()) {
      return std::nullopt;
    }
    const auto out = left_.substr(0, static_cast<std::size_t>(count));
    left_.remove_prefix(out.size());
    return out;
  }
  template <std::unsigned_integral T>
  [[nodiscard]] std::optional<T> le() noexcept {
    const auto raw = bytes(sizeof(T));
    if (!raw) {
      return std::nullopt;
    }
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i) {
      value |= static_cast<std::uint64_t>(static_cast<unsigned char>((*raw)[i])) << (8 * i);
    }
    return static_cast<T>(value);
  }
  // Shortest form only, so that one value has one encoding.
  [[nodiscard]] std::optional<std::uint64_t> varint() noexcept {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const auto byte = le<std::uint8_t>();
      if (!byte || (shift == 63 && *byte > 1) || (shift > 0 && *byte == 0)) {
        return std::nullopt;
      }
      value |= static_cast<std::uint64_t>(*byte & 0x7f) << shift;
      if ((*byte & 0x80) == 0) {
        return value;
      }
    }
    return std::nullopt;
  }
  // A varint length and that many bytes.
  [[nodiscard]] std::optional<std::string_view> block() noexcept {
    const auto size = varint();
    return size ? bytes(*size) : std::nullopt;
  }

 private:
  std::string_view left_;
};

}  // namespace spawn
