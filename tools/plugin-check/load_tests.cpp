// What happens while the dynamic linker opens the file: constructors run, and must do little.
#include <dlfcn.h>
#include <time.h>

#include "process_state.hpp"
#include "subject.hpp"
#include "test.hpp"

namespace spawn::check {
namespace {

using contract::require;

constexpr std::int64_t load_cpu_ms = 100;

void opens(subject& s) {
  (void)open_library(s.path());
}

void starts_no_thread(subject& s) {
  const auto before = threads_now();
  (void)open_library(s.path());
  const std::string more = new_threads(before);
  require(more.empty(), "a constructor started the thread " + more);
}

void opens_no_file(subject& s) {
  const auto before = files_now();
  (void)open_library(s.path());
  const std::string more = new_files(before);
  require(more.empty(), "a constructor opened " + more);
}

void leaves_signals_alone(subject& s) {
  const auto before = signals_now();
  (void)open_library(s.path());
  const std::string what = changed(before, signals_now());
  require(what.empty(), "a constructor changed " + what);
}

void leaves_settings_alone(subject& s) {
  const auto before = settings_now();
  (void)open_library(s.path());
  const std::string what = changed(before, settings_now());
  require(what.empty(), "a constructor changed " + what);
}

void writes_nothing(subject& s) {
  std::string text;
  {
    const caught_output caught;
    (void)open_library(s.path());
    text = caught.text();
  }
  require(text.empty(), "a constructor wrote: " + text);
}

void opens_again(subject& s) {
  const spawn_plugin_entry_fn first = entry_function(open_library(s.path()));
  require(entry_function(open_library(s.path())) == first, "its entry is another the second time");
}

void takes_little_time(subject& s) {
  const auto cpu_ms = [] {
    timespec now{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return std::int64_t{now.tv_sec} * 1'000 + now.tv_nsec / 1'000'000;
  };
  const std::int64_t before = cpu_ms();
  (void)open_library(s.path());
  const std::int64_t took = cpu_ms() - before;
  if (took > load_cpu_ms) {
    throw warned{"loading took " + std::to_string(took) + " ms of processor time; a list of " +
                 "plugins should cost less than " + std::to_string(load_cpu_ms) + " ms each"};
  }
}

}  // namespace

test_list load_tests() {
  return {
      {"load.opens", "all symbols it needs are found when it is opened", opens, true},
      {"load.starts_no_thread", "no constructor starts a thread", starts_no_thread},
      {"load.opens_no_file", "no constructor opens a file or a socket", opens_no_file},
      {"load.leaves_signals_alone", "no constructor changes signal handlers or the mask",
       leaves_signals_alone},
      {"load.leaves_settings_alone",
       "no constructor changes working folder, umask, locale or environment",
       leaves_settings_alone},
      {"load.writes_nothing", "no constructor writes to standard output or error", writes_nothing},
      {"load.opens_again", "opened a second time it is the same library", opens_again},
      {"load.takes_little_time", "opening costs less than 100 ms of processor time",
       takes_little_time},
  };
}

}  // namespace spawn::check
