// Circuit breakers and guarded links, as operators see them.
#pragma once
#include <optional>
#include <string>

#include "admin/admin_context.hpp"
#include "admin/metrics_build.hpp"
#include "resiliency/host_breakers.hpp"

namespace spawn {

// [admin]
void add_resiliency(const admin_context& from, metrics_builder& out);
// The breaker of a host; nothing if it has none, or none yet since it was not called.
[[nodiscard]] std::optional<host_breakers::report> breaker_of(const admin_context& from,
                                                              const std::string& address,
                                                              std::uint16_t port);

}  // namespace spawn
