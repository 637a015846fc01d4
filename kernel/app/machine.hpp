// What this machine and process may use: CPUs, addresses, directories. [control]
#pragma once
#include <cstdint>
#include <string>

#include "base/result.hpp"

namespace spawn {

// CPUs of the affinity mask, or of the cgroup's quota if that is less; at least 1 (D3).
[[nodiscard]] std::uint32_t usable_cpus();
// A numeric address for a host's name: lanes do not look names up.
[[nodiscard]] result<std::string> resolve_address(const std::string& name);
// Where plugin copies are kept: a directory that only this user can write.
[[nodiscard]] std::string plugin_store_dir();
// 64 random bits from the operating system.
[[nodiscard]] std::uint64_t random_bits();

}  // namespace spawn
