// What a schema asks for, in words.
#include "config/schema_check.hpp"

#include <cmath>

namespace spawn::config {
namespace {

constexpr int refs_max = 16;
constexpr std::size_t quoted_bytes_max = 60;
using kind = value::kind;

std::string bare(const value& v) {
  return v.is == value::kind::string ? v.text : to_json(v, false, true);
}

std::string bound(const value* v) {
  return v == nullptr ? std::string() : to_json(*v, false, true);
}

std::string range_text(const std::string& what, const std::string& low, const std::string& high) {
  if (!low.empty() && !high.empty()) {
    return what + " from " + low + " to " + high;
  }
  if (!low.empty()) {
    return what + " of at least " + low;
  }
  return high.empty() ? what : what + " of at most " + high;
}

std::string string_text(const value& node) {
  std::string out =
      range_text("a string", bound(node.find("minLength")), bound(node.find("maxLength")));
  if (out != "a string") {
    out += out.ends_with(" 1") ? " character" : " characters";
  }
  if (const value* pattern = node.find("pattern")) {
    out = "a string matching " + pattern->text;
  }
  return out;
}

std::string type_text(const std::string& type, const value& node) {
  const auto low = bound(node.find("minimum"));
  const auto high = bound(node.find("maximum"));
  if (type == "integer") {
    return range_text("an integer", low, high);
  }
  if (type == "number") {
    return range_text("a number", low, high);
  }
  if (type == "string") {
    return string_text(node);
  }
  if (type == "boolean") {
    return "true or false";
  }
  if (type == "array") {
    return range_text("a list", bound(node.find("minItems")), bound(node.find("maxItems")));
  }
  return type == "object" ? "a map" : "nothing";
}

void join(std::string& out, const std::string& more, std::string_view glue) {
  out += out.empty() ? more : std::string(glue) + more;
}

}  // namespace

bool integral(const value& v) {
  return v.is == kind::number && std::floor(v.number) == v.number && std::fabs(v.number) < 9e15;
}

bool is_type(const value& v, std::string_view type) {
  switch (v.is) {
    case kind::null:
      return type == "null";
    case kind::boolean:
      return type == "boolean";
    case kind::integer:
      return type == "integer" || type == "number";
    case kind::number:
      return type == "number" || (type == "integer" && integral(v));
    case kind::string:
      return type == "string";
    case kind::list:
      return type == "array";
    case kind::object:
      return type == "object";
  }
  return false;
}

std::string got(const value& v, bool secret) {
  if (secret || v.secret) {
    return "got a secret value that does not fit";
  }
  if (v.is == kind::list || v.is == kind::object || v.is == kind::null) {
    return "got " + std::string(kind_name(v.is));
  }
  std::string text = to_json(v, false, true);
  if (text.size() > quoted_bytes_max) {
    std::size_t cut = quoted_bytes_max;
    while ((static_cast<unsigned char>(text[cut]) & 0xC0) == 0x80) {
      --cut;
    }
    text = text.substr(0, cut) + "...";
  }
  return "got " + text;
}

const value& resolve(const value& root, const value& node) {
  const value* here = &node;
  for (int i = 0; i < refs_max; ++i) {
    const value* ref = here->find("$ref");
    if (ref == nullptr || !ref->text.starts_with("#/definitions/")) {
      break;
    }
    const value* all = root.find("definitions");
    const value* target =
        all == nullptr ? nullptr
                       : all->find(ref->text.substr(std::string_view("#/definitions/").size()));
    if (target == nullptr) {
      break;
    }
    here = target;
  }
  return *here;
}

std::string expected(const value& root, const value& node_or_ref) {
  const value& node = resolve(root, node_or_ref);
  std::string out;
  if (const value* choices = node.find("enum")) {
    for (const auto& choice : choices->items) {
      join(out, bare(choice), ", ");
    }
    return choices->items.size() == 1 ? out : "one of " + out;
  }
  if (const value* only = node.find("const")) {
    return bare(*only);
  }
  for (const auto* word : {"anyOf", "oneOf"}) {
    if (const value* alternatives = node.find(word)) {
      for (const auto& a : alternatives->items) {
        join(out, expected(root, a), " or ");
      }
      return out;
    }
  }
  if (const value* type = node.find("type")) {
    if (type->is == value::kind::string) {
      return type_text(type->text, node);
    }
    for (const auto& t : type->items) {
      join(out, type_text(t.text, node), " or ");
    }
  }
  return out.empty() ? "something else" : out;
}

std::vector<std::string> keys_of(const value* object) {
  std::vector<std::string> out;
  if (object != nullptr) {
    for (const auto& m : object->members) {
      out.push_back(m.key);
    }
  }
  return out;
}

}  // namespace spawn::config
