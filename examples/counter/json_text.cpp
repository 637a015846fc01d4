#include "json_text.hpp"

#include <nlohmann/json.hpp>
#include <stdexcept>

#include "spawn/sdk/types.hpp"

namespace example {

namespace {

nlohmann::json field_of(const spawn::sdk::json& request, const char* field) {
  const auto parsed = nlohmann::json::parse(request.text, nullptr, false);
  if (!parsed.is_object() || !parsed.contains(field)) {
    throw spawn::sdk::action_error(std::string("the request is no JSON object with the field \"") +
                                   field + "\"");
  }
  return parsed[field];
}

}  // namespace

std::int64_t number_of(const spawn::sdk::json& request, const char* field) {
  const auto value = field_of(request, field);
  if (!value.is_number_integer()) {
    throw spawn::sdk::action_error(std::string("\"") + field + "\" is not a whole number");
  }
  return value.get<std::int64_t>();
}

std::string text_of(const spawn::sdk::json& request, const char* field) {
  const auto value = field_of(request, field);
  if (!value.is_string()) {
    throw spawn::sdk::action_error(std::string("\"") + field + "\" is not a text");
  }
  return value.get<std::string>();
}

std::int64_t setting_of(std::string_view config, const char* key, std::int64_t otherwise) {
  const auto set = nlohmann::json::parse(config, nullptr, false);
  if (!set.is_object()) {
    throw std::invalid_argument("the settings are no JSON object");
  }
  const auto found = set.find(key);
  if (found == set.end()) {
    return otherwise;
  }
  if (!found->is_number_integer()) {
    throw std::invalid_argument(std::string("setting \"") + key + "\" is not a whole number");
  }
  return found->get<std::int64_t>();
}

spawn::sdk::json to_json(const char* field, std::int64_t value) {
  return {nlohmann::json{{field, value}}.dump()};
}

}  // namespace example
