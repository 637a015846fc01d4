// killed_client: an instance in a process of its own, which takes deliveries and is killed.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "contract/activator/bench.hpp"

namespace contract {

inline constexpr std::string_view killed_client_flag = "--take-and-be-killed";

// Runs this program once more, lets an instance over the bench's queue take n deliveries, kills it
// with SIGKILL and returns their dedup_ids. Settles nothing.
[[nodiscard]] std::vector<std::string> take_and_be_killed(bench& b, std::size_t n);

// The other side of it: true when the arguments ask for it, and then it returns only when nobody
// killed the process.
[[nodiscard]] bool runs_as_killed_client(int argc, char** argv, const spawn_plugin_entry* entry,
                                         broker& from);

}  // namespace contract
