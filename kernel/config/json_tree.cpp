#include "config/json_tree.hpp"

#include <limits>
#include <nlohmann/json.hpp>

namespace spawn::config {
namespace {

constexpr int json_depth_max = 100;

using json = nlohmann::ordered_json;

bool convert(const json& from, value& to, int depth) {
  if (depth > json_depth_max) {
    return false;
  }
  if (from.is_boolean()) {
    to = value::of_bool(from.get<bool>());
  } else if (from.is_number_unsigned() &&
             from.get<std::uint64_t>() >
                 static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    to.is = value::kind::number;
    to.number = from.get<double>();
  } else if (from.is_number_integer()) {
    to = value::of_integer(from.get<std::int64_t>());
  } else if (from.is_number_float()) {
    to.is = value::kind::number;
    to.number = from.get<double>();
  } else if (from.is_string()) {
    to = value::of_text(from.get<std::string>());
  } else if (from.is_array()) {
    to.is = value::kind::list;
    for (const auto& item : from) {
      if (!convert(item, to.items.emplace_back(), depth + 1)) {
        return false;
      }
    }
  } else if (from.is_object()) {
    to.is = value::kind::object;
    for (const auto& [key, item] : from.items()) {
      to.members.push_back({key, {}, {}});
      if (!convert(item, to.members.back().is, depth + 1)) {
        return false;
      }
    }
  }
  return true;
}

}  // namespace

result<value> read_json(std::string_view text) {
  try {
    const json parsed = json::parse(text);
    value out;
    if (!convert(parsed, out, 0)) {
      return fail(errc::invalid, "JSON: nested deeper than 100 levels");
    }
    return out;
  } catch (const std::exception& e) {
    return fail(errc::invalid, std::string("JSON: ") + e.what());
  }
}

}  // namespace spawn::config
