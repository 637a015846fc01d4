// A kernel without service for the time of one command: spawnd --maintenance as a child.
#pragma once
#include <sys/types.h>

#include <memory>
#include <string>

#include "base/result.hpp"

namespace spawn::ctl {

// Life: up once start() returned; ended and waited for by the destructor. The child's log goes to
// this process's standard error where it is an error.
class maintenance_kernel {
 public:
  // Starts the spawnd beside this program, else the one of PATH, on a configuration and an admin
  // socket of its own. Blocks until its admin API answers, at most limit_ms.
  [[nodiscard]] static result<std::unique_ptr<maintenance_kernel>> start(const std::string& config,
                                                                         std::uint64_t limit_ms);
  ~maintenance_kernel();
  maintenance_kernel(const maintenance_kernel&) = delete;
  maintenance_kernel& operator=(const maintenance_kernel&) = delete;

  [[nodiscard]] const std::string& socket() const noexcept { return socket_; }

 private:
  maintenance_kernel(pid_t child, std::string folder)
      : child_(child), folder_(std::move(folder)), socket_(folder_ + "/admin.sock") {}
  pid_t child_;
  std::string folder_;
  std::string socket_;
};

}  // namespace spawn::ctl
