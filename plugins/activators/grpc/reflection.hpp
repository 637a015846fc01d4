// grpc.reflection v1 and v1alpha, which are the same on the wire.
#pragma once
#include <memory>
#include <string>

#include "worker.hpp"

namespace grpc_source {

// nullptr when the path is none of its methods.
[[nodiscard]] std::unique_ptr<call_logic> reflection_logic(const std::string& path,
                                                           const service_context& context);

}  // namespace grpc_source
