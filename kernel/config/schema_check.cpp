#include "config/schema_check.hpp"

#include <algorithm>
#include <regex>
#include <set>

#include "config/scalar.hpp"

namespace spawn::config {
namespace {

using kind = value::kind;

constexpr int schema_depth_max = 200;
// std::regex recurses over its subject; longer texts are refused before it sees them.
constexpr std::size_t pattern_subject_bytes_max = 4'096;

double as_number(const value& v) {
  return v.is == kind::integer ? static_cast<double>(v.integer) : v.number;
}

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

class checker {
 public:
  checker(const value& root, problems& found) : root_(root), found_(found) {}
  void check(const value& node_or_ref, value& v, const std::string& pointer, bool secret);

 private:
  [[nodiscard]] bool accepts_type(const value& node, const value& v) const;
  void coerce(const value& node, value& v) const;
  void wrong(const value& node, const value& v, const std::string& pointer, bool secret);
  bool check_enum(const value& node, const value& v, const std::string& pointer, bool secret);
  void check_number(const value& node, const value& v, const std::string& pointer, bool secret);
  void check_text(const value& node, const value& v, const std::string& pointer, bool secret);
  void check_list(const value& node, value& v, const std::string& pointer, bool secret);
  void check_object(const value& node, value& v, const std::string& pointer, bool secret);
  void check_member(const value& node, member& m, const std::string& pointer, bool secret);
  void check_any(const value& alternatives, value& v, const std::string& pointer, bool secret);
  void unknown_key(const value& node, const member& m, const std::string& pointer);

  const value& root_;
  problems& found_;
  int depth_ = 0;
};

bool checker::accepts_type(const value& node_or_ref, const value& v) const {
  const value& node = resolve(root_, node_or_ref);
  if (const value* type = node.find("type")) {
    if (type->is == kind::string) {
      return is_type(v, type->text);
    }
    return std::any_of(type->items.begin(), type->items.end(),
                       [&v](const value& t) { return is_type(v, t.text); });
  }
  for (const auto* word : {"anyOf", "oneOf"}) {
    if (const value* alternatives = node.find(word)) {
      return std::any_of(alternatives->items.begin(), alternatives->items.end(),
                         [&](const value& a) { return accepts_type(a, v); });
    }
  }
  return true;
}

// Text without a type of its own becomes what is wanted here, if it can be read as that.
void checker::coerce(const value& node, value& v) const {
  const auto becomes = [&](value typed) {
    if (!accepts_type(node, typed)) {
      return false;
    }
    typed.at = v.at;
    typed.untyped = true;
    typed.secret = v.secret;
    typed.text = std::move(v.text);  // what the secret said, for those who hand it on as text
    v = std::move(typed);
    return true;
  };
  if (!v.untyped || v.is != kind::string) {
    return;
  }
  if (const auto i = read_integer(v.text); i && becomes(value::of_integer(*i))) {
    return;
  }
  if (const auto d = read_number(v.text)) {
    value typed;
    typed.is = kind::number;
    typed.number = *d;
    if (becomes(std::move(typed))) {
      return;
    }
  }
  if (const auto b = read_bool(v.text)) {
    becomes(value::of_bool(*b));
  }
}

void checker::wrong(const value& node, const value& v, const std::string& pointer, bool secret) {
  found_.add(v.at, pointer, "expected " + expected(root_, node) + ", " + got(v, secret));
}

bool checker::check_enum(const value& node, const value& v, const std::string& pointer,
                         bool secret) {
  const value* choices = node.find("enum");
  const value* only = node.find("const");
  const std::string here = to_json(v, true, false);
  if (only != nullptr && to_json(*only, true, false) != here) {
    wrong(node, v, pointer, secret);
    return false;
  }
  if (choices == nullptr) {
    return true;
  }
  std::vector<std::string> words;
  for (const auto& choice : choices->items) {
    if (to_json(choice, true, false) == here) {
      return true;
    }
    words.push_back(choice.text);
  }
  const std::string meant =
      v.is == kind::string && !secret && !v.secret ? nearest(v.text, words) : "";
  found_.add(v.at, pointer,
             "expected " + expected(root_, node) + ", " + got(v, secret) +
                 (meant.empty() ? "" : "; did you mean '" + meant + "'?"));
  return false;
}

void checker::check_number(const value& node, const value& v, const std::string& pointer,
                           bool secret) {
  const double n = as_number(v);
  const value* low = node.find("minimum");
  const value* high = node.find("maximum");
  const value* above = node.find("exclusiveMinimum");
  const value* below = node.find("exclusiveMaximum");
  if ((low != nullptr && n < as_number(*low)) || (high != nullptr && n > as_number(*high))) {
    wrong(node, v, pointer, secret);
  }
  if (above != nullptr && n <= as_number(*above)) {
    found_.add(v.at, pointer,
               "expected more than " + to_json(*above, false, true) + ", " + got(v, secret));
  }
  if (below != nullptr && n >= as_number(*below)) {
    found_.add(v.at, pointer,
               "expected less than " + to_json(*below, false, true) + ", " + got(v, secret));
  }
}

void checker::check_text(const value& node, const value& v, const std::string& pointer,
                         bool secret) {
  const auto length = static_cast<std::int64_t>(characters(v.text));
  const value* least = node.find("minLength");
  const value* most = node.find("maxLength");
  if ((least != nullptr && length < least->integer) ||
      (most != nullptr && length > most->integer)) {
    wrong(node, v, pointer, secret);
    return;
  }
  const value* pattern = node.find("pattern");
  if (pattern == nullptr) {
    return;
  }
  bool fits = v.text.size() <= pattern_subject_bytes_max;
  try {
    fits = fits && std::regex_search(v.text, std::regex(pattern->text, std::regex::ECMAScript));
  } catch (const std::regex_error&) {
    found_.add(v.at, pointer, "the pattern '" + pattern->text + "' of the schema cannot be used");
    return;
  }
  if (!fits) {
    wrong(node, v, pointer, secret);
  }
}

void checker::check_list(const value& node, value& v, const std::string& pointer, bool secret) {
  const auto size = static_cast<std::int64_t>(v.items.size());
  const value* least = node.find("minItems");
  const value* most = node.find("maxItems");
  if ((least != nullptr && size < least->integer) || (most != nullptr && size > most->integer)) {
    found_.add(v.at, pointer,
               "expected " + expected(root_, node) + " entries, got " + std::to_string(size));
  }
  if (const value* items = node.find("items"); items != nullptr && items->is != kind::list) {
    for (std::size_t i = 0; i < v.items.size(); ++i) {
      check(*items, v.items[i], pointer_step(pointer, std::to_string(i)), secret);
    }
  }
  if (const value* unique = node.find("uniqueItems"); unique != nullptr && unique->boolean) {
    std::set<std::string> seen;
    for (std::size_t i = 0; i < v.items.size(); ++i) {
      if (!seen.insert(to_json(v.items[i], true, false)).second) {
        found_.add(v.items[i].at, pointer_step(pointer, std::to_string(i)),
                   "this entry is in the list already");
      }
    }
  }
}

void checker::unknown_key(const value& node, const member& m, const std::string& pointer) {
  const auto known = keys_of(node.find("properties"));
  std::string text = "unknown key";
  if (const auto meant = nearest(m.key, known); !meant.empty()) {
    text += "; did you mean '" + meant + "'?";
  } else if (!known.empty()) {
    text += "; known here: ";
    for (std::size_t i = 0; i < known.size(); ++i) {
      text += (i == 0 ? "" : ", ") + known[i];
    }
  }
  found_.add(m.at, pointer, std::move(text));
}

void checker::check_member(const value& node, member& m, const std::string& pointer, bool secret) {
  const std::string path = pointer_step(pointer, m.key);
  if (const value* names = node.find("propertyNames")) {
    value name = value::of_text(m.key);
    name.at = m.at;
    check(*names, name, path, false);
  }
  const value* properties = node.find("properties");
  const value* rule = properties == nullptr ? nullptr : properties->find(m.key);
  if (rule == nullptr) {
    rule = node.find("additionalProperties");
    if (rule != nullptr && rule->is == kind::boolean && !rule->boolean &&
        node.find("patternProperties") == nullptr) {
      unknown_key(node, m, path);
      return;
    }
  }
  if (rule != nullptr && rule->is == kind::object) {
    check(*rule, m.is, path, secret);
  }
}

void checker::check_object(const value& node, value& v, const std::string& pointer, bool secret) {
  const value* properties = node.find("properties");
  std::erase_if(v.members, [&](const member& m) {
    const value* rule = properties == nullptr ? nullptr : properties->find(m.key);
    return m.is.is == kind::null && !m.is.secret && rule != nullptr && !accepts_type(*rule, m.is);
  });
  if (const value* required = node.find("required")) {
    for (const auto& key : required->items) {
      if (v.find(key.text) == nullptr) {
        found_.add(v.at, pointer_step(pointer, key.text), "this key is required here");
      }
    }
  }
  const auto size = static_cast<std::int64_t>(v.members.size());
  const value* least = node.find("minProperties");
  const value* most = node.find("maxProperties");
  if ((least != nullptr && size < least->integer) || (most != nullptr && size > most->integer)) {
    const auto low = least == nullptr ? std::string("0") : to_json(*least, false, true);
    found_.add(v.at, pointer,
               "expected " + low + " to " +
                   (most == nullptr ? std::string("any number of") : to_json(*most, false, true)) +
                   " entries, got " + std::to_string(size));
  }
  for (auto& m : v.members) {
    check_member(node, m, pointer, secret);
  }
}

// The alternatives whose type fits decide; of several, any without fault will do. With one only,
// its faults are the message.
void checker::check_any(const value& alternatives, value& v, const std::string& pointer,
                        bool secret) {
  std::vector<const value*> fitting;
  for (const auto& a : alternatives.items) {
    if (accepts_type(a, v)) {
      fitting.push_back(&a);
    }
  }
  if (fitting.size() == 1) {
    check(*fitting[0], v, pointer, secret);
    return;
  }
  for (const value* a : fitting) {
    problems tried;
    value copy = v;
    checker(root_, tried).check(*a, copy, pointer, secret);
    if (tried.empty()) {
      v = std::move(copy);
      return;
    }
  }
  value any = value::object();
  any.put("anyOf", alternatives);
  wrong(any, v, pointer, secret);
}

void checker::check(const value& node_or_ref, value& v, const std::string& pointer, bool secret) {
  const value& node = resolve(root_, node_or_ref);
  if (node.is == kind::boolean) {
    if (!node.boolean) {
      found_.add(v.at, pointer, "nothing is allowed here");
    }
    return;
  }
  const bool failed_before = v.secret && v.is == kind::null;  // its ${...} was reported already
  if (failed_before || depth_ == schema_depth_max) {
    return;
  }
  ++depth_;
  const value* hidden = node.find("writeOnly");
  secret = secret || (hidden != nullptr && hidden->boolean);
  coerce(node, v);
  if (!accepts_type(node, v)) {
    wrong(node, v, pointer, secret);
  } else if (check_enum(node, v, pointer, secret)) {
    if (integral(v) && node.find("type") != nullptr && node.find("type")->text == "integer") {
      v.is = kind::integer;
      v.integer = static_cast<std::int64_t>(v.number);
    }
    for (const auto* word : {"anyOf", "oneOf"}) {
      if (const value* alternatives = node.find(word)) {
        check_any(*alternatives, v, pointer, secret);
      }
    }
    if (const value* all = node.find("allOf")) {
      for (const auto& part : all->items) {
        check(part, v, pointer, secret);
      }
    }
    switch (v.is) {
      case kind::integer:
      case kind::number:
        check_number(node, v, pointer, secret);
        break;
      case kind::string:
        check_text(node, v, pointer, secret);
        break;
      case kind::list:
        check_list(node, v, pointer, secret);
        break;
      case kind::object:
        check_object(node, v, pointer, secret);
        break;
      default:
        break;
    }
  }
  --depth_;
}

}  // namespace

void check_schema(const value& schema, value& document, std::string_view prefix, problems& found) {
  checker(schema, found).check(schema, document, std::string(prefix), false);
}

}  // namespace spawn::config
