// Checks of the SQLite store against a real file: lock, foreign and newer files, a full disk.
#pragma once
#include <vector>

#include "contract/common/check.hpp"

namespace contract {

[[nodiscard]] std::vector<check> sqlite_disk_checks();

}  // namespace contract
