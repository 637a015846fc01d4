// part_bytes: encodes part messages with the writer of wire.h, for tests.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "spawn/plugin/wire.h"

namespace spawn::contract {

// Fields in the order in which they are added; messages nest by passing one's bytes to another.
class part_bytes {
 public:
  part_bytes& text(std::uint32_t number, std::string_view value) {
    return put([&](spawn_wire_writer& w) {
      spawn_wire_put_bytes(&w, number, {value.data(), value.size()});
    });
  }
  part_bytes& integer(std::uint32_t number, std::int64_t value) {
    return put([&](spawn_wire_writer& w) { spawn_wire_put_int(&w, number, value); });
  }
  part_bytes& any(std::uint32_t number, std::string_view type_url, std::string_view value) {
    return put([&](spawn_wire_writer& w) {
      spawn_wire_put_any(&w, number, {type_url.data(), type_url.size()},
                         {value.data(), value.size()});
    });
  }
  part_bytes& entry(std::uint32_t number, std::string_view key, std::string_view value) {
    return text(number, part_bytes().text(1, key).text(2, value));
  }
  part_bytes& raw(std::string_view bytes) {
    bytes_ += bytes;
    return *this;
  }

  operator std::string() const { return bytes_; }       // NOLINT: reads as the bytes it is
  operator std::string_view() const { return bytes_; }  // NOLINT

 private:
  template <class Put>
  part_bytes& put(Put write) {
    spawn_wire_writer measure = spawn_wire_write(nullptr, 0);
    write(measure);
    const std::size_t old = bytes_.size();
    bytes_.resize(old + measure.needed);
    spawn_wire_writer real = spawn_wire_write(bytes_.data() + old, measure.needed);
    write(real);
    return *this;
  }

  std::string bytes_;
};

}  // namespace spawn::contract
