// The health of an instance with two connections: it serves while both do.
#pragma once
#include <array>
#include <mutex>
#include <string>

#include "spawn/plugin/cpp/host.hpp"

namespace rabbitmq {

class health_board {  // [any]
 public:
  enum side { intake, egress, sides };

  explicit health_board(spawn::plugin::host_ref host) : host_(host) {}

  // An empty text: it serves. Tells the host what has changed.
  void set(side of, const std::string& why) {
    const std::lock_guard hold(mutex_);
    why_.at(of) = why;
    const std::string& now = why_[intake].empty() ? why_[egress] : why_[intake];
    if (!told_ || now != last_) {
      host_.health(now.empty(), now);
      last_ = now;
      told_ = true;
    }
  }

 private:
  spawn::plugin::host_ref host_;
  std::mutex mutex_;
  std::array<std::string, sides> why_;
  std::string last_;
  bool told_ = false;
};

}  // namespace rabbitmq
