// From the configuration to the bounds of host calls and the circuit breakers of hosts.
#pragma once
#include <memory>

#include "config/settings.hpp"
#include "resiliency/host_breakers.hpp"
#include "router/policies.hpp"

namespace spawn {

// Gives the types of `into` what `actors.<type>.resiliency` and `.actions` say. True if there is
// any. Before the lanes are built. [control]
bool attach_guards(const config::settings& settings, std::uint32_t lanes, policies& into);

// The breakers of `host.circuit_breaker` and `hosts[].circuit_breaker`, with no host in them yet.
// `resolved`: where the names of hosts were looked up. [control]
[[nodiscard]] std::unique_ptr<host_breakers> make_breakers(const config::settings& settings,
                                                           const policies& resolved);

}  // namespace spawn
