// connection: libpq without an endless wait. Statements go out together in pipeline mode, and their
// results come back in order. Errors are thrown as sql_error. Thread: one at a time.
#pragma once
#include <libpq-fe.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "parameters.hpp"
#include "settings.hpp"
#include "spawn/plugin/cpp/host.hpp"
#include "sql-common/session.hpp"

namespace postgres_store {

// The rows of one statement, binary.
class rows {
 public:
  explicit rows(PGresult* r) noexcept : r_(r, &PQclear) {}

  [[nodiscard]] int size() const noexcept { return PQntuples(r_.get()); }
  [[nodiscard]] bool is_null(int row, int column) const noexcept {
    return PQgetisnull(r_.get(), row, column) != 0;
  }
  // Borrowed from the rows.
  [[nodiscard]] std::string_view bytes(int row, int column) const noexcept {
    return {PQgetvalue(r_.get(), row, column),
            static_cast<std::size_t>(PQgetlength(r_.get(), row, column))};
  }
  [[nodiscard]] std::uint64_t word(int row, int column) const noexcept;
  [[nodiscard]] bool boolean(int row, int column) const noexcept {
    return *PQgetvalue(r_.get(), row, column) != '\0';
  }

 private:
  std::unique_ptr<PGresult, decltype(&PQclear)> r_;
};

class connection {
 public:
  connection(spawn::plugin::host_ref host, const settings& from) : host_(host), settings_(from) {}

  [[nodiscard]] bool is_open() const noexcept { return conn_ != nullptr; }
  void open();
  void close() noexcept;
  void set_deadline(std::uint64_t ns) noexcept { deadline_ns_ = ns; }

  // A statement for the next flush, prepared on its first use. `is_commit` marks the one whose end
  // nobody but the server knows once it is sent.
  void queue(std::string_view text, const parameters& with = {}, bool is_commit = false);
  // Sends what is queued as one piece and waits for all of it: the rows of each statement.
  // `by_itself`: outside of a transaction, so that the server commits it at its end.
  std::vector<rows> flush(bool by_itself = false);
  // Throws sql_error{lost} when the server has hung up while nothing was asked of it: before a
  // flush that commits what it changes, since afterwards nobody could tell.
  void require_alive();
  // One statement on its own.
  rows run(std::string_view text, const parameters& with = {});
  // Statements without parameters, separated by semicolons.
  void script(const std::string& text);
  // Ends whatever is open, if the connection still answers.
  void roll_back() noexcept;

 private:
  using result_ptr = std::unique_ptr<PGresult, decltype(&PQclear)>;

  [[noreturn]] void lose(const std::string& why, bool in_commit = false);
  [[noreturn]] void refuse(const PGresult* result, bool in_commit);
  void send(bool commits);
  // Until the socket can be read (or written, too); throws at the deadline.
  void wait(bool to_write, bool in_commit);
  result_ptr next(bool in_commit);

  spawn::plugin::host_ref host_;
  const settings& settings_;
  std::unique_ptr<PGconn, decltype(&PQfinish)> conn_{nullptr, &PQfinish};
  std::uint64_t deadline_ns_ = 0;
  struct queued {
    bool is_commit = false;
    std::string prepares;  // the text of a statement that gets its name here
  };
  std::string name_of(const std::string& text, const parameters& with);

  std::vector<queued> queued_;
  std::unordered_map<std::string, std::string> prepared_;   // text -> name, on this connection
  std::unordered_map<std::string, std::string> preparing_;  // in what is queued
  std::uint64_t names_ = 0;
};

}  // namespace postgres_store
