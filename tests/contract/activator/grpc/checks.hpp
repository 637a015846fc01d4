// The checks of the grpc activator that are its own, by part.
#pragma once
#include <vector>

#include "contract/common/check.hpp"

namespace grpc_test {

[[nodiscard]] std::vector<contract::check> calls_checks();
[[nodiscard]] std::vector<contract::check> service_checks();
[[nodiscard]] std::vector<contract::check> config_checks();
[[nodiscard]] std::vector<contract::check> http_checks();

}  // namespace grpc_test
