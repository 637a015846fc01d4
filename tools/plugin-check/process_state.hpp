// What a process has, and what a plugin must leave as it found it.
#pragma once
#include <map>
#include <set>
#include <string>

namespace spawn::check {

// Ids and names of the threads.
[[nodiscard]] std::map<int, std::string> threads_now();
// Waits up to a second for threads that are about to end. Names those that are not in `before`.
[[nodiscard]] std::string new_threads(const std::map<int, std::string>& before);

// Open descriptors with what they stand for.
[[nodiscard]] std::map<int, std::string> files_now();
[[nodiscard]] std::string new_files(const std::map<int, std::string>& before);

// Handlers and mask, one line each.
[[nodiscard]] std::map<std::string, std::string> signals_now();
// Working folder, umask, locale, environment.
[[nodiscard]] std::map<std::string, std::string> settings_now();
// Names of what differs: "SIGTERM, mask". Empty: nothing.
[[nodiscard]] std::string changed(const std::map<std::string, std::string>& before,
                                  const std::map<std::string, std::string>& after);

// Catches what goes to standard output and standard error while it lives.
class caught_output {
 public:
  caught_output();
  ~caught_output();
  caught_output(const caught_output&) = delete;
  caught_output& operator=(const caught_output&) = delete;

  // The first bytes of what was written so far.
  [[nodiscard]] std::string text() const;

 private:
  int caught_, out_, err_;
};

}  // namespace spawn::check
