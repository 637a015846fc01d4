// What this machine and process may use: CPUs and addresses. [control]
#pragma once
#include <cstdint>
#include <string>

#include "base/result.hpp"

namespace spawn {

// CPUs of the affinity mask, or of the cgroup's quota if that is less; at least 1 (D3).
[[nodiscard]] std::uint32_t usable_cpus();
// A numeric address for a host's name: lanes do not look names up.
[[nodiscard]] result<std::string> resolve_address(const std::string& name);
// 64 random bits from the operating system.
[[nodiscard]] std::uint64_t random_bits();

}  // namespace spawn
