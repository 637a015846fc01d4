// The yardsticks: what a good engineer would write by hand over each client library for the same
// durable work. One conditional statement for each group or row, nothing read first, one
// transaction, the counts of changed rows checked. The tables are the plugin's.
#pragma once
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "workload.hpp"

namespace spawn::bench {

struct mariadb_account {
  std::string host, user, password, database;
  unsigned port = 3306;
};

// `table`: of the records, made by the plugin.
std::unique_ptr<store_path> raw_sqlite(const std::string& file, const workload& what);
std::unique_ptr<store_path> raw_postgres(const std::string& url, const std::string& table,
                                         const workload& what);
std::unique_ptr<store_path> raw_mysql(const mariadb_account& at, const std::string& table,
                                      const workload& what);

[[nodiscard]] inline std::int64_t unix_ms_now() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace spawn::bench
