#include "plugin/config_check.hpp"

// Without it the library ends the process where it finds a schema that is none.
#define VALIJSON_USE_EXCEPTIONS 1
#include <algorithm>
#include <nlohmann/json.hpp>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include "plugin/json_text.hpp"

namespace spawn {
namespace {

using nlohmann::json;
using adapter = valijson::adapters::NlohmannJsonAdapter;

// "<root>", "[history]", "[keep]" -> "/history/keep"
std::string pointer_of(const std::vector<std::string>& context) {
  json::json_pointer out;
  for (const std::string& part : context) {
    if (part.size() >= 2 && part.front() == '[') {
      out.push_back(part.substr(1, part.size() - 2));
    }
  }
  return out.to_string();
}

result<json> with_secrets(json config, const secret_list& secrets) {
  for (const auto& [pointer, value] : secrets) {
    try {
      json& place = config.at(json::json_pointer(pointer));
      if (!place.is_null()) {
        return fail(errc::internal, "the place of the secret " + pointer + " is not empty");
      }
      place = value;
    } catch (const json::exception&) {
      return fail(errc::internal, "there is no place for the secret " + pointer);
    }
  }
  return config;
}

std::vector<config_problem> problems_of(const json& schema_json, const json& config) {
  valijson::Schema schema;
  valijson::SchemaParser parser(valijson::SchemaParser::kDraft7);
  parser.populateSchema(adapter(schema_json), schema);
  valijson::Validator validator;
  valijson::ValidationResults results;
  std::vector<config_problem> out;
  if (validator.validate(schema, adapter(config), &results)) {
    return out;
  }
  for (const auto& problem : results) {
    out.push_back({pointer_of(problem.context), problem.description});
  }
  if (out.empty()) {
    out.push_back({"", "does not match the plugin's schema"});
  }
  return out;
}

// A secret is text. Where the schema wants a number or a boolean, it is read as one; true when
// there was such a place.
bool read_typed_secrets(json& config, const secret_list& secrets,
                        const std::vector<config_problem>& problems) {
  bool changed = false;
  for (const auto& [pointer, value] : secrets) {
    const auto about = [&at = pointer](const config_problem& p) { return p.pointer == at; };
    if (std::none_of(problems.begin(), problems.end(), about)) {
      continue;
    }
    json typed = json::parse(value, nullptr, false);
    if (typed.is_number() || typed.is_boolean()) {
      config[json::json_pointer(pointer)] = std::move(typed);
      changed = true;
    }
  }
  return changed;
}

// The innermost problem says most: "Failed to validate against child schema" is about its parents.
const config_problem& most_telling(const std::vector<config_problem>& problems) {
  const config_problem* best = &problems.front();
  for (const config_problem& problem : problems) {
    if (problem.pointer.size() > best->pointer.size()) {
      best = &problem;
    }
  }
  return *best;
}

}  // namespace

result<std::string> check_config(std::string_view instance, std::string_view schema,
                                 std::string_view config_json, const secret_list& secrets,
                                 std::vector<config_problem>* problems) {
  const std::string who = "instance " + std::string(instance);
  auto config = parse_json(config_json.empty() ? "{}" : config_json);
  if (!config) {
    return fail(std::move(config.error()).within(who + ": config"));
  }
  auto complete = with_secrets(*config, secrets);
  if (!complete) {
    return fail(std::move(complete.error()).within(who));
  }
  if (schema.empty()) {
    return config->dump();
  }
  auto schema_json = parse_json(schema);
  if (!schema_json) {
    return fail(std::move(schema_json.error()).within("the plugin's config_schema"));
  }
  std::vector<config_problem> found;
  try {
    found = problems_of(*schema_json, *complete);
    if (!found.empty() && read_typed_secrets(*complete, secrets, found)) {
      found = problems_of(*schema_json, *complete);
    }
  } catch (const std::exception& e) {
    return fail(errc::invalid,
                std::string("the plugin's config_schema can not be used: ") + e.what());
  }
  if (found.empty()) {
    return config->dump();
  }
  const config_problem worst = most_telling(found);
  if (problems != nullptr) {
    *problems = std::move(found);
  }
  return fail(errc::invalid, who + ": config" + worst.pointer + ": " + worst.text);
}

}  // namespace spawn
