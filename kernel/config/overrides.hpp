// The protocol's environment variables, laid over the tree before it is checked. What a variable
// sets carries its name as position, so an error names the variable.
// Thread: [control].
#pragma once
#include <string>
#include <vector>

#include "config/environment.hpp"
#include "config/problem.hpp"
#include "config/value.hpp"

namespace spawn::config {

// `file` is for the notices.
void apply_environment(value& root, const environment& env, const std::string& file,
                       problems& found, std::vector<std::string>& notices);
// The part for PROXY_DATABASE_*: which store is the default one, and its plugin's config.
void apply_database(value& root, const environment& env, const std::string& file, problems& found,
                    std::vector<std::string>& notices);
// The part for NATS: the transport, where no file names one.
void apply_internal_nats(value& root, const environment& env, const std::string& file,
                         std::vector<std::string>& notices);

// The variables read here, for the documentation's test.
[[nodiscard]] const std::vector<std::string>& variables_read();

// A value said by variable `name`: text that takes the type wanted at its place.
[[nodiscard]] value from_variable(const std::string& name, std::string_view text);
// The map at `key` of `parent`, made if absent or empty; nullptr if something else is there (the
// schema check will say so).
[[nodiscard]] value* map_at(value& parent, const std::string& key, const std::string& name);

}  // namespace spawn::config
