// The few bytes of protobuf that the plugin writes itself: health and reflection answers.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace grpc_source::wire {

inline void put_number(std::string& to, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) {
    to.push_back(static_cast<char>(value | 0x80));
  }
  to.push_back(static_cast<char>(value));
}

// A field that is a number; 0 is not written, as proto3 has it.
inline void put(std::string& to, std::uint32_t field, std::uint64_t value) {
  if (value != 0) {
    put_number(to, std::uint64_t{field} << 3);
    put_number(to, value);
  }
}

// A field that is a text, bytes or a message; written even when it is empty.
inline void put(std::string& to, std::uint32_t field, std::string_view bytes) {
  put_number(to, (std::uint64_t{field} << 3) | 2);
  put_number(to, bytes.size());
  to.append(bytes);
}

}  // namespace grpc_source::wire
