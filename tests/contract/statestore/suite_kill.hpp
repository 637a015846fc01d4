// What a durable store must keep when its process is killed. The program that runs these checks is
// run once more by them, as the process that writes: its main() has to begin with
//
//   if (argc == 3 && contract::writer_flag == argv[1]) {
//     return contract::write_until_killed(entry, argv[2]);
//   }
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "contract/common/check.hpp"

namespace contract {

inline constexpr std::string_view writer_flag = "--write-until-killed";

// Saves for ever over that config and prints what was acknowledged.
int write_until_killed(const spawn_plugin_entry* entry, const std::string& config);

// Skipped for stores without CAP_DURABLE.
[[nodiscard]] std::vector<check> kill_checks();

}  // namespace contract
