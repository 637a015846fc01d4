// grpc.health.v1.Health: Check and Watch.
#pragma once
#include <memory>
#include <string>

#include "worker.hpp"

namespace grpc_source {

// nullptr when the path is none of its methods.
[[nodiscard]] std::unique_ptr<call_logic> health_logic(const std::string& path,
                                                       const service_context& context);

}  // namespace grpc_source
