#include "json_text.hpp"

#include <nlohmann/json.hpp>

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

spawn::sdk::json to_json(const char* field, std::int64_t value) {
  return {nlohmann::json{{field, value}}.dump()};
}

}  // namespace example
