// connection: libmariadb without an endless wait. Each call sends one piece of text, which may hold
// several statements, and waits for all their results. Errors are thrown as sql_error. Thread: one
// at a time.
#pragma once
#include <mysql.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "settings.hpp"
#include "spawn/plugin/cpp/host.hpp"
#include "sql-common/session.hpp"

namespace mysql_store {

// The rows of one statement. Values are as the server writes them in its text protocol; what the
// server did not send is empty, or 0.
class rows {
 public:
  explicit rows(MYSQL_RES* result);

  [[nodiscard]] int size() const noexcept { return static_cast<int>(cells_.size() / columns_); }
  [[nodiscard]] bool is_null(int row, int column) const noexcept {
    return at(row, column).data() == nullptr;
  }
  // Borrowed from the rows.
  [[nodiscard]] std::string_view bytes(int row, int column) const noexcept {
    return at(row, column);
  }
  [[nodiscard]] std::uint64_t word(int row, int column) const noexcept;
  [[nodiscard]] std::int64_t integer(int row, int column) const noexcept;

 private:
  [[nodiscard]] std::string_view at(int row, int column) const noexcept {
    const auto i = static_cast<std::size_t>(row) * columns_ + static_cast<std::size_t>(column);
    return static_cast<std::size_t>(column) < columns_ && i < cells_.size() ? cells_[i]
                                                                            : std::string_view();
  }

  std::unique_ptr<MYSQL_RES, decltype(&mysql_free_result)> result_;
  std::size_t columns_;
  std::vector<std::string_view> cells_;  // no pointer: NULL
};

class connection {
 public:
  connection(spawn::plugin::host_ref host, const settings& from) : host_(host), settings_(from) {}
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;
  ~connection() { close(); }

  [[nodiscard]] bool is_open() const noexcept { return conn_ != nullptr; }
  void open();
  void close() noexcept;
  void set_deadline(std::uint64_t ns) noexcept { deadline_ns_ = ns; }

  // The rows of those statements that have any.
  std::vector<rows> run(std::string_view text) { return execute(text, false); }
  // The rows of the last of them, which must have some or could have had.
  rows query(std::string_view text);
  // The text that begins a transaction, to be run before anything else of it: what follows belongs
  // together until commit() or roll_back().
  [[nodiscard]] std::string_view begin() noexcept;
  // in_doubt: what the caller changed makes a difference, so that a COMMIT without an answer is
  // thrown with in_commit.
  void commit(bool in_doubt);
  // How many rows the one prepared statement of this connection has changed. `rows` 0: with these
  // values; otherwise with so many in each array, which takes_arrays() has to allow. `by_itself`:
  // outside of a transaction, so that the statement commits.
  std::uint64_t update(const std::string& text, std::span<MYSQL_BIND> with, unsigned rows,
                       bool by_itself);
  [[nodiscard]] bool takes_arrays() const noexcept { return takes_arrays_; }
  // Throws sql_error{lost} when the server has hung up while nothing was asked of it: before what
  // commits by itself, since afterwards nobody could tell.
  void require_alive();
  // Ends whatever is open, if the connection still answers.
  void roll_back() noexcept;

  // Appends the bytes between quotes, escaped as the server wants it.
  void quote(std::string& out, std::string_view bytes) const;

  // What one text may have, and whether a lock can be passed over; known once it is open.
  [[nodiscard]] std::size_t text_bytes_max() const noexcept { return text_bytes_max_; }
  [[nodiscard]] std::uint64_t packet_bytes_max() const noexcept { return packet_bytes_max_; }
  [[nodiscard]] bool skips_locked() const noexcept { return skips_locked_; }
  // 1: an acknowledged COMMIT survives power loss.
  [[nodiscard]] std::int64_t flush_at_commit() const noexcept { return flush_at_commit_; }

 private:
  [[noreturn]] void lose(const std::string& why, bool in_commit = false);
  [[noreturn]] void fail(bool in_commit);
  void set_options();
  void set_up();
  std::vector<rows> execute(std::string_view text, bool in_commit);
  // Runs one call of the library's non-blocking interface to its end.
  template <class Start, class Continue>
  void drive(const Start& start, const Continue& go_on, bool in_commit);
  // Until one of the events is there; throws at the deadline.
  int wait(int events, bool in_commit);

  spawn::plugin::host_ref host_;
  const settings& settings_;
  MYSQL* conn_ = nullptr;
  MYSQL_STMT* update_ = nullptr;
  std::uint64_t deadline_ns_ = 0;
  bool in_transaction_ = false;
  std::uint64_t packet_bytes_max_ = 0;
  std::size_t text_bytes_max_ = 0;
  bool skips_locked_ = false;
  bool takes_arrays_ = false;
  std::int64_t flush_at_commit_ = 1;
};

}  // namespace mysql_store
