// The process of an isolated instance, as the kernel sees it.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace spawn::isolate {

// One running spawn-plugin-host. The thread that starts it has to outlive it: the child dies with
// that thread. One thread at a time.
class child_process {
 public:
  // fds become 3, 4, ... of the child, which has no other; what it writes to stdout and stderr
  // comes out of output(). Its environment is a few names of ours (language, time zone).
  [[nodiscard]] static result<child_process> start(const std::string& program,
                                                   const std::vector<int>& fds);
  child_process(child_process&& other) noexcept;
  child_process& operator=(child_process&&) = delete;
  ~child_process();  // kills and reaps it

  [[nodiscard]] pid_t pid() const noexcept { return pid_; }
  [[nodiscard]] int exit_fd() const noexcept { return pidfd_; }  // readable when it has ended
  [[nodiscard]] int output() const noexcept { return output_; }  // does not block
  void kill() noexcept;
  // Waits for its end, which has to be at hand, and says what it was: "killed by signal 11
  // (Segmentation fault)".
  [[nodiscard]] std::string reap() noexcept;

 private:
  child_process(pid_t pid, int pidfd, int output) : pid_(pid), pidfd_(pidfd), output_(output) {}

  pid_t pid_;
  int pidfd_;
  int output_;
  bool reaped_ = false;
};

// spawn-plugin-host beside the running program, or in ../libexec/spawn seen from it;
// SPAWN_PLUGIN_HOST names another.
[[nodiscard]] result<std::string> find_host_program();

}  // namespace spawn::isolate
