// States of actors and ids of messages in a SQLite database with the pragmas of the kernel's store.
#pragma once
#include <sqlite3.h>

#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace spawn::bench {

// Throws std::runtime_error.
class states {
 public:
  explicit states(const std::string& database);
  states(const states&) = delete;
  states& operator=(const states&) = delete;
  ~states();

  // Empty when there is none.
  [[nodiscard]] const std::string& of(const std::string& actor) { return now_[actor]; }
  void set(const std::string& actor, std::string state) { now_[actor] = std::move(state); }
  // The states of these actors, and these ids, in one transaction that is on disk afterwards.
  void commit(std::span<const std::pair<std::string, std::string>> actors_and_ids);

 private:
  void run(const char* sql);
  void step(sqlite3_stmt* statement, std::string_view first, std::string_view second);

  sqlite3* db_ = nullptr;
  sqlite3_stmt *save_ = nullptr, *remember_ = nullptr;
  std::unordered_map<std::string, std::string> now_;
};

}  // namespace spawn::bench
