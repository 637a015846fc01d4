// Bytes of rows: a format version (u8), then fields {tag u8, length varint, bytes}. [any]
#pragma once
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "state/seal/byte_io.hpp"

namespace spawn {

inline void put_block(std::string& out, std::string_view bytes) {
  append_varint(out, bytes.size());
  out += bytes;
}

template <class Field>
void put(std::string& out, Field which, std::string_view bytes) {
  append_le(out, static_cast<std::uint8_t>(which));
  put_block(out, bytes);
}

template <class Field, std::unsigned_integral T>
void put_number(std::string& out, Field which, T value) {
  append_le(out, static_cast<std::uint8_t>(which));
  append_varint(out, sizeof(T));
  append_le(out, value);
}

// Calls take(field number, bytes) for each field after the version. `what` begins the error:
// unsupported when a newer kernel wrote the bytes, corrupt when they end too early.
template <class F>
result<void> each_field(std::string_view what, std::uint8_t format, std::string_view bytes,
                        F&& take) {
  byte_reader in(bytes);
  const auto version = in.le<std::uint8_t>();
  if (!version || *version == 0) {
    return fail(errc::corrupt, std::string(what) + " is empty");
  }
  if (*version > format) {
    return fail(errc::unsupported, std::string(what) + " has format " + std::to_string(*version) +
                                       ", written by a newer kernel; this one reads up to " +
                                       std::to_string(format));
  }
  while (!in.at_end()) {
    const auto tag = *in.le<std::uint8_t>();
    const auto value = in.block();
    if (!value) {
      return fail(errc::corrupt, std::string(what) + " ends inside field " + std::to_string(tag));
    }
    SPAWN_CHECK(take(tag, *value));
  }
  return {};
}

}  // namespace spawn
