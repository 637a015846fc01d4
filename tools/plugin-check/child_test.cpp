// The child's side: run one test, tell its verdict, end at once.
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <exception>

#include "child.hpp"
#include "config_file.hpp"
#include "guarded.hpp"
#include "restart.hpp"
#include "subject.hpp"

namespace spawn::check {
namespace {

// The first word counts: a crash while the process ends does not change the verdict.
[[noreturn]] void say(int fd, verdict what, const std::string& text) {
  const std::string all = std::string(name(what)) + "\n" + text;
  for (std::size_t at = 0; at < all.size();) {
    const ssize_t sent = ::write(fd, all.data() + at, all.size() - at);
    if (sent <= 0) {
      break;
    }
    at += static_cast<std::size_t>(sent);
  }
  ::_exit(exit_passed);
}

}  // namespace

void be_the_child(const options& given, const test_list& tests) {
  (void)::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int fd = given.result_fd;
  (void)::fcntl(fd, F_SETFD, FD_CLOEXEC);
  const auto found = std::find_if(tests.begin(), tests.end(),
                                  [&](const test& one) { return one.id == given.child; });
  if (found == tests.end()) {
    say(fd, verdict::failed, "there is no test of this name");
  }
  blame_to(fd);
  tell_restarted(given);
  try {
    subject::given from{given.plugin, "{}", given.folder, given.driver, given.seed, given.patience};
    if (!given.config_file.empty()) {
      from.config = read_config(given.config_file);
    }
    subject under_test(std::move(from));
    found->run(under_test);
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

}  // namespace spawn::check
