// The tree a configuration is read into: JSON's data model, members in the order of the file, and
// with every value the place it came from, so that an error found late can still name its line.
// Thread: [control]. Owns everything below it.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace spawn::config {

// Where something was said. Line 0: nowhere (a default, or made by the kernel).
struct position {
  int line = 0;     // 1-based
  int column = 0;   // 1-based, in bytes
  std::string env;  // the environment variable that said it, instead of the file
};

struct member;

struct value {
  enum class kind : std::uint8_t { null, boolean, integer, number, string, list, object };

  kind is = kind::null;
  bool boolean = false;
  // The text came from ${...} or the environment: it has no type of its own and is read as what
  // the schema wants at its place.
  bool untyped = false;
  bool secret = false;  // from ${...}: never printed, never part of config_json
  std::int64_t integer = 0;
  double number = 0;
  std::string text;
  std::vector<value> items;
  std::vector<member> members;
  position at;

  [[nodiscard]] static value of_text(std::string s);
  [[nodiscard]] static value of_integer(std::int64_t i);
  [[nodiscard]] static value of_bool(bool b);
  [[nodiscard]] static value object();

  [[nodiscard]] const value* find(std::string_view key) const;
  [[nodiscard]] value* find(std::string_view key);
  // The member `key`, added at the end if it was not there. This must be an object.
  value& put(std::string_view key, value v);
};

struct member {
  std::string key;
  position at;
  value is;
};

// "a string", "an integer": for messages.
[[nodiscard]] std::string_view kind_name(value::kind k);

// Compact JSON. `sorted` orders the members by key; `hide_secrets` writes null for secrets.
[[nodiscard]] std::string to_json(const value& v, bool sorted, bool hide_secrets);

// One more step of a JSON pointer (RFC 6901), and the same path as people write it:
// "/actors/Order/mailbox" and "actors.Order.mailbox".
[[nodiscard]] std::string pointer_step(std::string_view pointer, std::string_view key);
[[nodiscard]] std::string dotted(std::string_view pointer);
// The value at `pointer`, or nullptr.
[[nodiscard]] value* at_pointer(value& root, std::string_view pointer);

}  // namespace spawn::config
