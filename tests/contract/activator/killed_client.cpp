#include "contract/activator/killed_client.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <thread>

extern char** environ;

namespace contract {
namespace {

// A child process with its output; killed and reaped at the end.
class child {
 public:
  explicit child(std::vector<std::string> arguments) {
    std::array<int, 2> ends{};
    require(::pipe2(ends.data(), O_CLOEXEC) == 0, "no pipe");
    output_ = ends[0];
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    std::vector<char*> argv;
    for (std::string& one : arguments) {
      argv.push_back(one.data());
    }
    argv.push_back(nullptr);
    const int failure =
        ::posix_spawn(&pid_, "/proc/self/exe", &actions, nullptr, argv.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    if (failure != 0) {
      ::close(output_);
      throw failed{"can not run this program once more"};
    }
  }
  child(const child&) = delete;
  child& operator=(const child&) = delete;
  ~child() {
    ::kill(pid_, SIGKILL);
    (void)::waitpid(pid_, nullptr, 0);
    ::close(output_);
  }

  // The first n lines it writes.
  std::vector<std::string> lines(std::size_t n, std::chrono::milliseconds patience) {
    const auto end = std::chrono::steady_clock::now() + patience;
    std::vector<std::string> out;
    std::string rest;
    while (out.size() < n) {
      pollfd one{output_, POLLIN, 0};
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
          end - std::chrono::steady_clock::now());
      require(left.count() > 0 && ::poll(&one, 1, static_cast<int>(left.count())) == 1,
              "the process that is to be killed wrote " + std::to_string(out.size()) + " lines");
      std::array<char, 4'096> piece{};
      const ssize_t got = ::read(output_, piece.data(), piece.size());
      require(got > 0, "the process that is to be killed ended by itself: " + rest);
      rest.append(piece.data(), static_cast<std::size_t>(got));
      for (std::size_t at = rest.find('\n'); at != std::string::npos; at = rest.find('\n')) {
        out.push_back(rest.substr(0, at));
        rest.erase(0, at + 1);
      }
    }
    return out;
  }

 private:
  pid_t pid_ = -1;
  int output_ = -1;
};

}  // namespace

std::vector<std::string> take_and_be_killed(bench& b, std::size_t n) {
  child other({"killed-client", std::string(killed_client_flag), b.config, std::to_string(n)});
  return other.lines(n, 2 * b.source.patience());
}

bool runs_as_killed_client(int argc, char** argv, const spawn_plugin_entry* entry, broker& from) {
  if (argc != 4 || killed_client_flag != argv[1]) {
    return false;
  }
  try {
    lasting kept;
    source_client client(entry, from, argv[2], kept);
    const std::size_t n = std::stoul(argv[3]);
    client.set_window(static_cast<std::uint32_t>(n));
    for (const seen& one : client.take(n)) {
      std::printf("%s\n", one.dedup_id.c_str());
    }
    std::fflush(stdout);
    std::this_thread::sleep_for(10 * from.patience());
  } catch (const failed& why) {
    std::fprintf(stderr, "%s\n", why.what.c_str());
  }
  return true;
}

}  // namespace contract
