#include "connection.hpp"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace postgres_store {

namespace {

using sql_store::sql_error;
using sql_store::trouble;

constexpr std::uint64_t ns_per_ms = 1'000'000;

std::string one_line(const char* text) {
  std::string out(text == nullptr ? "" : text);
  while (!out.empty() && (out.back() == '\n' || out.back() == ' ')) {
    out.pop_back();
  }
  std::replace(out.begin(), out.end(), '\n', ' ');
  return out;
}

// Classes and codes of the server's documentation, appendix "PostgreSQL Error Codes".
trouble kind_of(std::string_view state) noexcept {
  if (state.starts_with("40") || state == "23505" || state == "55P03") {
    return trouble::retry;
  }
  if (state.starts_with("08") || state.starts_with("57P") || state == "26000") {
    return trouble::lost;  // 26000: a prepared statement that is not there: not our connection
  }
  return state.starts_with("XX") && state != "XX000" ? trouble::corrupt : trouble::refused;
}

constexpr auto commits_data = [](const auto& q) { return q.is_commit; };

}  // namespace

void connection::close() noexcept {
  conn_.reset();
  queued_.clear();
  prepared_.clear();
  preparing_.clear();
}

std::uint64_t rows::word(int row, int column) const noexcept {
  std::uint64_t out = 0;
  for (const char c : bytes(row, column)) {
    out = out << 8 | static_cast<unsigned char>(c);
  }
  return out;
}

void connection::open() {
  close();
  std::vector<const char*> keys, values;
  const auto put = [&](const char* key, const char* value) {
    keys.push_back(key);
    values.push_back(value);
  };
  for (const auto& [key, value] : settings_.connect) {
    put(key.c_str(), value.c_str());
  }
  put("client_encoding", "UTF8");
  put("application_name", "spawn");
  put("keepalives_idle", "10");
  put("keepalives_interval", "5");
  put("keepalives_count", "3");
  put("connect_timeout", "2");  // of the question below; what polls keeps its own time
  put(nullptr, nullptr);
  const std::uint64_t until =
      std::min(deadline_ns_, host_.now_ns() + settings_.connect_ms * ns_per_ms);
  conn_.reset(PQconnectStartParams(keys.data(), values.data(), 1));
  if (conn_ == nullptr) {
    throw sql_error(trouble::lost, "no memory for a connection");
  }
  const std::string where = "PostgreSQL at " + settings_.where + ": ";
  const std::uint64_t given = std::exchange(deadline_ns_, until);
  try {
    bool reached = false;
    for (PostgresPollingStatusType next = PGRES_POLLING_WRITING; next != PGRES_POLLING_OK;
         next = PQconnectPoll(conn_.get())) {
      const ConnStatusType status = PQstatus(conn_.get());
      if (next == PGRES_POLLING_FAILED || status == CONNECTION_BAD) {
        const std::string why = where + one_line(PQerrorMessage(conn_.get()));
        // The library keeps the error's code to itself, but tells a server that takes connections,
        // though not this one, from one that starts or stops.
        if (reached && PQpingParams(keys.data(), values.data(), 1) == PQPING_OK) {
          throw sql_error(trouble::refused, why);
        }
        lose(why);
      }
      reached = reached || status != CONNECTION_STARTED;
      wait(next == PGRES_POLLING_WRITING, false);
    }
  } catch (const sql_error& e) {
    close();
    deadline_ns_ = given;
    const bool named = std::string_view(e.what()).starts_with(where);
    throw sql_error(e.kind(), named ? e.what() : where + e.what());
  }
  deadline_ns_ = given;
  PQsetnonblocking(conn_.get(), 1);
  PQsetNoticeProcessor(
      conn_.get(),
      [](void* self, const char* text) {
        static_cast<connection*>(self)->host_.log(spawn::plugin::level::debug, "PostgreSQL says",
                                                  spawn::plugin::field{"text", one_line(text)});
      },
      this);
  // The server ends by itself what this side has given up.
  const std::string ms = std::to_string(settings_.engine.statement_ms);
  script("SET statement_timeout = " + ms + "; SET idle_in_transaction_session_timeout = " + ms);
}

void connection::lose(const std::string& why, bool in_commit) {
  close();
  throw sql_error(trouble::lost, why, in_commit);
}

void connection::refuse(const PGresult* result, bool in_commit) {
  const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  const std::string why = one_line(PQresultErrorMessage(result));
  if (state == nullptr) {
    lose(why.empty() ? "the connection is gone" : why, in_commit);
  }
  const trouble kind = kind_of(state);
  if (kind == trouble::lost) {
    lose(why, in_commit);
  }
  // The server's word that a COMMIT failed is final: nothing of it is there. Only CockroachDB's
  // 40003 says that it does not know.
  throw sql_error(kind, why, in_commit && std::string_view(state) == "40003");
}

void connection::wait(bool to_write, bool in_commit) {
  for (;;) {
    const std::uint64_t now = host_.now_ns();
    if (now >= deadline_ns_) {
      lose("the database did not answer in time", in_commit);
    }
    const std::uint64_t ms = std::min<std::uint64_t>((deadline_ns_ - now) / ns_per_ms + 1, 1'000);
    pollfd at{PQsocket(conn_.get()), static_cast<short>(POLLIN | (to_write ? POLLOUT : 0)), 0};
    const int n = ::poll(&at, 1, static_cast<int>(ms));
    if (n > 0) {
      return;
    }
    if (n < 0 && errno != EINTR) {
      lose(std::string("poll: ") + std::strerror(errno), in_commit);
    }
  }
}

void connection::require_alive() {
  if (conn_ == nullptr) {
    throw sql_error(trouble::lost, "not connected");
  }
  pollfd at{PQsocket(conn_.get()), POLLIN, 0};
  // Its last words come first, then the end.
  while (::poll(&at, 1, 0) > 0) {
    if (PQconsumeInput(conn_.get()) != 1) {
      lose(one_line(PQerrorMessage(conn_.get())));
    }
  }
}

void connection::queue(std::string_view text, const parameters& with, bool is_commit) {
  if (conn_ == nullptr) {
    throw sql_error(trouble::lost, "not connected");
  }
  if (queued_.empty() && PQenterPipelineMode(conn_.get()) != 1) {
    lose(one_line(PQerrorMessage(conn_.get())));
  }
  std::vector<const char*> values;
  std::vector<int> lengths, formats;
  for (const std::string& v : with.values()) {
    values.push_back(v.data());
    lengths.push_back(static_cast<int>(v.size()));
    formats.push_back(1);
  }
  const std::string statement(text);
  const std::string name = settings_.prepare ? name_of(statement, with) : std::string();
  const int n = static_cast<int>(values.size());
  const int sent = settings_.prepare
                       ? PQsendQueryPrepared(conn_.get(), name.c_str(), n, values.data(),
                                             lengths.data(), formats.data(), 1)
                       : PQsendQueryParams(conn_.get(), statement.c_str(), n, with.types().data(),
                                           values.data(), lengths.data(), formats.data(), 1);
  if (sent != 1) {
    lose(one_line(PQerrorMessage(conn_.get())));
  }
  queued_.push_back({is_commit, {}});
}

std::string connection::name_of(const std::string& text, const parameters& with) {
  for (const auto* known : {&prepared_, &preparing_}) {
    if (const auto at = known->find(text); at != known->end()) {
      return at->second;
    }
  }
  // A name is used once: whether a failed flush has made it is not asked.
  const std::string name = "s" + std::to_string(++names_);
  if (PQsendPrepare(conn_.get(), name.c_str(), text.c_str(), static_cast<int>(with.types().size()),
                    with.types().data()) != 1) {
    lose(one_line(PQerrorMessage(conn_.get())));
  }
  queued_.push_back({false, text});
  preparing_.emplace(text, name);
  return name;
}

void connection::send(bool commits) {
  if (PQpipelineSync(conn_.get()) != 1) {
    lose(one_line(PQerrorMessage(conn_.get())));
  }
  for (int left = PQflush(conn_.get()); left != 0; left = PQflush(conn_.get())) {
    if (left < 0) {
      lose(one_line(PQerrorMessage(conn_.get())), commits);
    }
    wait(true, commits);
    if (PQconsumeInput(conn_.get()) != 1) {
      lose(one_line(PQerrorMessage(conn_.get())), commits);
    }
  }
}

connection::result_ptr connection::next(bool in_commit) {
  while (PQisBusy(conn_.get()) == 1) {
    wait(false, in_commit);
    if (PQconsumeInput(conn_.get()) != 1) {
      lose(one_line(PQerrorMessage(conn_.get())), in_commit);
    }
  }
  return {PQgetResult(conn_.get()), &PQclear};
}

std::vector<rows> connection::flush(bool by_itself) {
  // A COMMIT counts as under way from its first byte on.
  const bool commits = by_itself || std::any_of(queued_.begin(), queued_.end(), commits_data);
  send(commits);
  const std::vector<queued> sent = std::exchange(queued_, {});
  const auto preparing = std::exchange(preparing_, {});
  std::vector<rows> out;
  result_ptr wrong{nullptr, &PQclear};
  bool wrong_is_commit = false;
  for (const queued& each : sent) {
    result_ptr got = next(commits);
    const ExecStatusType status = PQresultStatus(got.get());
    if (got == nullptr || status == PGRES_FATAL_ERROR) {
      if (wrong == nullptr) {
        wrong_is_commit = each.is_commit;
        wrong = got == nullptr
                    ? result_ptr(PQmakeEmptyPGresult(conn_.get(), PGRES_FATAL_ERROR), &PQclear)
                    : std::move(got);
      }
    } else if (each.prepares.empty()) {
      out.emplace_back(got.release());
    } else if (status == PGRES_COMMAND_OK) {
      prepared_.insert(*preparing.find(each.prepares));
    }
    while (next(commits) != nullptr) {
    }
  }
  const result_ptr sync = next(commits);
  if (PQresultStatus(sync.get()) != PGRES_PIPELINE_SYNC) {
    lose(one_line(PQerrorMessage(conn_.get())), commits);
  }
  PQexitPipelineMode(conn_.get());
  if (wrong != nullptr) {
    // Before the COMMIT: it was skipped. The COMMIT itself, in the server's own words: see refuse.
    const bool in_doubt = commits && PQresultErrorField(wrong.get(), PG_DIAG_SQLSTATE) == nullptr;
    refuse(wrong.get(), in_doubt || wrong_is_commit);
  }
  return out;
}

rows connection::run(std::string_view text, const parameters& with) {
  queue(text, with);
  std::vector<rows> out = flush();
  return std::move(out.front());
}

void connection::script(const std::string& text) {
  if (conn_ == nullptr) {
    throw sql_error(trouble::lost, "not connected");
  }
  if (PQsendQuery(conn_.get(), text.c_str()) != 1) {
    lose(one_line(PQerrorMessage(conn_.get())));
  }
  for (int left = PQflush(conn_.get()); left != 0; left = PQflush(conn_.get())) {
    if (left < 0) {
      lose(one_line(PQerrorMessage(conn_.get())));
    }
    wait(true, false);
  }
  result_ptr wrong{nullptr, &PQclear};
  while (result_ptr got = next(false)) {
    if (PQresultStatus(got.get()) == PGRES_FATAL_ERROR && wrong == nullptr) {
      wrong = std::move(got);
    }
  }
  if (wrong != nullptr) {
    refuse(wrong.get(), false);
  }
}

void connection::roll_back() noexcept {
  if (conn_ == nullptr || PQtransactionStatus(conn_.get()) == PQTRANS_IDLE) {
    return;
  }
  try {
    script("ROLLBACK");
  } catch (const std::exception&) {
    close();  // the server rolls back what its client has left
  }
}

}  // namespace postgres_store
