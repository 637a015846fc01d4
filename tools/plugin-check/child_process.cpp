// The parent's side: start it, listen, end it.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <filesystem>

#include "child.hpp"

namespace spawn::check {
namespace {

using clock = std::chrono::steady_clock;

constexpr std::size_t output_max = 4'096;    // of what a test writes, the last bytes are kept
constexpr std::size_t verdict_max = 65'536;  // a longer one is cut

struct pipe_ends {
  int in = -1, out = -1;
};

pipe_ends make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    throw std::runtime_error(std::string("no pipe: ") + std::strerror(errno));
  }
  return {ends[0], ends[1]};
}

std::vector<std::string> arguments(const options& o, const std::string& id, std::uint64_t seed,
                                   const std::string& folder) {
  std::vector<std::string> out{"spawn-plugin-check",
                               o.plugin,
                               "--child",
                               id,
                               "--result-fd",
                               "3",
                               "--folder",
                               folder,
                               "--seed",
                               std::to_string(seed),
                               "--patience",
                               std::to_string(o.patience.count())};
  if (!o.config_file.empty()) {
    out.insert(out.end(), {"--config", o.config_file});
  }
  if (!o.driver.empty()) {
    out.insert(out.end(), {"--driver", o.driver});
  }
  return out;
}

pid_t start(std::vector<std::string> words, int verdict, int output) {
  std::vector<char*> argv;
  for (std::string& one : words) {
    argv.push_back(one.data());
  }
  argv.push_back(nullptr);
  posix_spawn_file_actions_t files;
  ::posix_spawn_file_actions_init(&files);
  ::posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&files, output, 1);
  ::posix_spawn_file_actions_adddup2(&files, output, 2);
  ::posix_spawn_file_actions_adddup2(&files, verdict, 3);
  posix_spawnattr_t how;
  ::posix_spawnattr_init(&how);
  ::posix_spawnattr_setflags(&how, POSIX_SPAWN_SETPGROUP);
  pid_t pid = -1;
  const int failure = ::posix_spawn(&pid, "/proc/self/exe", &files, &how, argv.data(), environ);
  ::posix_spawnattr_destroy(&how);
  ::posix_spawn_file_actions_destroy(&files);
  if (failure != 0) {
    throw std::runtime_error(std::string("can not run this program again: ") +
                             std::strerror(failure));
  }
  return pid;
}

// Reads both pipes until the verdict's is closed. False: the limit came first.
bool listen(const pipe_ends& verdict, const pipe_ends& output, clock::time_point until,
            std::string& said, std::string& written) {
  std::array<pollfd, 2> watched{{{verdict.in, POLLIN, 0}, {output.in, POLLIN, 0}}};
  while (watched[0].fd >= 0) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - clock::now()).count();
    if (left <= 0) {
      return false;
    }
    if (::poll(watched.data(), watched.size(), static_cast<int>(left)) < 0 && errno != EINTR) {
      return false;
    }
    for (std::size_t i = 0; i < watched.size(); ++i) {
      if (watched[i].fd < 0 || watched[i].revents == 0) {
        continue;
      }
      std::array<char, 4'096> piece{};
      const ssize_t got = ::read(watched[i].fd, piece.data(), piece.size());
      if (got <= 0) {
        watched[i].fd = -1;
        continue;
      }
      std::string& to = i == 0 ? said : written;
      to.append(piece.data(), static_cast<std::size_t>(got));
      if (i == 0 && to.size() > verdict_max) {
        to.resize(verdict_max);
      } else if (i == 1 && to.size() > output_max) {
        to.erase(0, to.size() - output_max);
      }
    }
  }
  return true;
}

outcome judged(const std::string& said, int status) {
  outcome out;
  const std::size_t line = said.find('\n');
  if (line != std::string::npos) {
    out.what = verdict_of(said.substr(0, line));
    out.text = said.substr(line + 1);
  } else if (WIFSIGNALED(status)) {
    out.text = std::string("its process got the signal ") + ::strsignal(WTERMSIG(status));
  } else {
    out.text = "its process ended by itself with " + std::to_string(WEXITSTATUS(status));
  }
  return out;
}

}  // namespace

std::string make_folder() {
  std::string out = (std::filesystem::temp_directory_path() / "spawn-plugin-check-XXXXXX").string();
  if (::mkdtemp(out.data()) == nullptr) {
    throw std::runtime_error("no temporary folder: " + out + ": " + std::strerror(errno));
  }
  return out;
}

outcome run_in_child(const options& given, const std::string& id, std::uint64_t seed) {
  const auto began = clock::now();
  const std::string folder = make_folder();
  const pipe_ends verdict = make_pipe(), output = make_pipe();
  const pid_t pid = start(arguments(given, id, seed, folder), verdict.out, output.out);
  ::close(verdict.out);
  ::close(output.out);
  std::string said, written;
  const bool in_time = listen(verdict, output, began + given.limit, said, written);
  // The verdict is out, or comes no more. Whatever else the plugin started in its group goes too.
  if (!in_time || !said.empty()) {
    ::kill(-pid, SIGKILL);
  }
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  ::kill(-pid, SIGKILL);
  ::close(verdict.in);
  ::close(output.in);
  std::error_code ignored;  // a folder that stays is no verdict on the plugin
  std::filesystem::remove_all(folder, ignored);
  outcome out = judged(said, status);
  if (!in_time && said.find('\n') == std::string::npos) {
    out.what = verdict::timed_out;
    out.text = "it was killed after " + std::to_string(given.limit.count()) + " s";
  }
  if (is_bad(out.what)) {
    out.output = std::move(written);
  }
  out.took = std::chrono::duration_cast<std::chrono::milliseconds>(clock::now() - began);
  return out;
}

}  // namespace spawn::check
