// The statements on the data, the same text for every database: standard SQL that SQL Server 2016,
// PostgreSQL and MariaDB 10.6 read alike. So what is tested through one driver holds for the
// others.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

#include "schema.hpp"
#include "sql-common/reader.hpp"

namespace mssql_store {

// How many keys a list may have, and rows an INSERT: few sizes, so that few statements are
// prepared, and well under the 2,100 question marks that SQL Server takes.
inline constexpr std::size_t key_list_sizes[] = {1, 8, 64, 256};
inline constexpr std::size_t insert_sizes[] = {64, 16, 4, 1};

struct statements {
  explicit statements(const table_names& names);

  // Heads: key, revision, writer, deleted, expires_at, changes.
  [[nodiscard]] std::string heads(std::size_t keys) const;
  [[nodiscard]] std::string load(std::size_t keys) const;
  [[nodiscard]] std::string keep_heads(std::size_t keys) const;
  [[nodiscard]] std::string clear_history(std::size_t keys) const;
  [[nodiscard]] std::string insert(std::size_t rows) const;
  [[nodiscard]] std::string insert_past(std::size_t rows) const;
  // A bound, the other, the time unless tombstones are wanted, how many rows: key, expires_at,
  // deleted.
  [[nodiscard]] std::string list(const sql_store::key_range& range) const;
  [[nodiscard]] std::string revisions(bool reverse, bool with_payload) const;

  std::string past_of, has_history, load_past;
  // Each only where key, revision, writer and changes are as they were read.
  std::string update, rewrite, touch, expire, purge;
  std::string past_rewrite;  // where key, revision and writer are
  std::string prune;         // a key, below a revision or replaced until a time
  std::string due;           // deleted?, before when, how many: key, revision, writer, changes

 private:
  std::string record_, history_;
};

}  // namespace mssql_store
