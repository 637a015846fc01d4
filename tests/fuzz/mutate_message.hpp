// Changes a protobuf message field by field, alone or as the body of an HTTP message; the lengths
// around the change are put right again.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "mutate.hpp"

namespace spawn::fuzz {

// One field: its tag, and its value as bytes (of a message, text or number).
struct message_field {
  std::uint64_t tag = 0;
  std::string value;
};

inline void put_number(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) {
    out += static_cast<char>(value | 0x80);
  }
  out += static_cast<char>(value);
}

inline std::optional<std::uint64_t> take_number(std::string_view& from) {
  std::uint64_t value = 0;
  for (int shift = 0; shift < 64 && !from.empty(); shift += 7) {
    const auto byte = static_cast<std::uint8_t>(from.front());
    from.remove_prefix(1);
    value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) {
      return value;
    }
  }
  return std::nullopt;
}

inline std::optional<std::vector<message_field>> fields_of(std::string_view bytes) {
  std::vector<message_field> out;
  while (!bytes.empty()) {
    const auto tag = take_number(bytes);
    if (!tag || *tag < 8) {
      return std::nullopt;
    }
    std::optional<std::uint64_t> length;
    std::string value;
    switch (*tag & 7) {
      case 0: {
        const auto number = take_number(bytes);
        if (!number) {
          return std::nullopt;
        }
        put_number(value, *number);
        length = 0;
        break;
      }
      case 1:
        length = 8;
        break;
      case 2:
        length = take_number(bytes);
        break;
      case 5:
        length = 4;
        break;
      default:
        break;
    }
    if (!length || *length > bytes.size()) {
      return std::nullopt;
    }
    value += bytes.substr(0, *length);
    bytes.remove_prefix(*length);
    out.push_back({*tag, std::move(value)});
  }
  return out;
}

inline std::string bytes_of(const std::vector<message_field>& fields) {
  std::string out;
  for (const auto& field : fields) {
    put_number(out, field.tag);
    if ((field.tag & 7) == 2) {
      put_number(out, field.value.size());
    }
    out += field.value;
  }
  return out;
}

inline message_field any_field(chance& by) {
  const std::uint64_t number = by.one_in(8) ? 1000 : 1 + by.below(12);
  if (by.one_in(2)) {
    return {number << 3, std::string(1, static_cast<char>(by.below(3)))};
  }
  static constexpr std::string_view values[] = {
      "", "a", "inc", "\x0a\x01x", "\x0a\x01x\x12\x01y", "\xff", "\x0a\x03x.S\x12\x02\x08\x01"};
  return {number << 3 | 2, std::string(by.of(values))};
}

inline std::string changed_message(const std::string& bytes, chance& by, int depth) {
  auto fields = fields_of(bytes);
  if (!fields || by.one_in(8)) {
    return changed(bytes, 32);
  }
  if (fields->empty() || by.one_in(6)) {
    fields->insert(fields->begin() + static_cast<long>(by.below(fields->size() + 1)),
                   any_field(by));
    return bytes_of(*fields);
  }
  const auto at = by.below(fields->size());
  auto& field = (*fields)[at];
  switch (by.below(8)) {
    case 0:
      fields->erase(fields->begin() + static_cast<long>(at));
      break;
    case 1:
      fields->push_back(message_field(field));
      break;
    case 2:
      std::swap(field, by.of(*fields));
      break;
    case 3:
      field.tag = (1 + by.below(12)) << 3 | (field.tag & 7);
      break;
    default:
      if ((field.tag & 7) == 2 && depth > 0) {
        field.value = changed_message(field.value, by, depth - 1);
      } else if ((field.tag & 7) == 2) {
        field.value = changed(field.value, 32);
      } else if ((field.tag & 7) == 0) {
        field.value = std::string(1, static_cast<char>(by.below(128)));
      } else {
        std::ranges::generate(field.value, [&] { return static_cast<char>(by.below(256)); });
      }
  }
  return bytes_of(*fields);
}

// The content-length of `head` (it ends with the empty line) becomes what it should be.
inline std::string with_length(std::string head, std::size_t length) {
  constexpr std::string_view name = "ontent-length:";
  const auto at = head.find(name);
  if (at == std::string::npos) {
    return head;
  }
  const auto begin = at + name.size();
  return head.replace(begin, head.find('\r', begin) - begin, " " + std::to_string(length));
}

inline std::size_t mutate_message(std::uint8_t* data, std::size_t size, std::size_t most,
                                  unsigned seed) {
  chance by(seed);
  if (by.one_in(3)) {
    return LLVMFuzzerMutate(data, size, most);
  }
  constexpr std::string_view blank = "\r\n\r\n";
  const std::string all(reinterpret_cast<const char*>(data), size);
  const auto end = all.find(blank);
  if (end == std::string::npos) {
    return hand_back(changed_message(all, by, 5), data, most);
  }
  const auto body_at = end + blank.size();
  const std::string head = all.substr(0, body_at);
  if (by.one_in(3)) {
    return hand_back(changed(head, 64) + all.substr(body_at), data, most);
  }
  const std::string body = changed_message(all.substr(body_at), by, 5);
  return hand_back(with_length(head, body.size()) + body, data, most);
}

}  // namespace spawn::fuzz
