// A value tree against a JSON Schema (draft 7), with messages made for the person who wrote the
// file: what was expected, what was found, which key may have been meant.
//
// Explained here: type, enum, const, minimum, maximum, exclusiveMinimum, exclusiveMaximum,
// minLength, maxLength, pattern, items (one schema), minItems, maxItems, uniqueItems, properties,
// required, additionalProperties, propertyNames, minProperties, maxProperties, anyOf, oneOf, allOf,
// $ref to #/definitions. The kernel's own schema uses no others (a test looks); what a plugin's
// schema may use beyond them is left to full_check.hpp.
// Thread: [control].
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "config/problem.hpp"
#include "config/value.hpp"

namespace spawn::config {

// `document` is changed where that makes it what the schema means: text from ${...} or the
// environment becomes the number or boolean wanted at its place, and a member that is empty in the
// file ("limits:") is taken away. `prefix` is the pointer of `document`'s root, for the messages.
void check_schema(const value& schema, value& document, std::string_view prefix, problems& found);

// The schema at a `$ref`, or `node` itself.
[[nodiscard]] const value& resolve(const value& root, const value& node);
// "an integer from 1 to 65535", "one of commit, snapshot, none".
[[nodiscard]] std::string expected(const value& root, const value& node);
// "got 70000", "got a list"; nothing of a secret.
[[nodiscard]] std::string got(const value& v, bool secret);
// By JSON Schema's names; 3.0 is an integer.
[[nodiscard]] bool is_type(const value& v, std::string_view type);
[[nodiscard]] bool integral(const value& v);
[[nodiscard]] std::vector<std::string> keys_of(const value* object);

}  // namespace spawn::config
