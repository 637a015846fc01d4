// What operators ask of the database beside the lane: its tables as SQL, how much is in it.
#pragma once
#include <string>

#include "database.hpp"
#include "sql-common/errand.hpp"

namespace sqlite_store {

[[nodiscard]] std::string schema_text();

// On a connection of its own, which reads beside the writer. Throws std::runtime_error. Blocks.
[[nodiscard]] sql_store::store_counts count(const settings& s);

}  // namespace sqlite_store
