#include "connection.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <mutex>

#include "errors.hpp"

namespace mysql_store {

namespace {

using sql_store::sql_error;
using sql_store::trouble;

constexpr std::uint64_t ns_per_ms = 1'000'000;
// The library runs a call on a stack of its own; its default of 60 KiB is little for TLS and names.
constexpr std::size_t call_stack_bytes = 256u << 10;
// What the protocol puts around a text.
constexpr std::size_t packet_head_bytes = 256;
// What does not hand the password to whoever answers.
constexpr const char* safe_logins =
    "mysql_native_password,caching_sha2_password,client_ed25519,sha256_password";

template <class Int>
Int number(std::string_view digits) noexcept {
  Int out{};
  std::from_chars(digits.data(), digits.data() + digits.size(), out);
  return out;
}

}  // namespace

rows::rows(MYSQL_RES* result)
    : result_(result, &mysql_free_result), columns_(mysql_num_fields(result)) {
  cells_.reserve(static_cast<std::size_t>(mysql_num_rows(result)) * columns_);
  while (char** row = mysql_fetch_row(result)) {
    const unsigned long* lengths = mysql_fetch_lengths(result);
    for (std::size_t i = 0; i < columns_; ++i) {
      cells_.push_back(row[i] == nullptr ? std::string_view()
                                         : std::string_view(row[i], lengths[i]));
    }
  }
}

std::uint64_t rows::word(int row, int column) const noexcept {
  return number<std::uint64_t>(at(row, column));
}

std::int64_t rows::integer(int row, int column) const noexcept {
  return number<std::int64_t>(at(row, column));
}

void connection::set_options() {
  const std::size_t stack = call_stack_bytes;
  const unsigned off = 0;
  const my_bool on = 1;
  const unsigned protocol = settings_.socket.empty() ? MYSQL_PROTOCOL_TCP : MYSQL_PROTOCOL_SOCKET;
  mysql_options(conn_, MYSQL_OPT_NONBLOCK, &stack);
  mysql_options(conn_, MYSQL_OPT_PROTOCOL, &protocol);
  mysql_options(conn_, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  mysql_options(conn_, MYSQL_OPT_LOCAL_INFILE, &off);  // a server must not read our files
  mysql_optionsv(conn_, MYSQL_OPT_CONNECT_ATTR_ADD, "program_name", "spawn");
  if (settings_.ssl) {
    mysql_options(conn_, MYSQL_OPT_SSL_ENFORCE, &on);
    if (settings_.ssl_verify) {
      mysql_options(conn_, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &on);
    }
    if (!settings_.ssl_ca.empty()) {
      mysql_options(conn_, MYSQL_OPT_SSL_CA, settings_.ssl_ca.c_str());
    }
  }
  if (!settings_.ssl_verify && settings_.socket.empty()) {
    mysql_options(conn_, MARIADB_OPT_RESTRICTED_AUTH, safe_logins);
  }
}

void connection::open() {
  close();
  const std::string where = "MySQL at " + settings_.where + ": ";
  const std::uint64_t until =
      std::min(deadline_ns_, host_.now_ns() + settings_.connect_ms * ns_per_ms);
  static std::once_flag started;
  std::call_once(started, [] { mysql_library_init(0, nullptr, nullptr); });
  conn_ = mysql_init(nullptr);
  if (conn_ == nullptr) {
    throw sql_error(trouble::lost, "no memory for a connection");
  }
  const std::uint64_t given = std::exchange(deadline_ns_, until);
  try {
    set_options();
    // The library takes a socket only together with its name for this machine.
    const bool by_socket = !settings_.socket.empty();
    const char* socket = by_socket ? settings_.socket.c_str() : nullptr;
    const char* host = by_socket ? "localhost" : settings_.host.c_str();
    MYSQL* done = nullptr;
    drive(
        [&] {
          return mysql_real_connect_start(&done, conn_, host, settings_.username.c_str(),
                                          settings_.password.c_str(), settings_.database.c_str(),
                                          settings_.port, socket, CLIENT_MULTI_STATEMENTS);
        },
        [&](int events) { return mysql_real_connect_cont(&done, conn_, events); }, false);
    if (done == nullptr) {
      fail(false);
    }
    // The library goes on in the clear with a server that knows no TLS.
    if (settings_.ssl && mysql_get_ssl_cipher(conn_) == nullptr) {
      lose("the server takes no encrypted connection, and ssl is true");
    }
    set_up();
  } catch (const sql_error& e) {
    close();
    deadline_ns_ = given;
    throw sql_error(e.kind(), where + e.what());
  }
  deadline_ns_ = given;
}

void connection::set_up() {
  const std::uint64_t ms = settings_.engine.statement_ms;
  const std::string seconds = std::to_string((ms + 999) / 1'000);
  const bool mariadb = mariadb_connection(conn_) != 0;
  const unsigned long version = mysql_get_server_version(conn_);
  std::string text =
      "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', autocommit = 1,"
      " innodb_lock_wait_timeout = " +
      seconds;
  // The server ends by itself what this side has given up, and a transaction whose kernel is gone.
  if (mariadb) {
    text += ", max_statement_time = " + seconds + ", idle_transaction_timeout = " + seconds;
  } else {
    text += ", max_execution_time = " + std::to_string(ms) +
            ", wait_timeout = " + std::to_string(std::max<std::uint64_t>(60, ms / 500));
  }
  text +=
      "; SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED;"
      " SELECT @@max_allowed_packet, @@innodb_flush_log_at_trx_commit";
  const rows got = query(text);
  packet_bytes_max_ = got.word(0, 0);
  text_bytes_max_ = static_cast<std::size_t>(
      packet_bytes_max_ - std::min<std::uint64_t>(packet_bytes_max_ / 2, packet_head_bytes));
  flush_at_commit_ = got.integer(0, 1);
  takes_arrays_ = mariadb;
  skips_locked_ = version >= (mariadb ? 100'600u : 80'001u);
}

void connection::close() noexcept {
  if (conn_ == nullptr) {
    return;
  }
  // mysql_close says goodbye, and would wait for a server that takes nothing any more.
  if (const my_socket at = mysql_get_socket(conn_); at >= 0) {
    ::shutdown(at, SHUT_RDWR);
  }
  mysql_close(conn_);
  conn_ = nullptr;
  if (update_ != nullptr) {  // after its connection: it has nothing to say to the server
    mysql_stmt_close(update_);
    update_ = nullptr;
  }
  in_transaction_ = false;
}

void connection::lose(const std::string& why, bool in_commit) {
  close();
  throw sql_error(trouble::lost, why, in_commit);
}

void connection::fail(bool in_commit) {
  const unsigned code = mysql_errno(conn_);
  const char* text = mysql_error(conn_);
  const std::string why = (text == nullptr || *text == '\0' ? std::string("the connection is gone")
                                                            : std::string(text)) +
                          " (" + std::to_string(code) + ")";
  const trouble kind = kind_of(code);
  if (kind == trouble::lost) {
    lose(why, in_commit);
  }
  throw sql_error(kind, why, in_commit && !is_rolled_back(code));
}

int connection::wait(int events, bool in_commit) {
  short wanted = 0;
  wanted = static_cast<short>(wanted | ((events & MYSQL_WAIT_READ) != 0 ? POLLIN : 0));
  wanted = static_cast<short>(wanted | ((events & MYSQL_WAIT_WRITE) != 0 ? POLLOUT : 0));
  wanted = static_cast<short>(wanted | ((events & MYSQL_WAIT_EXCEPT) != 0 ? POLLPRI : 0));
  for (;;) {
    const std::uint64_t now = host_.now_ns();
    if (now >= deadline_ns_) {
      lose("the database did not answer in time", in_commit);
    }
    const std::uint64_t ms = std::min<std::uint64_t>((deadline_ns_ - now) / ns_per_ms + 1, 1'000);
    pollfd at{mysql_get_socket(conn_), wanted, 0};
    const int n = ::poll(&at, 1, static_cast<int>(ms));
    if (n > 0) {
      // An error shows in the next read or write, whichever the library was about.
      const bool broken = (at.revents & (POLLERR | POLLHUP | POLLNVAL)) != 0;
      return ((at.revents & POLLIN) != 0 || broken ? events & MYSQL_WAIT_READ : 0) |
             ((at.revents & POLLOUT) != 0 || broken ? events & MYSQL_WAIT_WRITE : 0) |
             ((at.revents & POLLPRI) != 0 ? MYSQL_WAIT_EXCEPT : 0);
    }
    if (n < 0 && errno != EINTR) {
      lose(std::string("poll: ") + std::strerror(errno), in_commit);
    }
  }
}

template <class Start, class Continue>
void connection::drive(const Start& start, const Continue& go_on, bool in_commit) {
  for (int events = start(); events != 0;) {
    events = go_on(wait(events, in_commit));
  }
}

std::vector<rows> connection::execute(std::string_view text, bool in_commit) {
  if (conn_ == nullptr) {
    throw sql_error(trouble::lost, "not connected");
  }
  std::vector<rows> out;
  int failed = 0;
  drive([&] { return mysql_real_query_start(&failed, conn_, text.data(), text.size()); },
        [&](int events) { return mysql_real_query_cont(&failed, conn_, events); }, in_commit);
  // The library says 1 or -1 for a text it could not send.
  if (failed != 0) {
    fail(in_commit);
  }
  // 0: one more result; below that: there was no more, or the connection went.
  while (failed == 0) {
    MYSQL_RES* result = nullptr;
    drive([&] { return mysql_store_result_start(&result, conn_); },
          [&](int events) { return mysql_store_result_cont(&result, conn_, events); }, in_commit);
    if (result != nullptr) {
      out.emplace_back(result);
    } else if (mysql_field_count(conn_) != 0) {
      fail(in_commit);
    }
    drive([&] { return mysql_next_result_start(&failed, conn_); },
          [&](int events) { return mysql_next_result_cont(&failed, conn_, events); }, in_commit);
  }
  if (failed > 0 || mysql_errno(conn_) != 0) {
    fail(in_commit);
  }
  return out;
}

std::uint64_t connection::update(const std::string& text, std::span<MYSQL_BIND> with, unsigned rows,
                                 bool by_itself) {
  if (conn_ == nullptr) {
    throw sql_error(trouble::lost, "not connected");
  }
  int failed = 0;
  if (update_ == nullptr) {
    MYSQL_STMT* made = mysql_stmt_init(conn_);
    if (made == nullptr) {
      lose("no memory for a statement", false);
    }
    update_ = made;
    drive([&] { return mysql_stmt_prepare_start(&failed, made, text.data(), text.size()); },
          [&](int events) { return mysql_stmt_prepare_cont(&failed, made, events); }, false);
    if (failed != 0) {
      const std::string why = mysql_stmt_error(made);
      lose("preparing: " + why, false);  // a half-made statement goes with its connection
    }
  }
  mysql_stmt_attr_set(update_, STMT_ATTR_ARRAY_SIZE, &rows);
  if (mysql_stmt_bind_param(update_, with.data()) != 0) {
    throw sql_error(trouble::refused, mysql_stmt_error(update_));
  }
  drive([&] { return mysql_stmt_execute_start(&failed, update_); },
        [&](int events) { return mysql_stmt_execute_cont(&failed, update_, events); }, by_itself);
  if (failed != 0) {
    fail(by_itself && !is_before_commit(mysql_stmt_errno(update_)));
  }
  return mysql_stmt_affected_rows(update_);
}

void connection::require_alive() {
  if (conn_ == nullptr) {
    throw sql_error(trouble::lost, "not connected");
  }
  pollfd at{mysql_get_socket(conn_), POLLIN, 0};
  if (::poll(&at, 1, 0) > 0) {  // it speaks when it is asked, or for the last time
    lose("the server has hung up", false);
  }
}

rows connection::query(std::string_view text) {
  std::vector<rows> got = run(text);
  if (got.empty()) {
    throw sql_error(trouble::refused, "the database did not answer what it was asked");
  }
  return std::move(got.back());
}

std::string_view connection::begin() noexcept {
  in_transaction_ = true;
  return "START TRANSACTION";
}

void connection::commit(bool in_doubt) {
  static_cast<void>(execute("COMMIT", in_doubt));
  in_transaction_ = false;
}

void connection::roll_back() noexcept {
  if (conn_ == nullptr || !in_transaction_) {
    return;
  }
  try {
    static_cast<void>(run("ROLLBACK"));
    in_transaction_ = false;
  } catch (const std::exception&) {
    close();  // the server rolls back what its client has left
  }
}

void connection::quote(std::string& out, std::string_view bytes) const {
  const std::size_t at = out.size();
  out.resize(at + 2 * bytes.size() + 3);
  out[at] = '\'';
  const unsigned long n =
      mysql_real_escape_string(conn_, out.data() + at + 1, bytes.data(), bytes.size());
  out.resize(at + 1 + n);
  out += '\'';
}

}  // namespace mysql_store
