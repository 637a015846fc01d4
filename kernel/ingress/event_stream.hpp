// What one listener of a channel has not been sent yet, as server-sent events (the HTML standard's
// text/event-stream).
#pragma once
#include <functional>
#include <string>
#include <string_view>

#include "router/channel_listeners.hpp"

namespace spawn {

// Hears the channel from its making to its end. Bounded: who leaves more than `waiting_max` bytes
// unread has lost some, and is to be cut off. [lane]
class event_stream final : public channel_listener {
 public:
  static constexpr std::size_t waiting_max = 1 << 20;

  // `ready` is called when there is something to take and there was nothing before, and when the
  // listener has fallen behind. It must not destroy the stream.
  event_stream(channel_listeners& at, std::string_view system, std::string_view channel,
               std::function<void()> ready);
  ~event_stream();
  event_stream(const event_stream&) = delete;
  event_stream& operator=(const event_stream&) = delete;

  void heard(const broadcast_order& sent) override;
  // A line that says nothing: so both ends know that the other is there.
  void beat();
  // All that waits; "" when nothing does.
  [[nodiscard]] std::string take() noexcept { return std::exchange(waiting_, {}); }
  [[nodiscard]] bool is_behind() const noexcept { return is_behind_; }

 private:
  void add(std::string_view event);

  channel_listeners& at_;
  const std::string system_, channel_;
  std::function<void()> ready_;
  std::string waiting_;
  bool is_behind_ = false;
};

}  // namespace spawn
