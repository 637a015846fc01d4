// The connection of an instance: made at once, kept, and watched.
#pragma once
#include <memory>
#include <string>

#include "calls.hpp"
#include "settings.hpp"
#include "spawn/plugin/cpp/host.hpp"
#include "wait.hpp"

namespace pubsub {

// gRPC makes the connection anew when it is lost, after a pause that grows. [session thread]
class connection final : private tag {
 public:
  connection(const settings& s, spawn::plugin::host_ref host, io_thread& io);

  // From now on the connection is there, or being made, and every change wakes the session thread.
  void watch();
  // The last watch ends within half a second.
  void unwatch() noexcept { wanted_ = false; }

  [[nodiscard]] const std::shared_ptr<grpc::Channel>& channel() const noexcept { return channel_; }
  [[nodiscard]] bool made() const;
  // Why there is none; empty while there is one, and for a moment in which there may be one soon.
  [[nodiscard]] std::string trouble() const;

 private:
  class changed;

  void arm();
  void happened(bool ok) override;

  const std::string endpoint_;
  io_thread* io_;
  const std::shared_ptr<grpc::Channel> channel_;
  grpc_connectivity_state state_ = GRPC_CHANNEL_IDLE;
  wait soon_;
  bool wanted_ = false;
};

}  // namespace pubsub
