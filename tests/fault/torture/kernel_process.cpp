#include "torture/kernel_process.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <string_view>
#include <thread>
#include <vector>

#include "torture/messages.hpp"
#include "torture/stream.hpp"

namespace torture {

namespace {

constexpr auto ready_limit = std::chrono::seconds(30);
constexpr std::size_t tail_bytes = 6000;
// Any 32 bytes, in base64.
constexpr const char* sealing_key =
    "SPAWN_STATESTORE_KEY=MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";

// Below the range of ephemeral ports: a client that dials a dead kernel could otherwise be given
// the very port it dials, and talk to itself.
std::uint16_t free_port(std::uint64_t seed) {
  for (std::uint32_t i = 0; i < 1000; ++i) {
    const auto port = static_cast<std::uint16_t>(20'000 + (seed + ::getpid() + i * 37) % 12'000);
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in at = loopback(port);
    const bool free = ::bind(fd, reinterpret_cast<const sockaddr*>(&at), sizeof(at)) == 0;
    ::close(fd);
    if (free) {
      return port;
    }
  }
  throw std::runtime_error("no free port");
}

}  // namespace

kernel_process::kernel_process(const options& o, std::string folder, std::uint16_t host_port)
    : folder_(std::move(folder)), binary_(o.build + "/bin/spawnd"), port_(free_port(o.seed)) {
  if (o.sealed) {
    key_ = sealing_key;
  }
  write_config(o, host_port);
}

kernel_process::~kernel_process() {
  kill_now();
}

void kernel_process::write_config(const options& o, std::uint16_t host_port) const {
  std::ofstream out(folder_ + "/spawn.yaml");
  out << "system: " << system_name << "\nruntime: {lanes: 2}\n"
      << "gateway: {http: {address: 127.0.0.1, port: " << port_ << "}}\n"
      << "host: {address: 127.0.0.1, port: " << host_port << "}\n"
      << "plugins: {path: [\"" << o.build << "/plugins\"]}\n"
      << "statestores: {main: {use: sqlite, config: {path: \"" << database()
      << "\", cache_kib: " << o.cache_kib << "}}}\n"
      << "transport: {use: memory}\nworkflows: []\n"
      << "durability: {default: " << o.mode << ", history: {keep: 1000000}}\n"
      << "timeouts: {request_ms: 20000, snapshot_ms: " << snapshot_ms << "}\n"
      << "limits: " << o.limits << "\n"
      << "admin: {address: \"" << folder_ << "/admin.sock\"}\n";
  if (!out.flush()) {
    throw std::runtime_error(folder_ + "/spawn.yaml cannot be written");
  }
}

void kernel_process::start() {
  std::vector<char*> environment;
  for (char** each = environ; *each != nullptr; ++each) {
    const std::string_view entry(*each);
    if (!entry.starts_with("SPAWN_") && !entry.starts_with("PROXY_")) {
      environment.push_back(*each);
    }
  }
  if (!key_.empty()) {
    environment.push_back(key_.data());
  }
  environment.push_back(nullptr);
  posix_spawn_file_actions_t files;
  ::posix_spawn_file_actions_init(&files);
  const std::string log = folder_ + "/spawnd.log";
  ::posix_spawn_file_actions_addopen(&files, 1, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  ::posix_spawn_file_actions_adddup2(&files, 1, 2);
  std::string config = folder_ + "/spawn.yaml";
  std::string flag = "--config";
  std::array<char*, 4> arguments{binary_.data(), flag.data(), config.data(), nullptr};
  const int failed =
      ::posix_spawn(&pid_, binary_.c_str(), &files, nullptr, arguments.data(), environment.data());
  ::posix_spawn_file_actions_destroy(&files);
  if (failed != 0) {
    pid_ = -1;
    throw std::runtime_error(binary_ + ": " + std::strerror(failed));
  }
}

void kernel_process::kill_now() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }
}

void kernel_process::await_ready() {
  const auto until = std::chrono::steady_clock::now() + ready_limit;
  while (std::chrono::steady_clock::now() < until) {
    if (ask_once(port_, ready_request()).status == 200) {
      return;
    }
    if (!alive()) {
      throw std::runtime_error("spawnd ended while starting");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  throw std::runtime_error("spawnd was not ready in time");
}

bool kernel_process::alive() {
  if (pid_ > 0 && ::waitpid(pid_, nullptr, WNOHANG) == pid_) {
    pid_ = -1;
  }
  return pid_ > 0;
}

void kernel_process::disk_full(bool full) {
  const rlimit limit{full ? 1 : RLIM_INFINITY, RLIM_INFINITY};
  if (pid_ > 0) {
    ::prlimit(pid_, RLIMIT_FSIZE, &limit, nullptr);
  }
}

std::uint64_t kernel_process::resident_bytes() const {
  std::ifstream in("/proc/" + std::to_string(pid_) + "/statm");
  std::uint64_t total = 0;
  std::uint64_t resident = 0;
  in >> total >> resident;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

std::string kernel_process::log_tail() const {
  std::ifstream in(folder_ + "/spawnd.log", std::ios::ate);
  const auto size = static_cast<std::size_t>(std::max<std::streamoff>(in.tellg(), 0));
  std::string out(std::min(size, tail_bytes), '\0');
  in.seekg(static_cast<std::streamoff>(size - out.size()));
  in.read(out.data(), static_cast<std::streamsize>(out.size()));
  return out;
}

}  // namespace torture
