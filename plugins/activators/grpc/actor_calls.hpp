// Calls of actors: every message of the client is a request of its own, in order.
#pragma once
#include <memory>

#include "worker.hpp"

namespace grpc_source {

[[nodiscard]] std::unique_ptr<call_logic> actor_logic(const method& m,
                                                      const service_context& context);

// The bytes of what Readiness and Liveness answer.
[[nodiscard]] std::string health_reply(const method& m, std::int64_t unix_ms);

}  // namespace grpc_source
