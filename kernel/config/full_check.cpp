// A bad schema is reported, not fatal: valijson ends the process otherwise.
#define VALIJSON_USE_EXCEPTIONS 1

#include "config/full_check.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include "config/value.hpp"

namespace spawn::config {

result<std::vector<schema_fault>> full_check(std::string_view schema_json,
                                             std::string_view document_json) {
  std::vector<schema_fault> out;
  try {
    const auto schema_document = nlohmann::json::parse(schema_json);
    const auto document = nlohmann::json::parse(document_json);
    valijson::Schema schema;
    valijson::SchemaParser parser(valijson::SchemaParser::kDraft7);
    const valijson::adapters::NlohmannJsonAdapter schema_adapter(schema_document);
    parser.populateSchema(schema_adapter, schema);
    valijson::Validator validator;
    valijson::ValidationResults results;
    const valijson::adapters::NlohmannJsonAdapter target(document);
    if (validator.validate(schema, target, &results)) {
      return out;
    }
    valijson::ValidationResults::Error fault;
    while (results.popError(fault)) {
      std::string pointer;
      for (const auto& step : fault.context) {
        if (step.size() >= 2 && step.front() == '[' && step.back() == ']') {
          pointer = pointer_step(pointer, step.substr(1, step.size() - 2));
        }
      }
      out.push_back({std::move(pointer), fault.description});
    }
  } catch (const std::exception& e) {
    return fail(errc::invalid, std::string("the schema cannot be used: ") + e.what());
  }
  return out;
}

}  // namespace spawn::config
