// Checks of the SQLite store against a real file: kill, lock, foreign and newer files, a full disk.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "contract/common/check.hpp"

namespace contract {

inline constexpr std::string_view writer_flag = "--write-until-killed";

// The child's side of the kill check: saves for ever and prints what was acknowledged.
int write_until_killed(const spawn_plugin_entry* entry, const std::string& path);

[[nodiscard]] std::vector<check> sqlite_disk_checks();

}  // namespace contract
