// odbc_session: the store over any ODBC driver. It takes no locks ahead: begin() reads the heads,
// and each change in commit() holds only where its row is still as it was read. A row that is not
// makes the whole batch start again.
#pragma once
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "connection.hpp"
#include "schema.hpp"
#include "sql-common/reader.hpp"
#include "sql-common/session.hpp"
#include "sql-common/write_plan.hpp"
#include "statements.hpp"

namespace mssql_store {

class odbc_session final : public sql_store::session {
 public:
  odbc_session(spawn::plugin::host_ref host, const settings& s, watchdog& dog);

  [[nodiscard]] bool is_connected() const noexcept override { return db_.is_open(); }
  void connect() override;
  void disconnect() noexcept override { db_.close(); }
  void set_deadline(std::uint64_t ns) noexcept override { db_.set_deadline(ns); }

  void begin(std::span<const std::string_view> keys, std::vector<sql_store::head>& heads) override;
  [[nodiscard]] std::optional<std::int64_t> past_of(const spawn_ss_save& op) override;
  void commit(const sql_store::write_plan& plan) override;
  void rollback() noexcept override { db_.roll_back(); }

  void fetch_heads(std::span<const std::string_view> keys,
                   const sql_store::take_row& take) override;
  void fetch_past(std::string_view key, std::uint64_t revision,
                  const sql_store::take_row& take) override;
  void fetch_range(const sql_store::key_range& range, const sql_store::take_row& take) override;
  void fetch_revisions(const sql_store::revision_range& range,
                       const sql_store::take_row& take) override;

  [[nodiscard]] bool has_history() override;
  void sweep(std::int64_t expired_before, std::int64_t collect_before) override;
  [[nodiscard]] sql_store::store_counts counts() override;

 private:
  // A head as begin() has read it.
  struct seen {
    bool exists = false, deleted = false;
    std::uint64_t revision = 0, writer = 0;
    std::int64_t changes = 0;
  };
  // One change of a row in the table of records.
  struct row_change {
    std::string_view key;
    const sql_store::write_plan::row* content = nullptr;  // none: purged, or only guarded
    bool guard = false;
  };

  // One row changes, or the batch has lost a race.
  void change_one(const std::string& text, parameters with, const spawn_op* whose = nullptr);
  void rewrite_heads(const sql_store::write_plan& plan);
  void keep_heads(const sql_store::write_plan& plan);
  void change_rows(const sql_store::write_plan& plan);
  void change_row(const row_change& what, std::int64_t now);
  void insert_rows(std::span<const sql_store::write_plan::row> rows, std::int64_t now, bool past);
  void change_history(const sql_store::write_plan& plan);
  void guard_absent(std::string_view key);
  void expire(const rows& due);

  spawn::plugin::host_ref host_;
  const settings& settings_;
  const table_names names_;
  const statements sql_;
  connection db_;
  std::unordered_map<std::string_view, seen> seen_;  // borrows the keys of begin()
};

}  // namespace mssql_store
