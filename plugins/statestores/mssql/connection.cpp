#include "connection.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <mutex>

namespace mssql_store {

namespace {

using sql_store::sql_error;
using sql_store::trouble;

constexpr std::uint64_t ns_per_ms = 1'000'000;
constexpr std::uint64_t ns_per_s = 1'000 * ns_per_ms;
// To say goodbye to a server, or to have it roll back.
constexpr std::uint64_t farewell_ns = ns_per_s;

std::uint64_t whole_seconds(std::uint64_t ns) noexcept {
  return std::max<std::uint64_t>((ns + ns_per_s - 1) / ns_per_s, 1);
}

SQLWCHAR* wide(std::u16string& s) noexcept {
  static_assert(sizeof(SQLWCHAR) == sizeof(char16_t), "unixODBC with UTF-16");
  return reinterpret_cast<SQLWCHAR*>(s.data());
}

std::string one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  while (!text.empty() && (text.back() == ' ' || text.back() == ';')) {
    text.pop_back();
  }
  return text;
}

void take_out(std::string& text, const std::string& secret) {
  for (std::size_t at = text.find(secret); !secret.empty() && at != std::string::npos;
       at = text.find(secret, at)) {
    text.replace(at, secret.size(), "***");
    at += 3;
  }
}

}  // namespace

template <class Call>
SQLRETURN connection::timed(const Call& call) {
  if (cut_) {
    return SQL_ERROR;
  }
  watched_.begin(deadline_ns_);
  const SQLRETURN r = call();
  cut_ = watched_.end();
  return r;
}

void connection::open() {
  close();
  const std::string where = "the database at " + settings_.where + ": ";
  const std::uint64_t until =
      std::min(deadline_ns_, host_.now_ns() + settings_.connect_ms * ns_per_ms);
  const std::uint64_t given = std::exchange(deadline_ns_, until);
  try {
    const std::uint64_t now = host_.now_ns();
    const std::chrono::nanoseconds patience(until > now ? until - now : 0);
    const std::unique_lock alone(dog_.connecting(), patience);
    if (!alone.owns_lock()) {
      lose("another connection to it could not be made in time");
    }
    const socket_names before = sockets_now();
    watched_.expect(before, settings_.port);
    connect(before);
  } catch (const sql_error& e) {
    close();
    deadline_ns_ = given;
    // A driver that is not there will not be there in a moment.
    const auto* told = dynamic_cast<const odbc_error*>(&e);
    const bool no_driver = told != nullptr && told->state().starts_with("IM");
    throw sql_error(no_driver ? trouble::refused : e.kind(), where + e.what());
  }
  deadline_ns_ = given;
}

void connection::connect(const socket_names& before) {
  if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &env_)) ||
      !SQL_SUCCEEDED(SQLSetEnvAttr(env_, SQL_ATTR_ODBC_VERSION,
                                   reinterpret_cast<SQLPOINTER>(SQL_OV_ODBC3), 0)) ||
      !SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_DBC, env_, &dbc_))) {
    lose("no memory for a connection");
  }
  const std::uint64_t now = host_.now_ns();
  set_attribute(SQL_ATTR_LOGIN_TIMEOUT, whole_seconds(deadline_ns_ - std::min(now, deadline_ns_)));
  std::u16string text = to_utf16(settings_.connect);
  const SQLRETURN r = timed([&] {
    return SQLDriverConnectW(dbc_, nullptr, wide(text), static_cast<SQLSMALLINT>(text.size()),
                             nullptr, 0, nullptr, SQL_DRIVER_NOPROMPT);
  });
  connected_ = SQL_SUCCEEDED(r);
  if (!connected_) {
    fail(SQL_HANDLE_DBC, dbc_);
  }
  set_autocommit(true);
  set_attribute(SQL_ATTR_TXN_ISOLATION, SQL_TXN_READ_COMMITTED);
  held_socket mine = the_one_that_answers(connections_since(before, settings_.port),
                                          [&] { static_cast<void>(query("SELECT 1", {}, "i")); });
  if (!mine.is_held()) {
    host_.log(spawn::plugin::level::debug,
              "the connection's socket is not known: a server that stops answering is waited for "
              "as long as the driver does");
  }
  watched_.hold(std::move(mine));
}

void connection::set_attribute(SQLINTEGER which, std::uintptr_t value) {
  const SQLRETURN r =
      timed([&] { return SQLSetConnectAttr(dbc_, which, reinterpret_cast<SQLPOINTER>(value), 0); });
  if (!SQL_SUCCEEDED(r)) {
    fail(SQL_HANDLE_DBC, dbc_);
  }
}

void connection::set_autocommit(bool on) {
  set_attribute(SQL_ATTR_AUTOCOMMIT, on ? SQL_AUTOCOMMIT_ON : SQL_AUTOCOMMIT_OFF);
}

void connection::close() noexcept {
  if (connected_) {
    // The driver says goodbye, or rolls back first, and waits.
    watched_.begin(host_.now_ns() + farewell_ns);
    for (const auto& [text, statement] : prepared_) {
      SQLFreeHandle(SQL_HANDLE_STMT, statement);
    }
    SQLDisconnect(dbc_);
    watched_.end();
  }
  prepared_.clear();
  watched_.release();
  if (dbc_ != SQL_NULL_HDBC) {
    SQLFreeHandle(SQL_HANDLE_DBC, dbc_);
  }
  if (env_ != SQL_NULL_HENV) {
    SQLFreeHandle(SQL_HANDLE_ENV, env_);
  }
  dbc_ = SQL_NULL_HDBC;
  env_ = SQL_NULL_HENV;
  connected_ = cut_ = in_transaction_ = false;
}

void connection::lose(const std::string& why, bool in_commit) {
  watched_.cut();
  close();
  throw sql_error(trouble::lost, why, in_commit);
}

connection::said connection::ask(SQLSMALLINT type, SQLHANDLE handle) const {
  std::array<SQLWCHAR, SQL_SQLSTATE_SIZE + 1> state{};
  std::array<SQLWCHAR, 2'048> text{};
  SQLINTEGER native = 0;
  SQLSMALLINT size = 0;
  said out;
  const SQLRETURN r = SQLGetDiagRecW(type, handle, 1, state.data(), &native, text.data(),
                                     static_cast<SQLSMALLINT>(text.size()), &size);
  if (!SQL_SUCCEEDED(r)) {
    return {"", "the driver says nothing", 0};
  }
  const auto view = [](const auto& from, std::size_t n) {
    return std::u16string_view(reinterpret_cast<const char16_t*>(from.data()), n);
  };
  append_utf8(out.state, view(state, SQL_SQLSTATE_SIZE));
  append_utf8(out.text,
              view(text, std::min<std::size_t>(static_cast<std::size_t>(size), text.size() - 1)));
  out.text = one_line(std::move(out.text));
  take_out(out.text, settings_.password);
  out.text += " (" + out.state + (native != 0 ? ", " + std::to_string(native) : "") + ")";
  out.native = native;
  return out;
}

bool connection::is_dead() const noexcept {
  SQLUINTEGER dead = SQL_CD_FALSE;
  return SQL_SUCCEEDED(SQLGetConnectAttr(dbc_, SQL_ATTR_CONNECTION_DEAD, &dead, 0, nullptr)) &&
         dead == SQL_CD_TRUE;
}

void connection::fail(SQLSMALLINT type, SQLHANDLE handle) {
  if (cut_) {
    lose("the database did not answer in time");
  }
  const said what = ask(type, handle);
  const trouble kind = kind_of(what.state, what.native);
  if (kind == trouble::lost || is_dead()) {
    lose(what.text);
  }
  if (type == SQL_HANDLE_STMT) {
    SQLFreeStmt(handle, SQL_CLOSE);  // for its next use
  }
  throw odbc_error(kind, what.text, what.state, what.native);
}

void connection::require_open() const {
  if (!is_open()) {
    throw sql_error(trouble::lost, "not connected");
  }
}

SQLHSTMT connection::make_statement() {
  SQLHSTMT out = SQL_NULL_HSTMT;
  if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_STMT, dbc_, &out))) {
    fail(SQL_HANDLE_DBC, dbc_);
  }
  return out;
}

SQLHSTMT connection::prepared(const std::string& text) {
  require_open();
  if (const auto at = prepared_.find(text); at != prepared_.end()) {
    return at->second;
  }
  SQLHSTMT made = make_statement();
  prepared_.emplace(text, made);
  // Ends on the server what this side has given up.
  const std::uint64_t seconds = whole_seconds(settings_.engine.statement_ms * ns_per_ms);
  SQLSetStmtAttr(made, SQL_ATTR_QUERY_TIMEOUT, reinterpret_cast<SQLPOINTER>(seconds), 0);
  std::string copy = text;
  const SQLRETURN r = timed([&] {
    return SQLPrepare(made, reinterpret_cast<SQLCHAR*>(copy.data()),
                      static_cast<SQLINTEGER>(copy.size()));
  });
  if (!SQL_SUCCEEDED(r)) {
    prepared_.erase(text);
    // Its handle ends with the connection, or here.
    try {
      fail(SQL_HANDLE_STMT, made);
    } catch (const odbc_error&) {
      SQLFreeHandle(SQL_HANDLE_STMT, made);
      throw;
    }
  }
  return made;
}

void connection::execute(SQLHSTMT statement, parameters& with) {
  if (!SQL_SUCCEEDED(with.bind(statement))) {
    fail(SQL_HANDLE_STMT, statement);
  }
  const SQLRETURN r = timed([&] { return SQLExecute(statement); });
  // SQL_NO_DATA: no row was changed.
  if (!SQL_SUCCEEDED(r) && r != SQL_NO_DATA) {
    fail(SQL_HANDLE_STMT, statement);
  }
}

rows connection::query(const std::string& text, parameters with, std::string_view shape) {
  SQLHSTMT statement = prepared(text);
  execute(statement, with);
  rows out;
  const SQLRETURN r = timed([&] {
    SQLRETURN last = SQL_SUCCESS;
    while (last == SQL_SUCCESS) {
      last = out.fetch(statement, shape);
    }
    return last;
  });
  if (r != SQL_NO_DATA) {
    fail(SQL_HANDLE_STMT, statement);
  }
  timed([&] { return SQLFreeStmt(statement, SQL_CLOSE); });
  SQLFreeStmt(statement, SQL_RESET_PARAMS);
  return out;
}

std::int64_t connection::change(const std::string& text, parameters with) {
  SQLHSTMT statement = prepared(text);
  execute(statement, with);
  SQLLEN n = -1;
  if (!SQL_SUCCEEDED(SQLRowCount(statement, &n))) {
    fail(SQL_HANDLE_STMT, statement);
  }
  timed([&] { return SQLFreeStmt(statement, SQL_CLOSE); });
  SQLFreeStmt(statement, SQL_RESET_PARAMS);
  return n;
}

void connection::define(const std::string& text) {
  require_open();
  SQLHSTMT statement = make_statement();
  std::string copy = text;
  const SQLRETURN r = timed([&] {
    return SQLExecDirect(statement, reinterpret_cast<SQLCHAR*>(copy.data()),
                         static_cast<SQLINTEGER>(copy.size()));
  });
  if (SQL_SUCCEEDED(r) || r == SQL_NO_DATA) {
    SQLFreeHandle(SQL_HANDLE_STMT, statement);
    return;
  }
  try {
    fail(SQL_HANDLE_STMT, statement);
  } catch (const odbc_error&) {
    SQLFreeHandle(SQL_HANDLE_STMT, statement);
    throw;
  }
}

void connection::begin() {
  require_open();
  in_transaction_ = true;
  set_autocommit(false);
}

void connection::commit(bool in_doubt) {
  require_open();
  if (cut_ || host_.now_ns() >= deadline_ns_) {
    lose("the database did not answer in time");  // nothing was asked: the server rolls back
  }
  const SQLRETURN r = timed([&] { return SQLEndTran(SQL_HANDLE_DBC, dbc_, SQL_COMMIT); });
  if (!SQL_SUCCEEDED(r)) {
    if (cut_) {
      lose("the database did not answer in time", in_doubt);
    }
    const said what = ask(SQL_HANDLE_DBC, dbc_);
    if (!is_dead() && is_rolled_back(what.state, what.native)) {
      throw odbc_error(trouble::retry, what.text, what.state, what.native);
    }
    lose(what.text, in_doubt);
  }
  in_transaction_ = false;
  try {
    set_autocommit(true);
  } catch (const sql_error&) {
    watched_.cut();
    close();  // it is committed, whatever became of the connection
  }
}

void connection::roll_back() noexcept {
  if (!is_open() || !in_transaction_) {
    return;
  }
  try {
    if (host_.now_ns() < deadline_ns_ &&
        SQL_SUCCEEDED(timed([&] { return SQLEndTran(SQL_HANDLE_DBC, dbc_, SQL_ROLLBACK); }))) {
      set_autocommit(true);
      in_transaction_ = false;
      return;
    }
  } catch (const std::exception&) {
    // Closed below: the server rolls back what its client has left.
  }
  watched_.cut();
  close();
}

}  // namespace mssql_store
