#include "state/seal/keys.hpp"

#include <array>
#include <cstddef>
#include <optional>
#include <span>

#include "base/limits.hpp"

namespace spawn {
namespace {

struct named_part {
  std::string_view field;
  std::string_view value;
  bool may_be_empty = false;
};

constexpr bool must_encode(unsigned char byte) noexcept {
  return byte < 0x20 || byte == '%' || byte == '/' || byte == 0x7f;
}

constexpr char hex_digit(unsigned value) noexcept {
  return "0123456789ABCDEF"[value & 0xf];
}

constexpr std::optional<unsigned> hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') {
    return static_cast<unsigned>(c - '0');
  }
  if (c >= 'A' && c <= 'F') {
    return static_cast<unsigned>(c - 'A' + 10);
  }
  return std::nullopt;
}

std::string at_most(std::size_t size, std::size_t limit) {
  return std::to_string(size) + " bytes, at most " + std::to_string(limit) + " are allowed";
}

result<std::string> build(char family, std::string_view what, std::span<const named_part> parts) {
  std::string out(1, family);
  const named_part* longest = nullptr;
  std::size_t longest_bytes = 0;
  for (const auto& part : parts) {
    if (part.value.size() > limits::name_bytes_max) {
      return fail(errc::too_large, std::string(what) + ": the " + std::string(part.field) + " is " +
                                       at_most(part.value.size(), limits::name_bytes_max));
    }
    if (part.value.empty() && !part.may_be_empty) {
      return fail(errc::invalid,
                  std::string(what) + ": the " + std::string(part.field) + " is empty");
    }
    out += '/';
    const auto before = out.size();
    append_key_part(out, part.value);
    if (out.size() - before > longest_bytes) {
      longest_bytes = out.size() - before;
      longest = &part;
    }
  }
  if (out.size() > limits::key_bytes_max) {
    return fail(errc::too_large, std::string(what) + ": the store key is " +
                                     at_most(out.size(), limits::key_bytes_max) + "; the " +
                                     std::string(longest->field) + " is its longest part (" +
                                     std::to_string(longest_bytes) + " bytes encoded)");
  }
  return out;
}

std::string prefix_of(char family, std::span<const std::string_view> parts) {
  std::string out{family, '/'};
  for (const auto part : parts) {
    append_key_part(out, part);
    out += '/';
  }
  return out;
}

error bad_key(std::string_view key, std::string_view why) {
  return {errc::corrupt, 0, "store key '" + std::string(key) + "': " + std::string(why)};
}

template <std::size_t N>
result<std::array<std::string, N>> split(char family, std::string_view key) {
  if (key.size() > limits::key_bytes_max) {
    return fail(errc::corrupt, "store key of " + at_most(key.size(), limits::key_bytes_max));
  }
  if (key.size() < 2 || key[0] != family || key[1] != '/') {
    return fail(bad_key(key, std::string("does not begin with ") + family + '/'));
  }
  std::array<std::string, N> out;
  std::string_view rest = key.substr(2);
  for (std::size_t i = 0; i < N; ++i) {
    const bool last = i + 1 == N;
    const auto slash = rest.find('/');
    if (last != (slash == std::string_view::npos)) {
      return fail(bad_key(key, "has the wrong number of parts"));
    }
    auto part = decode_key_part(rest.substr(0, slash));
    if (!part) {
      return fail(bad_key(key, part.error().text));
    }
    out[i] = std::move(*part);
    rest.remove_prefix(last ? rest.size() : slash + 1);
  }
  if (out.front().empty() || out.back().empty()) {
    return fail(bad_key(key, "has an empty part"));
  }
  return out;
}

}  // namespace

void append_key_part(std::string& out, std::string_view part) {
  for (const char c : part) {
    const auto byte = static_cast<unsigned char>(c);
    if (must_encode(byte)) {
      out += '%';
      out += hex_digit(byte >> 4);
      out += hex_digit(byte);
    } else {
      out += c;
    }
  }
}

result<std::string> decode_key_part(std::string_view encoded) {
  std::string out;
  out.reserve(encoded.size());
  for (std::size_t i = 0; i < encoded.size(); ++i) {
    const auto byte = static_cast<unsigned char>(encoded[i]);
    if (byte != '%') {
      if (must_encode(byte)) {
        return fail(errc::corrupt, "holds a byte that has to be written as %XX");
      }
      out += encoded[i];
      continue;
    }
    if (encoded.size() - i < 3) {
      return fail(errc::corrupt, "ends inside a %XX");
    }
    const auto high = hex_value(encoded[i + 1]);
    const auto low = hex_value(encoded[i + 2]);
    if (!high || !low || !must_encode(static_cast<unsigned char>(*high << 4 | *low))) {
      return fail(errc::corrupt, "holds a %XX that no key is written with");
    }
    out += static_cast<char>(*high << 4 | *low);
    i += 2;
  }
  return out;
}

result<std::string> actor_key(std::string_view system, std::string_view parent,
                              std::string_view name) {
  return build('a', "actor id",
               std::array{named_part{"system", system}, named_part{"parent", parent, true},
                          named_part{"name", name}});
}

result<std::string> registration_key(std::string_view system, std::string_view type) {
  return build('r', "registration",
               std::array{named_part{"system", system}, named_part{"type", type}});
}

result<std::string> binding_key(std::string_view system, std::string_view name) {
  return build('b', "binding", std::array{named_part{"system", system}, named_part{"name", name}});
}

result<actor_key_parts> parse_actor_key(std::string_view key) {
  SPAWN_TRY(auto parts, split<3>('a', key));
  return actor_key_parts{std::move(parts[0]), std::move(parts[1]), std::move(parts[2])};
}

result<registration_key_parts> parse_registration_key(std::string_view key) {
  SPAWN_TRY(auto parts, split<2>('r', key));
  return registration_key_parts{std::move(parts[0]), std::move(parts[1])};
}

result<binding_key_parts> parse_binding_key(std::string_view key) {
  SPAWN_TRY(auto parts, split<2>('b', key));
  return binding_key_parts{std::move(parts[0]), std::move(parts[1])};
}

key_range prefix_range(std::string_view prefix) {
  key_range out{std::string(prefix), std::string(prefix)};
  while (!out.to.empty() && static_cast<unsigned char>(out.to.back()) == 0xff) {
    out.to.pop_back();
  }
  if (!out.to.empty()) {
    out.to.back() = static_cast<char>(static_cast<unsigned char>(out.to.back()) + 1);
  }
  return out;
}

key_range actor_range() {
  return prefix_range("a/");
}
key_range actor_range(std::string_view system) {
  return prefix_range(prefix_of('a', std::array{system}));
}
key_range actor_range(std::string_view system, std::string_view parent) {
  return prefix_range(prefix_of('a', std::array{system, parent}));
}
key_range registration_range() {
  return prefix_range("r/");
}
key_range registration_range(std::string_view system) {
  return prefix_range(prefix_of('r', std::array{system}));
}
key_range binding_range() {
  return prefix_range("b/");
}
key_range binding_range(std::string_view system) {
  return prefix_range(prefix_of('b', std::array{system}));
}

}  // namespace spawn
