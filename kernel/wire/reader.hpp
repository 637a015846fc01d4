// Zero-copy protobuf reader and writer: bytes in, views out. Every read is bounds-checked; a
// message that breaks a rule is refused as a whole.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace spawn::wire {

enum class type : std::uint8_t { varint = 0, fixed64 = 1, bytes = 2, group = 3, fixed32 = 5 };

// Walks the fields of one message:
//   reader r(bytes);
//   while (r.next()) { switch (r.field()) { case 1: x = r.bytes(); break; default: r.skip(); } }
//   if (!r.ok()) ...
// A field read with the wrong wire type makes the message bad. Groups are refused (proto3 has
// none).
class reader {
 public:
  explicit reader(std::string_view message) noexcept
      : at_(message.data()), end_(message.data() + message.size()) {}

  // Moves to the next field; false at the end or when the message is bad.
  [[nodiscard]] bool next() noexcept {
    if (bad_ || at_ == end_) {
      return false;
    }
    std::uint64_t tag = 0;
    if (!read_varint(tag) || tag > 0xffff'ffffULL || (tag >> 3) == 0) {
      bad_ = true;
      return false;
    }
    field_ = static_cast<std::uint32_t>(tag >> 3);
    type_ = static_cast<type>(tag & 7);
    return true;
  }
  [[nodiscard]] std::uint32_t field() const noexcept { return field_; }
  [[nodiscard]] type wire_type() const noexcept { return type_; }
  [[nodiscard]] bool ok() const noexcept { return !bad_; }

  [[nodiscard]] std::uint64_t varint() noexcept {
    std::uint64_t value = 0;
    if (type_ != type::varint || !read_varint(value)) {
      bad_ = true;
      return 0;
    }
    return value;
  }
  [[nodiscard]] std::int64_t int64() noexcept { return static_cast<std::int64_t>(varint()); }
  [[nodiscard]] std::int32_t int32() noexcept { return static_cast<std::int32_t>(varint()); }
  [[nodiscard]] bool boolean() noexcept { return varint() != 0; }
  [[nodiscard]] std::string_view bytes() noexcept {
    std::uint64_t length = 0;
    if (type_ != type::bytes || !read_varint(length) ||
        length > static_cast<std::uint64_t>(end_ - at_)) {
      bad_ = true;
      return {};
    }
    const std::string_view out(at_, length);
    at_ += length;
    return out;
  }
  // A proto3 string: bytes that are valid UTF-8.
  [[nodiscard]] std::string_view text() noexcept;
  void skip() noexcept;

 private:
  bool read_varint(std::uint64_t& out) noexcept {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 70; shift += 7) {
      if (at_ == end_) {
        return false;
      }
      const auto byte = static_cast<std::uint8_t>(*at_++);
      if (shift == 63 && byte > 1) {
        return false;
      }
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if ((byte & 0x80) == 0) {
        out = value;
        return true;
      }
    }
    return false;
  }

  const char* at_;
  const char* end_;
  std::uint32_t field_ = 0;
  type type_ = type::varint;
  bool bad_ = false;
};

// --- writing: append to a string ------------------------------------------------------------
inline void put_varint(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    out += static_cast<char>(value | 0x80);
    value >>= 7;
  }
  out += static_cast<char>(value);
}
inline void put_tag(std::string& out, std::uint32_t field, type t) {
  put_varint(out, (static_cast<std::uint64_t>(field) << 3) | static_cast<std::uint64_t>(t));
}
// A length-delimited field, also when empty.
inline void put_bytes(std::string& out, std::uint32_t field, std::string_view bytes) {
  put_tag(out, field, type::bytes);
  put_varint(out, bytes.size());
  out += bytes;
}
// A proto3 string or scalar: left out when it has its default.
inline void put_text(std::string& out, std::uint32_t field, std::string_view text) {
  if (!text.empty()) {
    put_bytes(out, field, text);
  }
}
inline void put_number(std::string& out, std::uint32_t field, std::uint64_t value) {
  if (value != 0) {
    put_tag(out, field, type::varint);
    put_varint(out, value);
  }
}
[[nodiscard]] constexpr std::size_t varint_size(std::uint64_t value) noexcept {
  std::size_t n = 1;
  while (value >= 0x80) {
    value >>= 7;
    ++n;
  }
  return n;
}
// Size of a length-delimited field with a tag of one byte (field numbers 1..15).
[[nodiscard]] constexpr std::size_t field_size(std::size_t bytes) noexcept {
  return 1 + varint_size(bytes) + bytes;
}
[[nodiscard]] constexpr std::size_t text_size(std::size_t bytes) noexcept {
  return bytes == 0 ? 0 : field_size(bytes);
}

}  // namespace spawn::wire
