// The optional host interfaces by id: C tables whose functions find their way to host_services.
#pragma once
#include "plugin/host_table.hpp"

namespace spawn {

// NULL for an id this kernel does not have, or does not offer to this instance. [any]
[[nodiscard]] const void* find_host_interface(const host_services& services,
                                              const char* id) noexcept;

}  // namespace spawn
