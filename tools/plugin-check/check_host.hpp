// check_host: the host side for tests of the checker: a fake_host whose table lies against a page
// without rights and may end where an older kernel's did, with the services that kinds ask for.
// It counts how often each op ended and can take an op's memory away at that moment.
// Life: must outlive the instances made with it. Thread: the test's; a plugin may call from any.
#pragma once
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <span>

#include "guarded.hpp"
#include "spawn/plugin/activator.h"
#include "spawn/plugin/testing/fake_host.hpp"
#include "spawn/plugin/transport.h"

namespace spawn::check {

// Bytes of the host's table at each minor of the ABI that was released or is about to be. A minor
// that appends to the table appends a line.
struct host_minor {
  std::uint16_t minor;
  std::uint32_t bytes;
};
inline constexpr host_minor host_minors[] = {
    {0, offsetof(spawn_host, health) + sizeof(spawn_host::health)},
};

class check_host : public plugin::testing::fake_host {
 public:
  // The newest table.
  check_host() : check_host(host_minors[std::size(host_minors) - 1]) {}
  // The table as it was at that minor.
  explicit check_host(host_minor at) : check_host(at.minor, at.bytes) {}
  // A table of a kernel that is newer than the plugin.
  static std::unique_ptr<check_host> newer();

  [[nodiscard]] const spawn_host* seen() const noexcept { return table_.as<spawn_host>(); }
  // False: get_interface knows nothing.
  void offer_services(bool on) { services_on_ = on; }
  // What happens to an op when it ends, while complete() runs.
  void at_end(void (*then)(void* arg, spawn_op* op), void* arg) {
    at_end_ = then;
    at_end_arg_ = arg;
  }

  // Ends of this op so far.
  [[nodiscard]] unsigned ends(const spawn_op* op);
  // False: it did not end within the time.
  [[nodiscard]] bool wait_end(const spawn_op* op, std::chrono::milliseconds patience);
  [[nodiscard]] bool faulted() const;

 private:
  check_host(std::uint16_t minor, std::uint32_t bytes);
  void ended(std::span<spawn_op* const> ops);
  static check_host& of(const spawn_host* h) noexcept;

  guarded table_;
  bool services_on_ = true;
  spawn_host_transport transport_{};
  spawn_host_activator activator_{};
  void (*at_end_)(void*, spawn_op*) = nullptr;
  void* at_end_arg_ = nullptr;
  std::mutex ends_mutex_;
  std::condition_variable one_ended_;
  std::map<const spawn_op*, unsigned> ends_;
};

}  // namespace spawn::check
