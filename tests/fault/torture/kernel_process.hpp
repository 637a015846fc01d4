// spawnd as a child process over one folder: start, kill -9, start again on the same port.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "torture/options.hpp"

namespace torture {

// Owns the process; the destructor kills it. Thread: one.
class kernel_process {
 public:
  kernel_process(const options& o, std::string folder, std::uint16_t host_port);
  ~kernel_process();
  kernel_process(const kernel_process&) = delete;
  kernel_process& operator=(const kernel_process&) = delete;

  void start();
  void kill_now();
  // Until /health/readiness is 200; throws when the process ends or takes too long.
  void await_ready();
  // False when it ended by itself.
  [[nodiscard]] bool alive();
  // From now on no file of the process may grow, or it may again.
  void disk_full(bool full);
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] std::string database() const { return folder_ + "/spawn.db"; }
  [[nodiscard]] std::uint64_t resident_bytes() const;
  [[nodiscard]] std::string log_tail() const;

 private:
  void write_config(const options& o, std::uint16_t host_port) const;

  std::string folder_;
  std::string binary_;
  std::uint16_t port_;
  std::string key_;  // environment entry, empty: unsealed
  pid_t pid_ = -1;
};

}  // namespace torture
