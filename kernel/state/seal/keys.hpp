// Store keys: bytes, compared bytewise, at most limits::key_bytes_max long (D25, D27).
//   a/<system>/<parent>/<name>  an actor's record     r/<system>/<type>  a registration
//   b/<system>/<name>           name -> parent
// Inside a part only '%', '/', bytes below 0x20 and 0x7f are written as %XX (upper-case hex); all
// else is itself, so a key can be read by an operator and one set of parts has one key. [any]
#pragma once
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace spawn {

// too_large names the part that is too long; invalid: an empty system, type or name. The parent of
// an actor that was registered by its own name is empty.
[[nodiscard]] result<std::string> actor_key(std::string_view system, std::string_view parent,
                                            std::string_view name);
[[nodiscard]] result<std::string> registration_key(std::string_view system, std::string_view type);
[[nodiscard]] result<std::string> binding_key(std::string_view system, std::string_view name);

struct actor_key_parts {
  std::string system;
  std::string parent;
  std::string name;
};
struct registration_key_parts {
  std::string system;
  std::string type;
};
struct binding_key_parts {
  std::string system;
  std::string name;
};

// The way back. A key that none of the functions above could have made is corrupt.
[[nodiscard]] result<actor_key_parts> parse_actor_key(std::string_view key);
[[nodiscard]] result<registration_key_parts> parse_registration_key(std::string_view key);
[[nodiscard]] result<binding_key_parts> parse_binding_key(std::string_view key);

// Keys k with from <= k < to. An empty `to` means no upper bound.
struct key_range {
  std::string from;
  std::string to;
  [[nodiscard]] bool contains(std::string_view key) const noexcept {
    return key >= from && (to.empty() || key < to);
  }
};

// All keys that begin with these bytes (already encoded).
[[nodiscard]] key_range prefix_range(std::string_view prefix);
[[nodiscard]] key_range actor_range();
[[nodiscard]] key_range actor_range(std::string_view system);
[[nodiscard]] key_range actor_range(std::string_view system, std::string_view parent);
[[nodiscard]] key_range registration_range();
[[nodiscard]] key_range registration_range(std::string_view system);
[[nodiscard]] key_range binding_range();
[[nodiscard]] key_range binding_range(std::string_view system);

// One part of a key, without the slashes around it.
void append_key_part(std::string& out, std::string_view part);
[[nodiscard]] result<std::string> decode_key_part(std::string_view encoded);

}  // namespace spawn
