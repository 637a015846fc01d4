// The configuration of the instances under test.
#pragma once
#include <string>

namespace spawn::check {

// The file, YAML or JSON, as JSON. Throws std::runtime_error that names file and line.
[[nodiscard]] std::string read_config(const std::string& file);

// With {dir} and {n} in its texts replaced.
[[nodiscard]] std::string filled_in(const std::string& config_json, const std::string& dir,
                                    const std::string& n);

}  // namespace spawn::check
