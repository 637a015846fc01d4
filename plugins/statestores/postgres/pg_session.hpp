// pg_session: the statements of the store. A segment of writes is two round trips, however many
// rows it has: lock and look, then everything that changes together with the COMMIT, each kind of
// change as one statement over arrays. Plain saves are one: conditional statements and the COMMIT.
#pragma once
#include <string>
#include <vector>

#include "connection.hpp"
#include "schema.hpp"
#include "sql-common/session.hpp"
#include "sql-common/write_plan.hpp"

namespace postgres_store {

class pg_session final : public sql_store::session {
 public:
  // warns: this one says what is wrong with the server's settings.
  pg_session(spawn::plugin::host_ref host, const settings& s, bool warns);

  [[nodiscard]] bool is_connected() const noexcept override { return db_.is_open(); }
  void connect() override;
  void disconnect() noexcept override { db_.close(); }
  void set_deadline(std::uint64_t ns) noexcept override { db_.set_deadline(ns); }

  void begin(std::span<const std::string_view> keys, std::vector<sql_store::head>& heads) override;
  [[nodiscard]] std::optional<std::int64_t> past_of(const spawn_ss_save& op) override;
  void commit(const sql_store::write_plan& plan) override;
  void rollback() noexcept override { db_.roll_back(); }
  [[nodiscard]] bool save_plain(std::span<spawn_ss_save* const> ops, std::int64_t now,
                                std::vector<bool>& won) override;

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
  // Made once, from the names of the tables.
  struct statements {
    explicit statements(const settings& s, const table_names& names);
    std::string begin, lock, past_of, has_history;
    std::string clear_history, keep_head, past, insert, update, rewrite, past_rewrite, guard, purge;
    std::string prune, prune_age, plain_update, plain_update_one, plain_insert;
    std::string load, load_past, list_up, list_down, history_up, history_down;
    std::string expire, collect;
  };

  void write_rows(const std::vector<sql_store::write_plan::row>& rows, std::int64_t now,
                  const std::string& statement, bool insert);
  void queue_rewrites(const std::vector<const spawn_ss_save*>& ops, const std::string& statement);
  void queue_keys(const std::vector<std::string_view>& keys, const std::string& statement);

  spawn::plugin::host_ref host_;
  const settings& settings_;
  const bool warns_;
  const table_names names_;
  const statements sql_;
  connection db_;
};

}  // namespace postgres_store
