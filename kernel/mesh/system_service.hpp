// Takes what other systems, and plain clients of the transport, call here (protocol.md 9.2).
#pragma once
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/unique_function.hpp"
#include "cell/lane_stats.hpp"
#include "mesh/system_messages.hpp"

namespace spawn {

// One per lane, for the systems whose names are the lane's. The kernels that serve a system take
// turns: they are one queue group. A call is let in as one of ingress is: it counts against the
// same budget, ends by its deadline, and is answered once. One without a reply subject, and one
// that asks for it, is asynchronous. [lane]
class system_service {
 public:
  struct parts {
    lane& home;
    transport_port* transport = nullptr;  // may be null: nobody calls
    byte_budget& budget;
    lane_stats& stats;
    std::uint64_t request_ms = 0, request_ms_max = 0;
    unique_function<void(invocation_ptr)> route;
  };
  explicit system_service(parts with);
  ~system_service();
  system_service(const system_service&) = delete;
  system_service& operator=(const system_service&) = delete;

  // Listens for calls to this system from now on; once more does nothing.
  void serve(std::string_view system);
  // Listens no more to this one.
  void leave(std::string_view system);
  // Listens no more at all: others of the groups have the calls. Calls back when nothing more
  // comes; what is under way is answered.
  void close(unique_function<void()> closed);

 private:
  struct asker;
  void take(const std::string& system, transport_message message);
  [[nodiscard]] result<void> fill(invocation& into, const std::string& system,
                                  const transport_message& from) const;
  void reply(const std::string& to, const outcome& ended, actor_view target, bool is_async);

  parts with_;
  std::map<std::string, std::uint64_t, std::less<>> subscriptions_;  // by system
  bool closed_ = false;
};

}  // namespace spawn
