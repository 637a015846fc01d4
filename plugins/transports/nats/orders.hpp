// What lanes want of the session thread, in the order they said it. Bounded by what the kernel has
// in flight.
#pragma once
#include <cstdint>
#include <map>
#include <mutex>
#include <utility>
#include <variant>
#include <vector>

#include "spawn/plugin/cpp/transport.hpp"

namespace nats_transport {

struct send_order {
  spawn::plugin::pending<spawn_tp_send> op;
};
struct sub_order {
  std::uint32_t lane;
  spawn::plugin::pending<spawn_tp_sub> op;
};
struct grant_order {
  std::uint64_t sub_id;
  std::uint32_t credit;
};
struct kv_order {
  std::uint32_t lane;
  spawn::plugin::pending<spawn_kv_op> op;
};
using lane_order = std::variant<send_order, sub_order, grant_order, kv_order>;

class order_queue {
 public:
  // True when the session has to be woken. [lane]
  bool put(lane_order order) {
    const std::lock_guard hold(mutex_);
    orders_.push_back(std::move(order));
    return orders_.size() == 1;
  }
  // [session thread]
  [[nodiscard]] std::vector<lane_order> take() {
    const std::lock_guard hold(mutex_);
    return std::exchange(orders_, {});
  }

 private:
  std::mutex mutex_;
  std::vector<lane_order> orders_;
};

// Which lanes are open, and where their kv events go. The session tells a lane something only while
// it holds the lock, so nothing reaches a lane that has been closed.
class open_lanes {
 public:
  using kv_sink = void (*)(void* arg, const spawn_kv_event* e, std::uint32_t n);

  void open(std::uint32_t lane) {
    const std::lock_guard hold(mutex_);
    lanes_[lane] = {};
  }
  void close(std::uint32_t lane) {
    const std::lock_guard hold(mutex_);
    lanes_.erase(lane);
  }
  void set_sink(std::uint32_t lane, kv_sink to, void* arg) {
    const std::lock_guard hold(mutex_);
    lanes_[lane] = {to, arg};
  }
  // Calls f(sink, arg) if the lane is open. False if it is not.
  template <class F>
  bool with(std::uint32_t lane, F&& f) {
    const std::lock_guard hold(mutex_);
    const auto at = lanes_.find(lane);
    if (at == lanes_.end()) {
      return false;
    }
    f(at->second.to, at->second.arg);
    return true;
  }

 private:
  struct one_lane {
    kv_sink to = nullptr;
    void* arg = nullptr;
  };
  std::mutex mutex_;
  std::map<std::uint32_t, one_lane> lanes_;
};

}  // namespace nats_transport
