// The command line.
#pragma once
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace spawn::check {

// Exit codes, as docs/plugin-check.md lists them.
inline constexpr int exit_passed = 0, exit_failed = 1, exit_usage = 2, exit_no_input = 3;

struct options {
  std::string plugin;
  std::string config_file;
  std::string driver;  // command line of an activator's driver
  std::vector<std::string> include, exclude;
  std::string json_file, junit_file;  // "-": standard output, in place of the text
  std::uint64_t seed = 1;
  std::chrono::seconds limit{45}, fuzz{0};
  std::chrono::milliseconds patience{10'000};
  unsigned jobs = 1;
  bool list = false, keep_going = false, strict = false;
  bool in_process = false;  // one test, in this process: for a debugger
  bool trace = false;       // tell every call; in_process alone

  // A process for one test: its id, where the verdict goes, a folder of its own.
  std::string child;
  int result_fd = -1;
  std::string folder;
};

struct parsed {
  options given;
  int exit_code = -1;  // not -1: there is nothing to do any more, end with it
};

[[nodiscard]] parsed parse_options(int argc, char** argv);

}  // namespace spawn::check
