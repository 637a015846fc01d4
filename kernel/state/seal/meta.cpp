#include "state/seal/meta.hpp"

#include <bitset>
#include <optional>

#include "state/seal/byte_io.hpp"

namespace spawn {
namespace {

constexpr std::uint8_t format = 1;

// Numbers are for ever; 6 flows is taken, 8 is not used.
enum class field : std::uint8_t {
  birth = 1,
  next_seq = 2,
  flags = 3,
  tags = 4,
  definition_hash = 5,
  reminders = 7,
  tails = 9,
};

constexpr std::string_view name(field which) noexcept {
  switch (which) {
    case field::birth:
      return "birth";
    case field::next_seq:
      return "next_seq";
    case field::flags:
      return "flags";
    case field::tags:
      return "tags";
    case field::definition_hash:
      return "definition_hash";
    case field::reminders:
      return "reminders";
    case field::tails:
      return "tails";
  }
  return {};
}

template <std::unsigned_integral T>
void put(std::string& out, field which, T value) {
  append_le(out, static_cast<std::uint8_t>(which));
  append_varint(out, sizeof(T));
  append_le(out, value);
}

std::size_t varint_bytes(std::uint64_t value) noexcept {
  std::size_t bytes = 1;
  while (value >= 0x80) {
    value >>= 7;
    ++bytes;
  }
  return bytes;
}

void append_block(std::string& out, std::string_view bytes) {
  append_varint(out, bytes.size());
  out += bytes;
}

void put_tags(std::string& out, const record_meta& meta) {
  std::size_t size = 0;
  for (const auto& [key, value] : meta.tags) {
    size += varint_bytes(key.size()) + key.size() + varint_bytes(value.size()) + value.size();
  }
  append_le(out, static_cast<std::uint8_t>(field::tags));
  append_varint(out, size);
  for (const auto& [key, value] : meta.tags) {
    append_block(out, key);
    append_block(out, value);
  }
}

error bad(std::string text) {
  return {errc::corrupt, 0, "record meta: " + std::move(text)};
}

template <std::unsigned_integral T>
result<void> get(field which, std::string_view bytes, T& to) {
  if (bytes.size() != sizeof(T)) {
    return fail(bad(std::string(name(which)) + " has " + std::to_string(bytes.size()) +
                    " bytes instead of " + std::to_string(sizeof(T))));
  }
  to = *byte_reader(bytes).le<T>();
  return {};
}

result<void> get_tags(std::string_view bytes, record_meta& meta) {
  byte_reader in(bytes);
  while (!in.at_end()) {
    const auto key = in.block();
    const auto value = key ? in.block() : std::nullopt;
    if (!value) {
      return fail(bad("tags end inside an entry"));
    }
    if (!meta.tags.emplace(*key, *value).second) {
      return fail(bad("tags hold '" + std::string(*key) + "' twice"));
    }
  }
  return {};
}

result<void> get_tails(std::string_view bytes, record_meta& meta) {
  byte_reader in(bytes);
  while (!in.at_end()) {
    const auto receiver = in.le<std::uint64_t>();
    const auto seq = receiver ? in.le<std::uint64_t>() : std::nullopt;
    if (!seq) {
      return fail(bad("tails end inside an entry"));
    }
    meta.tails.emplace_back(*receiver, *seq);
  }
  return {};
}

// False: not a field of ours.
result<bool> get_field(std::uint8_t tag, std::string_view bytes, record_meta& meta) {
  const auto which = static_cast<field>(tag);
  switch (which) {
    case field::birth:
      SPAWN_CHECK(get(which, bytes, meta.birth));
      return true;
    case field::next_seq:
      SPAWN_CHECK(get(which, bytes, meta.next_seq));
      return true;
    case field::flags:
      SPAWN_CHECK(get(which, bytes, meta.flags));
      return true;
    case field::definition_hash:
      SPAWN_CHECK(get(which, bytes, meta.definition_hash));
      return true;
    case field::tags:
      SPAWN_CHECK(get_tags(bytes, meta));
      return true;
    case field::tails:
      SPAWN_CHECK(get_tails(bytes, meta));
      return true;
    case field::reminders: {
      if (bytes.empty()) {
        return false;  // kept as it was read
      }
      SPAWN_TRY(meta.reminders, decode_reminders(bytes));
      return true;
    }
  }
  return false;
}

}  // namespace

void encode_meta(const record_meta& meta, std::string& out) {
  out.clear();
  append_le(out, format);
  put(out, field::birth, meta.birth);
  put(out, field::next_seq, meta.next_seq);
  if (meta.flags != 0) {
    put(out, field::flags, meta.flags);
  }
  if (!meta.tags.empty()) {
    put_tags(out, meta);
  }
  if (meta.definition_hash != 0) {
    put(out, field::definition_hash, meta.definition_hash);
  }
  if (!meta.tails.empty()) {
    append_le(out, static_cast<std::uint8_t>(field::tails));
    append_varint(out, meta.tails.size() * 2 * sizeof(std::uint64_t));
    for (const auto& [receiver, seq] : meta.tails) {
      append_le(out, receiver);
      append_le(out, seq);
    }
  }
  if (!meta.reminders.empty()) {
    std::string bytes;
    encode_reminders(meta.reminders, bytes);
    append_le(out, static_cast<std::uint8_t>(field::reminders));
    append_block(out, bytes);
  }
  out += meta.unknown;
}

result<record_meta> decode_meta(std::string_view bytes) {
  byte_reader in(bytes);
  const auto found = in.le<std::uint8_t>();
  if (!found || *found == 0) {
    return fail(bad(found ? "format 0 was never written" : "is empty"));
  }
  if (*found > format) {
    return fail(errc::unsupported, "record meta: format " + std::to_string(*found) +
                                       " was written by a newer kernel; this one reads up to " +
                                       std::to_string(format));
  }
  record_meta meta;
  std::bitset<256> seen;
  while (!in.at_end()) {
    const std::string_view from = in.left();
    const auto tag = *in.le<std::uint8_t>();
    const auto value = in.block();
    if (!value) {
      return fail(bad("ends inside field " + std::to_string(tag)));
    }
    SPAWN_TRY(const bool known, get_field(tag, *value, meta));
    if (known && seen.test(tag)) {
      return fail(bad(std::string(name(static_cast<field>(tag))) + " is there twice"));
    }
    if (!known) {
      meta.unknown += from.substr(0, from.size() - in.left().size());
    }
    seen.set(tag);
  }
  for (const auto needed : {field::birth, field::next_seq}) {
    if (!seen.test(static_cast<std::uint8_t>(needed))) {
      return fail(bad(std::string(name(needed)) + " is missing"));
    }
  }
  return meta;
}

}  // namespace spawn
