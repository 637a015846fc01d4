#include "flow-common/config_reader.hpp"

#include <algorithm>

#include "config-common/config.hpp"
#include "flow-common/duration.hpp"

namespace spawn::plugin::flows {

config_reader config_reader::at(std::string_view key) const {
  std::optional<config_reader> found = find(key);
  if (!found) {
    refuse("\"" + std::string(key) + "\" is missing");
  }
  return std::move(*found);
}

std::optional<config_reader> config_reader::find(std::string_view key) const {
  const auto found = value_->find(key);
  if (!value_->is_object() || found == value_->end()) {
    return std::nullopt;
  }
  return config_reader(*found, path_.empty() ? std::string(key) : path_ + "." + std::string(key));
}

void config_reader::only(std::initializer_list<std::string_view> keys) const {
  if (!value_->is_object()) {
    refuse("is not a map");
  }
  for (const auto& [key, ignored] : value_->items()) {
    if (std::ranges::find(keys, key) == keys.end()) {
      at(key).refuse("unknown key");
    }
  }
}

std::vector<config_reader> config_reader::items(std::size_t min, std::size_t max) const {
  if (!value_->is_array() || value_->size() < min || value_->size() > max) {
    refuse("is not a list of " + std::to_string(min) + " to " + std::to_string(max));
  }
  std::vector<config_reader> out;
  for (std::size_t i = 0; i < value_->size(); ++i) {
    out.emplace_back((*value_)[i], path_ + "[" + std::to_string(i) + "]");
  }
  return out;
}

std::vector<config_reader> config_reader::named(std::size_t min, std::size_t max) const {
  if (!value_->is_object() || value_->size() < min || value_->size() > max) {
    refuse("is not a map of " + std::to_string(min) + " to " + std::to_string(max));
  }
  std::vector<config_reader> out;
  for (const auto& [key, value] : value_->items()) {
    out.emplace_back(value, path_ + "." + key);
    out.back().name_ = key;
    if (!is_name(key)) {
      out.back().refuse("a name has 1 to 64 letters, digits, '_' and '-'");
    }
  }
  return out;
}

std::string config_reader::text() const {
  if (!value_->is_string()) {
    refuse("is not a text");
  }
  return value_->get<std::string>();
}

bool config_reader::flag(std::string_view key, bool fallback) const {
  const std::optional<config_reader> found = find(key);
  if (!found) {
    return fallback;
  }
  if (!found->value_->is_boolean()) {
    found->refuse("is neither true nor false");
  }
  return found->value_->get<bool>();
}

std::uint64_t config_reader::number(std::string_view key, std::uint64_t min, std::uint64_t max,
                                    std::uint64_t fallback) const {
  const std::optional<config_reader> found = find(key);
  if (!found) {
    return fallback;
  }
  const std::optional<std::uint64_t> number = whole_number(*found->value_);
  if (!number || *number < min || *number > max) {
    found->refuse("is not a number from " + std::to_string(min) + " to " + std::to_string(max));
  }
  return *number;
}

std::uint64_t config_reader::duration_ms(std::string_view key, std::uint64_t min, std::uint64_t max,
                                         std::uint64_t fallback) const {
  const std::optional<config_reader> found = find(key);
  if (!found) {
    return fallback;
  }
  std::optional<std::uint64_t> ms;
  if (found->value_->is_string()) {
    ms = parse_duration_ms(found->value_->get<std::string>());
  } else if (found->value_->is_number_unsigned()) {
    ms = found->value_->get<std::uint64_t>();
  }
  if (!ms) {
    found->refuse("is not a time such as 250ms, 5s, 2m, 1h or 7d");
  }
  if (*ms < min || *ms > max) {
    found->refuse("is not between " + std::to_string(min) + " and " + std::to_string(max) +
                  " milliseconds");
  }
  return *ms;
}

void config_reader::refuse(const std::string& why) const {
  throw refused(SPAWN_E_INVALID, path_.empty() ? "config: " + why : path_ + ": " + why);
}

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
}

json read_config(const create_args& args) {
  std::optional<json> value = read_json(args.config_json.empty() ? "{}" : args.config_json);
  if (!value || !value->is_object()) {
    throw refused(SPAWN_E_INVALID, "config: not a JSON object");
  }
  put_secrets(*value, args);
  return std::move(*value);
}

}  // namespace spawn::plugin::flows
