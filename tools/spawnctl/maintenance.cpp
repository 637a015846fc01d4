#include "maintenance.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "admin_client.hpp"

namespace spawn::ctl {
namespace {

std::string spawnd_path() {
  std::error_code ignored;
  const auto own = std::filesystem::read_symlink("/proc/self/exe", ignored);
  const auto beside = own.parent_path() / "spawnd";
  return std::filesystem::exists(beside, ignored) ? beside.string() : "spawnd";
}

std::string content_of(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

// The child: everything it says goes into a file, which is shown if it does not come up.
[[noreturn]] void become_spawnd(const std::string& config, const std::string& folder,
                                pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);  // it never outlives the command, however that ends
  if (::getppid() != parent) {
    ::_exit(127);
  }
  const std::string log = folder + "/log";
  const int fd = ::open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  ::dup2(fd, STDERR_FILENO);
  ::dup2(fd, STDOUT_FILENO);
  const std::string socket = folder + "/admin.sock";
  const std::string program = spawnd_path();
  ::execlp(program.c_str(), "spawnd", "--maintenance", "--config", config.c_str(), "--admin",
           socket.c_str(), static_cast<char*>(nullptr));
  ::dprintf(STDERR_FILENO, "%s: %s\n", program.c_str(), std::strerror(errno));
  ::_exit(127);
}

}  // namespace

result<std::unique_ptr<maintenance_kernel>> maintenance_kernel::start(const std::string& config,
                                                                      std::uint64_t limit_ms) {
  std::string folder = (std::filesystem::temp_directory_path() / "spawnctl-XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr) {
    return fail(errc::unavailable, folder + ": " + std::strerror(errno));
  }
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) {
    return fail(errc::unavailable, std::string("fork: ") + std::strerror(errno));
  }
  if (child == 0) {
    become_spawnd(config, folder, parent);
  }
  std::unique_ptr<maintenance_kernel> made(new maintenance_kernel(child, std::move(folder)));
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(limit_ms);
  const admin_target target{made->socket_, {}, 2'000};
  while (std::chrono::steady_clock::now() < until) {
    int status = 0;
    if (::waitpid(child, &status, WNOHANG) == child) {
      made->child_ = 0;
      return fail(errc::unavailable, "no kernel could be started on " + config + ":\n" +
                                         content_of(made->folder_ + "/log"));
    }
    if (const auto up = ask_kernel(target, "GET", "/health"); up && up->status == 200) {
      return made;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return fail(errc::deadline, "the kernel on " + config + " did not come up in time:\n" +
                                  content_of(made->folder_ + "/log"));
}

maintenance_kernel::~maintenance_kernel() {
  if (child_ > 0) {
    ::kill(child_, SIGTERM);
    int status = 0;
    ::waitpid(child_, &status, 0);  // its own timeouts.drain_ms bounds this
  }
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

}  // namespace spawn::ctl
