#include "model/trace.hpp"

#include <algorithm>
#include <cstring>
#include <span>

namespace spawn {
namespace {

int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  if (c >= 'a' && c <= 'f') {
    return c - 'a' + 10;
  }
  return -1;
}

bool read_hex(std::string_view text, std::span<std::uint8_t> out) noexcept {
  for (std::size_t i = 0; i < out.size(); ++i) {
    const int high = hex_digit(text[2 * i]);
    const int low = hex_digit(text[2 * i + 1]);
    if (high < 0 || low < 0) {
      return false;
    }
    out[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  return true;
}

void append_hex(std::string& out, std::span<const std::uint8_t> bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  for (const auto byte : bytes) {
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
}

bool any_set(std::span<const std::uint8_t> bytes) noexcept {
  return std::any_of(bytes.begin(), bytes.end(), [](std::uint8_t b) { return b != 0; });
}

}  // namespace

bool trace_context::present() const noexcept {
  return any_set(trace_id);
}

trace_context trace_context::parse(std::string_view header) noexcept {
  constexpr std::size_t length = 55;
  trace_context read;
  std::uint8_t version[1];
  std::uint8_t flag_byte[1];
  if (header.size() < length || header[2] != '-' || header[35] != '-' || header[52] != '-' ||
      !read_hex(header.substr(0, 2), version) || version[0] == 0xff ||
      (version[0] == 0 && header.size() != length) ||
      !read_hex(header.substr(3, 32), read.trace_id) ||
      !read_hex(header.substr(36, 16), read.span_id) ||
      !read_hex(header.substr(53, 2), flag_byte) || !any_set(read.trace_id) ||
      !any_set(read.span_id)) {
    return {};
  }
  read.flags = flag_byte[0];
  return read;
}

trace_context trace_context::child(random& rng) const noexcept {
  trace_context out = *this;
  std::uint64_t span = rng.next() | 1;
  std::memcpy(out.span_id, &span, sizeof span);
  return out;
}

void trace_context::append_header_value(std::string& out) const {
  out += "00-";
  append_hex(out, trace_id);
  out += '-';
  append_hex(out, span_id);
  out += '-';
  append_hex(out, std::span(&flags, 1));
}

std::string trace_context::trace_id_hex() const {
  std::string out;
  if (present()) {
    append_hex(out, trace_id);
  }
  return out;
}

}  // namespace spawn
