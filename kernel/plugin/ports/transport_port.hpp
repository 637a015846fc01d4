// The transport, as the stations see it: publish and subscribe between kernels.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/unique_function.hpp"
#include "plugin/ports/op.hpp"
#include "spawn/plugin/transport.h"

namespace spawn {

// A message that came in. Owned by whoever receives it.
struct transport_message {
  std::string subject;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string payload;
};

class transport_port {
 public:
  virtual ~transport_port() = default;
  [[nodiscard]] virtual std::string_view name() const noexcept = 0;
  // Publishes; copies what it needs before it returns. A failure is counted and logged, since a
  // broadcast is at most once (protocol.md 7.1). [lane]
  virtual void publish(lane& from, std::string_view subject,
                       std::span<const std::pair<std::string_view, std::string_view>> headers,
                       std::string_view payload) = 0;
  // Subscribes for the life of the kernel; `on_message` runs on `to`. [control], once started.
  virtual void subscribe(lane& to, std::string_view pattern,
                         unique_function<void(transport_message)> on_message) = 0;
};

}  // namespace spawn
