// my_session: the statements of the store. A segment of writes is three round trips, however many
// rows it has: lock and look, everything that changes, COMMIT; more only where the text would be
// larger than the server takes. Plain saves read nothing: a conditional UPDATE of an array, COMMIT.
#pragma once
#include <string>
#include <vector>

#include "connection.hpp"
#include "schema.hpp"
#include "script.hpp"
#include "sql-common/session.hpp"
#include "sql-common/write_plan.hpp"

namespace mysql_store {

class my_session final : public sql_store::session {
 public:
  // warns: this one says what is wrong with the server's settings.
  my_session(spawn::plugin::host_ref host, const settings& s, bool warns);

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
  // The first halves of statements, made once from the names of the tables.
  struct statements {
    explicit statements(const table_names& names);
    std::string lock, past_of, has_history;
    std::string clear_history, keep_head, past, write, on_update, insert, guard, purge, prune;
    std::string load, expire, plain_update;
  };
  enum class into : std::uint8_t { past, update, insert };

  void put_rows(script& to, const std::vector<sql_store::write_plan::row>& from, std::int64_t now,
                into where) const;
  void put_rewrites(script& to, const std::vector<const spawn_ss_save*>& ops, bool past) const;
  void put_absent_guards(script& to, const std::vector<std::string_view>& keys) const;
  void put_prunes(script& to, const std::vector<sql_store::write_plan::prune>& prunes) const;
  [[nodiscard]] std::string due(bool deleted, std::int64_t before) const;

  spawn::plugin::host_ref host_;
  const settings& settings_;
  const bool warns_;
  const table_names names_;
  const statements sql_;
  connection db_;
};

}  // namespace mysql_store
