// The actor host of the torture: alive all along, registered once by the driver, applies ids.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <string>
#include <thread>
#include <unordered_map>

#include "torture/applied.hpp"
#include "torture/stream.hpp"

namespace torture {

// Life cycle: construct (listens), start, stop (joins); then executed() may be read.
// Thread: its own, one; executed_ belongs to it until stop() returns.
class counting_host {
 public:
  counting_host();
  ~counting_host();
  counting_host(const counting_host&) = delete;
  counting_host& operator=(const counting_host&) = delete;

  void start();
  void stop();
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] std::uint64_t calls() const noexcept { return calls_.load(); }
  // Ids an action function ran for, by actor; also those whose effect was lost.
  [[nodiscard]] const std::map<std::string, applied, std::less<>>& executed() const noexcept {
    return executed_;
  }
  // Calls that were not understood: a failure of the kernel.
  [[nodiscard]] std::uint64_t unreadable() const noexcept { return unreadable_; }

 private:
  struct connection {
    stream in;
    std::string unsent;
  };
  void run();
  void accept_all();
  void serve(int fd);
  void send(int fd, connection& c);
  void drop(int fd);
  std::string answer(std::string_view body);

  int listener_ = -1;
  int epoll_ = -1;
  std::uint16_t port_ = 0;
  std::thread thread_;
  std::atomic<bool> over_ = false;
  std::atomic<std::uint64_t> calls_ = 0;
  std::uint64_t unreadable_ = 0;
  std::unordered_map<int, connection> connections_;
  std::map<std::string, applied, std::less<>> executed_;
};

}  // namespace torture
