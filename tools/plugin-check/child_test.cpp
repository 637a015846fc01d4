// The child's side: run one test, tell its verdict, end at once.
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <exception>
#include <filesystem>

#include "child.hpp"
#include "config_file.hpp"
#include "guarded.hpp"
#include "restart.hpp"
#include "subject.hpp"
#include "trace.hpp"

namespace spawn::check {
namespace {

// Of be_alone(): who else removes it.
std::string own_folder;

// The first word counts: a crash while the process ends does not change the verdict.
[[noreturn]] void say(int fd, verdict what, const std::string& text) {
  const bool alone = !own_folder.empty();
  std::string all = std::string(name(what)) + "\n" + text;
  if (alone && !text.empty()) {
    all += "\n";
  }
  for (std::size_t at = 0; at < all.size();) {
    const ssize_t sent = ::write(fd, all.data() + at, all.size() - at);
    if (sent <= 0) {
      break;
    }
    at += static_cast<std::size_t>(sent);
  }
  if (alone) {
    std::error_code ignored;
    std::filesystem::remove_all(own_folder, ignored);
  }
  ::_exit(alone && is_bad(what) ? exit_failed : exit_passed);
}

[[noreturn]] void run_it(const options& given, const test& one) {
  const int fd = given.result_fd;
  (void)::fcntl(fd, F_SETFD, FD_CLOEXEC);
  blame_to(fd);
  tell_restarted(given);
  (void)::setenv("TMPDIR", given.folder.c_str(), 1);  // what a driver leaves there goes with it
  try {
    subject::given from{given.plugin, "{}", given.folder, given.driver, given.seed, given.patience};
    if (!given.config_file.empty()) {
      from.config = read_config(given.config_file);
    }
    subject under_test(std::move(from));
    one.run(under_test);
    say(fd, verdict::passed, "");
  } catch (const contract::failed& e) {
    say(fd, verdict::failed, e.what);
  } catch (const contract::skipped& e) {
    say(fd, verdict::skipped, e.why);
  } catch (const warned& e) {
    say(fd, verdict::warned, e.why);
  } catch (const std::exception& e) {
    say(fd, verdict::failed, std::string("an exception came out of it: ") + e.what());
  } catch (...) {
    say(fd, verdict::failed, "an exception of unknown type came out of it");
  }
}

}  // namespace

void be_the_child(const options& given, const test_list& tests) {
  (void)::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const auto found = std::find_if(tests.begin(), tests.end(),
                                  [&](const test& one) { return one.id == given.child; });
  if (found == tests.end()) {
    say(given.result_fd, verdict::failed, "there is no test of this name");
  }
  run_it(given, *found);
}

void be_alone(options given, const test& one) {
  if (given.trace) {
    trace_calls();
  }
  own_folder = make_folder();
  given.folder = own_folder;
  given.result_fd = ::dup(STDOUT_FILENO);
  run_it(given, one);
}

}  // namespace spawn::check
