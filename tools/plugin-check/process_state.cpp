#include "process_state.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <clocale>

#include <array>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <new>
#include <thread>

namespace spawn::check {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::milliseconds settle_time{1'000};  // a thread that ends is listed a moment

std::string enumerate(const std::map<int, std::string>& now,
                      const std::map<int, std::string>& before) {
  std::string out;
  for (const auto& [number, what] : now) {
    if (!before.contains(number)) {
      out.append(out.empty() ? "" : ", ").append(what);
    }
  }
  return out;
}

}  // namespace

std::map<int, std::string> threads_now() {
  std::map<int, std::string> out;
  for (const auto& entry : fs::directory_iterator("/proc/self/task")) {
    std::string name;
    std::getline(std::ifstream(entry.path() / "comm"), name);
    out[std::stoi(entry.path().filename().string())] = name;
  }
  return out;
}

std::string new_threads(const std::map<int, std::string>& before) {
  const auto end = std::chrono::steady_clock::now() + settle_time;
  std::string out = enumerate(threads_now(), before);
  while (!out.empty() && std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    out = enumerate(threads_now(), before);
  }
  return out;
}

std::map<int, std::string> files_now() {
  std::map<int, std::string> out;
  for (const auto& entry : fs::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    const std::string what = fs::read_symlink(entry.path(), gone).string();
    if (!gone && what.find("/proc/") != 0) {  // the folder that is being read
      out[std::stoi(entry.path().filename().string())] = what;
    }
  }
  return out;
}

std::string new_files(const std::map<int, std::string>& before) {
  return enumerate(files_now(), before);
}

std::map<std::string, std::string> signals_now() {
  std::map<std::string, std::string> out;
  for (int number = 1; number < SIGRTMIN; ++number) {
    struct sigaction action{};
    if (::sigaction(number, nullptr, &action) == 0) {
      const auto* raw = reinterpret_cast<const char*>(&action.sa_handler);
      out["SIG" + std::string(::sigabbrev_np(number) != nullptr ? ::sigabbrev_np(number) : "?")] =
          std::string(raw, sizeof(action.sa_handler)) + std::to_string(action.sa_flags);
    }
  }
  sigset_t mask;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  std::string blocked;
  for (int number = 1; number < SIGRTMAX; ++number) {
    blocked += ::sigismember(&mask, number) == 1 ? '1' : '0';
  }
  out["the mask"] = blocked;
  return out;
}

std::map<std::string, std::string> settings_now() {
  std::map<std::string, std::string> out;
  std::error_code gone;
  out["the working folder"] = fs::current_path(gone).string();
  const mode_t mask = ::umask(0);
  (void)::umask(mask);
  out["the umask"] = std::to_string(mask);
  out["the locale"] = std::setlocale(LC_ALL, nullptr);
  std::string variables;
  for (char** one = environ; *one != nullptr; ++one) {
    variables.append(*one).append("\n");
  }
  out["the environment"] = variables;
  return out;
}

std::string changed(const std::map<std::string, std::string>& before,
                    const std::map<std::string, std::string>& after) {
  std::string out;
  for (const auto& [name, value] : before) {
    if (const auto now = after.find(name); now == after.end() || now->second != value) {
      out.append(out.empty() ? "" : ", ").append(name);
    }
  }
  return out;
}

caught_output::caught_output()
    : caught_(::memfd_create("output", MFD_CLOEXEC)), out_(::dup(1)), err_(::dup(2)) {
  if (caught_ < 0 || out_ < 0 || err_ < 0 || ::dup2(caught_, 1) < 0 || ::dup2(caught_, 2) < 0) {
    throw std::bad_alloc();
  }
}

caught_output::~caught_output() {
  ::dup2(out_, 1);
  ::dup2(err_, 2);
  for (const int fd : {caught_, out_, err_}) {
    ::close(fd);
  }
}

std::string caught_output::text() const {
  std::fflush(nullptr);
  std::array<char, 400> piece{};
  const ssize_t got = ::pread(caught_, piece.data(), piece.size(), 0);
  return {piece.data(), static_cast<std::size_t>(got > 0 ? got : 0)};
}

}  // namespace spawn::check
