// The folders above the database file.
#pragma once

#include <filesystem>
#include <string>

namespace sqlite_store {

// Makes the folder and those above it that are missing. Their names are on the disk when it
// returns: SQLite syncs the folder of its files and nothing above, and a power loss that takes the
// folder takes every acknowledged save. Returns why that failed, or "". A folder that can not be
// made is not reported: opening the file in it fails with a better text.
[[nodiscard]] std::string make_durable_folder(const std::filesystem::path& folder);

}  // namespace sqlite_store
