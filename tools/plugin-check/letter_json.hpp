// Messages and traits as a driver of docs/plugin-check.md writes them. Bodies are hexadecimal,
// since they may be any bytes.
#pragma once
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "contract/activator/broker.hpp"

namespace spawn::check {

[[nodiscard]] nlohmann::json json_of(const ::contract::letter& one);
// These throw contract::failed for what is not well formed.
[[nodiscard]] ::contract::letter letter_of(const nlohmann::json& one);
[[nodiscard]] std::vector<std::string> bodies_of(const nlohmann::json& all);
[[nodiscard]] ::contract::broker_traits traits_of(const nlohmann::json& said);

}  // namespace spawn::check
