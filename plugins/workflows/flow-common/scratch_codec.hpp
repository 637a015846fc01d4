// Scratches are protobuf messages without a protobuf library: a field that a later version adds is
// skipped by an earlier one, and equal content has equal bytes.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "flow-common/payloads.hpp"

namespace spawn::plugin::flows {

inline constexpr std::size_t scratch_bytes_max = 256 * 1024;

// Zero and empty values are left out, as proto3 does.
class scratch_writer {
 public:
  void number(std::uint32_t field, std::uint64_t value);
  void time(std::uint32_t field, std::int64_t value) {
    number(field, static_cast<std::uint64_t>(value));
  }
  void text(std::uint32_t field, std::string_view value);
  void payload(std::uint32_t field, const any_payload& value);  // left out if it is UNSET
  // A message, written even if it is empty: it counts as an element.
  void message(std::uint32_t field, const scratch_writer& value) { put(field, value.bytes_); }
  // An element of a repeated number, written even if it is 0.
  void element(std::uint32_t field, std::uint64_t value);

  [[nodiscard]] std::string take() { return std::move(bytes_); }

 private:
  void put(std::uint32_t field, std::string_view value);
  std::string bytes_;
};

// Walks the fields of one message.
//   while (in.next()) { switch (in.field()) { case 1: x = in.number(); ... } }
//   if (!in.good()) { ... }
class scratch_reader {
 public:
  explicit scratch_reader(spawn_slice bytes) : reader_(spawn_wire_read(bytes)) {}

  [[nodiscard]] bool next() { return good_ && spawn_wire_next(&reader_, &field_) != 0; }
  [[nodiscard]] bool good() const { return good_ && reader_.failed == 0; }
  [[nodiscard]] std::uint32_t field() const { return field_.number; }

  // The value of the field; one of another type spoils the reader.
  [[nodiscard]] std::uint64_t number() { return is(SPAWN_WIRE_VARINT) ? field_.value : 0; }
  [[nodiscard]] std::int64_t time() { return static_cast<std::int64_t>(number()); }
  [[nodiscard]] spawn_slice bytes() {
    return is(SPAWN_WIRE_BYTES) ? field_.bytes : spawn_slice{nullptr, 0};
  }
  [[nodiscard]] std::string text() { return std::string(plugin::text(bytes())); }
  [[nodiscard]] any_payload payload();
  void spoil() { good_ = false; }
  // Spoils the reader unless the condition holds.
  void require(bool condition) { good_ = good_ && condition; }

 private:
  bool is(std::uint32_t type) {
    good_ = good_ && field_.type == type;
    return good_;
  }
  spawn_wire_reader reader_;
  spawn_wire_field field_{};
  bool good_ = true;
};

// A message inside the field the reader stands at: `take(inner, made)` is called for each of its
// fields, and skips those it does not know. One that can not be read spoils the outer reader.
template <class Message, class Take>
[[nodiscard]] Message read_message(scratch_reader& outer, Take take) {
  Message made;
  scratch_reader inner(outer.bytes());
  while (inner.next()) {
    take(inner, made);
  }
  outer.require(inner.good());
  return made;
}

// A whole scratch, on top of `made`: `take` as above, then `check(in, made)` for what must hold of
// all of it.
template <class State, class Take, class Check>
[[nodiscard]] std::optional<State> read_scratch(spawn_slice scratch, State made, Take take,
                                                Check check) {
  scratch_reader in(scratch);
  while (in.next()) {
    take(in, made);
  }
  check(in, made);
  return in.good() ? std::optional(std::move(made)) : std::nullopt;
}

}  // namespace spawn::plugin::flows
