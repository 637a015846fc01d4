#include "torture/applied.hpp"

#include <algorithm>
#include <bit>

#include "wire/reader.hpp"

namespace torture {

namespace {

constexpr std::string_view magic = "KTRT";
constexpr std::uint32_t updates_field = 1;
constexpr std::uint32_t slot_field = 2;

}  // namespace

bool id_set::add(std::uint32_t id) {
  if (bits_.size() <= id / 8) {
    bits_.resize(id / 8 + 1, '\0');
  }
  const char bit = static_cast<char>(1U << (id % 8));
  const bool fresh = (bits_[id / 8] & bit) == 0;
  bits_[id / 8] = static_cast<char>(bits_[id / 8] | bit);
  return fresh;
}

bool id_set::has(std::uint32_t id) const noexcept {
  return id / 8 < bits_.size() && (bits_[id / 8] & static_cast<char>(1U << (id % 8))) != 0;
}

std::uint64_t id_set::size() const noexcept {
  std::uint64_t n = 0;
  for (const char each : bits_) {
    n += static_cast<std::uint64_t>(std::popcount(static_cast<std::uint8_t>(each)));
  }
  return n;
}

bool id_set::contains(const id_set& other) const noexcept {
  for (std::size_t i = 0; i < other.bits_.size(); ++i) {
    const char mine = i < bits_.size() ? bits_[i] : '\0';
    if ((other.bits_[i] & ~mine) != 0) {
      return false;
    }
  }
  return true;
}

id_set id_set::of(std::string_view bits) {
  id_set out;
  out.bits_ = bits;
  return out;
}

void applied::add(request_id id) {
  if (slots.size() <= id.slot) {
    slots.resize(id.slot + 1);
  }
  slots[id.slot].add(id.seq);
  ++updates;
}

bool applied::has(request_id id) const noexcept {
  return id.slot < slots.size() && slots[id.slot].has(id.seq);
}

std::uint64_t applied::distinct() const noexcept {
  std::uint64_t n = 0;
  for (const auto& slot : slots) {
    n += slot.size();
  }
  return n;
}

bool applied::contains(const applied& earlier) const noexcept {
  for (std::size_t i = 0; i < earlier.slots.size(); ++i) {
    if (!(i < slots.size() ? slots[i] : id_set{}).contains(earlier.slots[i])) {
      return false;
    }
  }
  return true;
}

std::string applied::encode() const {
  std::string out(magic);
  spawn::wire::put_number(out, updates_field, updates);
  for (const auto& slot : slots) {
    spawn::wire::put_bytes(out, slot_field, slot.bytes());
  }
  return out;
}

std::optional<applied> applied::decode(std::string_view bytes) {
  if (!bytes.starts_with(magic)) {
    return std::nullopt;
  }
  applied out;
  spawn::wire::reader r(bytes.substr(magic.size()));
  while (r.next()) {
    switch (r.field()) {
      case updates_field:
        out.updates = r.varint();
        break;
      case slot_field:
        out.slots.push_back(id_set::of(r.bytes()));
        break;
      default:
        return std::nullopt;
    }
  }
  return r.ok() ? std::optional(std::move(out)) : std::nullopt;
}

}  // namespace torture
