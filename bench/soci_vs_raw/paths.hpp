// Three ways to save 64 records in one transaction, behind one face.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace bench {

constexpr int batch_rows = 64;
constexpr int rows = 4'096;
constexpr std::size_t payload_bytes = 256;

class save_path {
 public:
  virtual ~save_path() = default;
  // Saves rows [first, first + batch_rows) from `revision` to `revision` + 1 (0: they are new).
  // Ends the program when a row is not as expected.
  virtual void save(int first, std::uint64_t revision) = 0;
};

std::unique_ptr<save_path> raw_path(const std::string& file, bool full_sync);
std::unique_ptr<save_path> soci_path(const std::string& file, bool full_sync);
// The statestore/sqlite plugin through the C ABI.
std::unique_ptr<save_path> plugin_path(const std::string& file, bool full_sync);

[[noreturn]] void give_up(const std::string& why);

std::string key_of(int row);
const std::string& payload();

inline const char* const table_sql =
    "CREATE TABLE record (key BLOB NOT NULL PRIMARY KEY, system TEXT, parent TEXT, name TEXT,"
    " revision INTEGER NOT NULL, writer INTEGER NOT NULL, type_url TEXT NOT NULL, payload BLOB,"
    " meta BLOB NOT NULL, written_at INTEGER NOT NULL, expires_at INTEGER,"
    " deleted INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID";

}  // namespace bench
