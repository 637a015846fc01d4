#include "plugin/isolate/child_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <utility>

namespace spawn::isolate {
namespace {

constexpr const char* program_name = "spawn-plugin-host";

// What a plugin may know of the kernel's environment. Nothing that could be a secret.
constexpr std::array<const char*, 9> environment_kept = {
    "LANG",         "LC_ALL",        "TZ",          "PATH", "TMPDIR", "SSL_CERT_FILE",
    "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"};

std::vector<std::string> environment() {
  std::vector<std::string> out;
  for (const char* name : environment_kept) {
    if (const char* value = std::getenv(name); value != nullptr) {
      out.push_back(std::string(name) + "=" + value);
    }
  }
  return out;
}

int open_pidfd(pid_t pid) noexcept {
  return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
}

// File actions and attributes, freed at the end.
struct spawn_plan {
  spawn_plan() {
    ::posix_spawn_file_actions_init(&files);
    ::posix_spawnattr_init(&how);
  }
  ~spawn_plan() {
    ::posix_spawn_file_actions_destroy(&files);
    ::posix_spawnattr_destroy(&how);
  }
  spawn_plan(const spawn_plan&) = delete;
  spawn_plan& operator=(const spawn_plan&) = delete;
  posix_spawn_file_actions_t files;
  posix_spawnattr_t how;
};

}  // namespace

result<std::string> find_host_program() {
  if (const char* set = std::getenv("SPAWN_PLUGIN_HOST"); set != nullptr && *set != '\0') {
    return std::string(set);
  }
  std::error_code why;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", why);
  const auto folder = self.parent_path();
  for (const auto& at : {folder / program_name, folder / "../libexec/spawn" / program_name}) {
    if (::access(at.c_str(), X_OK) == 0) {
      return at.lexically_normal().string();
    }
  }
  return fail(errc::unavailable, "isolation: process needs the program " +
                                     (folder / program_name).string() +
                                     ", which is not there; it is installed with the kernel");
}

result<child_process> child_process::start(const std::string& program,
                                           const std::vector<int>& fds) {
  const auto failed = [&](const char* what, int why) {
    return fail(errc::unavailable, program + ": " + what + ": " + std::strerror(why));
  };
  std::array<int, 2> output{};
  if (::pipe2(output.data(), O_CLOEXEC | O_NONBLOCK) != 0) {
    return failed("pipe", errno);
  }
  // Moved out of the way first: a descriptor may sit where another has to go.
  constexpr int above = 512;
  std::vector<int> moved;
  const auto close_all = [&] {
    for (const int fd : moved) {
      ::close(fd);
    }
  };
  for (const int fd : fds) {
    moved.push_back(::fcntl(fd, F_DUPFD_CLOEXEC, above));
  }
  moved.push_back(::fcntl(output[1], F_DUPFD_CLOEXEC, above));
  spawn_plan plan;
  ::posix_spawn_file_actions_addopen(&plan.files, 0, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&plan.files, moved.back(), 1);
  ::posix_spawn_file_actions_adddup2(&plan.files, moved.back(), 2);
  for (std::size_t i = 0; i < fds.size(); ++i) {
    ::posix_spawn_file_actions_adddup2(&plan.files, moved[i], 3 + static_cast<int>(i));
  }
  ::posix_spawn_file_actions_addclosefrom_np(&plan.files, 3 + static_cast<int>(fds.size()));
  sigset_t none, all;
  ::sigemptyset(&none);
  ::sigfillset(&all);
  ::posix_spawnattr_setsigmask(&plan.how, &none);
  ::posix_spawnattr_setsigdefault(&plan.how, &all);
  ::posix_spawnattr_setpgroup(&plan.how, 0);  // a terminal's Ctrl-C is for the kernel
  ::posix_spawnattr_setflags(
      &plan.how, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  std::vector<std::string> kept = environment();
  std::vector<char*> env;
  for (std::string& each : kept) {
    env.push_back(each.data());
  }
  env.push_back(nullptr);
  std::string parent = std::to_string(::getpid());
  std::string name = program_name;
  std::array<char*, 3> args = {name.data(), parent.data(), nullptr};
  pid_t pid = 0;
  const int why =
      ::posix_spawn(&pid, program.c_str(), &plan.files, &plan.how, args.data(), env.data());
  close_all();
  ::close(output[1]);
  if (why != 0) {
    ::close(output[0]);
    return failed("starting it", why);
  }
  const int pidfd = open_pidfd(pid);
  if (pidfd < 0) {
    const int cause = errno;
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    ::close(output[0]);
    return failed("pidfd_open", cause);
  }
  ::fcntl(pidfd, F_SETFD, FD_CLOEXEC);
  return child_process(pid, pidfd, output[0]);
}

child_process::child_process(child_process&& other) noexcept
    : pid_(other.pid_),
      pidfd_(std::exchange(other.pidfd_, -1)),
      output_(std::exchange(other.output_, -1)),
      reaped_(std::exchange(other.reaped_, true)) {}

child_process::~child_process() {
  if (!reaped_) {
    kill();
    static_cast<void>(reap());
  }
  if (pidfd_ >= 0) {
    ::close(pidfd_);
    ::close(output_);
  }
}

void child_process::kill() noexcept {
  if (!reaped_) {
    ::syscall(SYS_pidfd_send_signal, pidfd_, SIGKILL, nullptr, 0);
  }
}

std::string child_process::reap() noexcept {
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  reaped_ = true;
  if (WIFSIGNALED(status)) {
    const int which = WTERMSIG(status);
    return "killed by signal " + std::to_string(which) + " (" + ::strsignal(which) + ")";
  }
  return "exited with status " + std::to_string(WEXITSTATUS(status));
}

}  // namespace spawn::isolate
