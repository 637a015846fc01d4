// Swapping a transport: both plugins listen for a moment, so that nobody is without a listener.
#pragma once
#include "base/limits.hpp"
#include "plugin/ports/swappable_transport_port.hpp"
#include "swap/swap_subject.hpp"

namespace spawn {

// The new plugin is started and connected, listens to all that the old one does, gets what lanes
// send, and only then the old one listens no more. Requests that went out through the old one, and
// messages that it brought and that wait for an answer, end through it: it is stopped when it has
// none, after the swap if drain_ms does not do. A failure before the old one stops listening
// leaves everything as it was.
class transport_swap final : public swap_subject {
 public:
  // Old plugins with something to finish.
  static constexpr std::size_t older_max = 8;
  // Nobody waits longer for an answer.
  static constexpr std::uint64_t older_ms = limits::request_timeout_ms_max;

  transport_swap(plugin_request request, plugin_manager& plugins, const lane_set& lanes,
                 const clock& time, swappable_transport_port& port)
      : swap_subject(std::move(request), plugins, lanes, time), port_(port) {}

  void close() override;
  bool tend() override;

 private:
  using version_ptr = swappable_transport_port::version_ptr;
  struct older {
    std::shared_ptr<plugin_instance> instance;
    version_ptr version;
    std::uint64_t until_ns;
    bool is_done = false;
  };
  [[nodiscard]] result<swap_report> change(const loaded_plugin& next,
                                           const swap_limits& limits) override;
  [[nodiscard]] result<version_ptr> version_of(plugin_instance& next) const;
  [[nodiscard]] result<void> await_link(const plugin_instance& next, std::uint64_t limit_ms) const;
  [[nodiscard]] result<void> listen_too(const version_ptr& next, const swap_limits& limits);
  void give_up(plugin_instance& next, const swap_limits& limits);
  // How long what goes to all has waited, in microseconds.
  [[nodiscard]] std::uint64_t leave(const swap_limits& limits);
  [[nodiscard]] static bool is_idle(const older& of);
  void drop(older& of, const swap_limits& limits);

  swappable_transport_port& port_;
  std::vector<older> older_;
};

}  // namespace spawn
