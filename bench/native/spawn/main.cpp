// spawn_native_bench BENCH N [LANES]: one benchmark of the Savina micro set as live actors in a
// kernel of its own; one JSON line.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>

#include "spawn/sdk/client.hpp"

namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

std::string folder_of_kernel() {
  return fs::read_symlink("/proc/self/exe").parent_path().string();
}

// A kernel on a port of its own choice would tell nobody: it gets one that nobody has just now.
std::uint16_t free_port() {
  const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  const bool found = probe >= 0 && ::bind(probe, reinterpret_cast<sockaddr*>(&at), size) == 0 &&
                     ::getsockname(probe, reinterpret_cast<sockaddr*>(&at), &size) == 0;
  ::close(probe);
  if (!found) {
    throw std::runtime_error("there is no free port on 127.0.0.1");
  }
  return ntohs(at.sin_port);
}

class kernel_process {
 public:
  explicit kernel_process(const std::string& lanes)
      : dir_(fs::temp_directory_path() / ("spawn-native-" + std::to_string(::getpid()))),
        port_(free_port()) {
    fs::create_directories(dir_);
    std::ofstream(dir_ / "spawn.yaml")
        << "system: bench\n"
        << "runtime: {lanes: " << lanes << "}\n"
        << "gateway: {http: {address: 127.0.0.1, port: " << port_ << "}}\n"
        << "admin: {address: " << (dir_ / "admin.sock").string() << "}\n"
        << "plugins: {path: [" << SPAWN_BENCH_PLUGINS << "]}\n"
        << "statestores: {main: {use: memory}}\n"
        << "durability: {default: none, allow_volatile: true}\n"
        << "limits: {mailbox: 1000000}\n"
        << "timeouts: {request_ms: 600000}\n"
        << "native_actors: [savina]\n"
        << "telemetry: {log: {level: warn}}\n";
    pid_ = ::fork();
    if (pid_ == 0) {
      const std::string program = folder_of_kernel() + "/spawnd";
      const std::string config = (dir_ / "spawn.yaml").string();
      ::execl(program.c_str(), "spawnd", "--config", config.c_str(), nullptr);
      std::perror(program.c_str());
      ::_exit(127);
    }
  }
  ~kernel_process() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
    std::error_code ignored;
    fs::remove_all(dir_, ignored);
  }
  kernel_process(const kernel_process&) = delete;
  kernel_process& operator=(const kernel_process&) = delete;

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] bool runs() const {
    int status = 0;
    return ::waitpid(pid_, &status, WNOHANG) == 0;
  }

 private:
  fs::path dir_;
  std::uint16_t port_;
  pid_t pid_ = -1;
};

std::string run(const std::string& order, const kernel_process& kernel) {
  spawn::sdk::client client({"127.0.0.1", kernel.port()});
  spawn::sdk::any_value request{"type.googleapis.com/spawn.bench.Order", order};
  spawn::sdk::invoke_options options;
  options.timeout = 600s;
  std::string why;
  for (int tries = 0; tries < 200 && kernel.runs(); ++tries) {
    const auto got =
        client.invoke<spawn::sdk::any_value>("bench", "Stage", "Run", request, options);
    if (got) {
      return got->value;
    }
    why = got.error().text;
    if (got.error().what != spawn::sdk::failure::kind::not_sent) {
      break;
    }
    std::this_thread::sleep_for(50ms);
  }
  throw std::runtime_error("the kernel did not answer: " + why);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3 || argc > 4) {
    std::fprintf(stderr, "usage: spawn_native_bench BENCH N [LANES]\n");
    return 2;
  }
  try {
    const kernel_process kernel(argc == 4 ? argv[3] : "1");
    std::istringstream said(run(std::string(argv[1]) + " " + argv[2], kernel));
    unsigned long long actors = 0, messages = 0;
    double seconds = 0;
    said >> actors >> messages >> seconds;
    std::printf(
        "{\"system\":\"spawn\",\"bench\":\"%s\",\"actors\":%llu,\"messages\":%llu,"
        "\"seconds\":%.6f}\n",
        argv[1], actors, messages, seconds);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "spawn_native_bench: %s\n", error.what());
    return 1;
  }
}
