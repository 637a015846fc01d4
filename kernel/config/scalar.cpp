#include "config/scalar.hpp"

#include <charconv>
#include <cmath>

namespace spawn::config {
namespace {

constexpr std::string_view yaml_tag = "tag:yaml.org,2002:";

value plain(std::string_view text) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") {
    return {};
  }
  if (const auto b = read_bool(text)) {
    return value::of_bool(*b);
  }
  if (const auto i = read_integer(text)) {
    return value::of_integer(*i);
  }
  if (const auto d = read_number(text)) {
    value v;
    v.is = value::kind::number;
    v.number = *d;
    return v;
  }
  return value::of_text(std::string(text));
}

}  // namespace

std::optional<bool> read_bool(std::string_view text) {
  if (text == "true" || text == "True" || text == "TRUE") {
    return true;
  }
  if (text == "false" || text == "False" || text == "FALSE") {
    return false;
  }
  return std::nullopt;
}

std::optional<std::int64_t> read_integer(std::string_view text) {
  int base = 10;
  if (text.starts_with("0x") || text.starts_with("0o")) {
    base = text[1] == 'x' ? 16 : 8;
    text.remove_prefix(2);
    if (text.starts_with('-')) {
      return std::nullopt;
    }
  } else if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) {
      return std::nullopt;
    }
  }
  std::int64_t out = 0;
  const auto done = std::from_chars(text.data(), text.data() + text.size(), out, base);
  if (text.empty() || done.ec != std::errc() || done.ptr != text.data() + text.size()) {
    return std::nullopt;
  }
  return out;
}

std::optional<double> read_number(std::string_view text) {
  if (text.starts_with('+')) {
    text.remove_prefix(1);
  }
  // A digit must come first: from_chars would also take "inf" and "nan", which JSON has not.
  const auto first = text.starts_with('-') ? text.substr(1) : text;
  if (first.empty() || !((first[0] >= '0' && first[0] <= '9') || first[0] == '.')) {
    return std::nullopt;
  }
  double out = 0;
  const auto done = std::from_chars(text.data(), text.data() + text.size(), out);
  if (done.ec != std::errc() || done.ptr != text.data() + text.size() || !std::isfinite(out)) {
    return std::nullopt;
  }
  return out;
}

std::optional<value> read_scalar(std::string_view text, std::string_view tag) {
  if (tag == "!" || tag == "tag:yaml.org,2002:str") {
    return value::of_text(std::string(text));
  }
  value v = plain(text);
  if (tag == "?" || tag.empty()) {
    return v;
  }
  if (!tag.starts_with(yaml_tag)) {
    return std::nullopt;
  }
  tag.remove_prefix(yaml_tag.size());
  const bool fits =
      (tag == "int" && v.is == value::kind::integer) ||
      (tag == "bool" && v.is == value::kind::boolean) ||
      (tag == "null" && v.is == value::kind::null) ||
      (tag == "float" && (v.is == value::kind::number || v.is == value::kind::integer));
  return fits ? std::optional<value>(std::move(v)) : std::nullopt;
}

}  // namespace spawn::config
