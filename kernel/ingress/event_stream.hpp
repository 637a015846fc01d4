// What one listener of a channel has not been sent yet, as server-sent events (the HTML standard's
// text/event-stream).
#pragma once
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "router/channel_listeners.hpp"

namespace spawn {

// Hears the channel from its making to its end. Bounded: who leaves more than `waiting_max` bytes
// unread loses some, and is to be cut off. [lane]
class event_stream final : public channel_listener {
 public:
  static constexpr std::size_t waiting_max = 1 << 20;

  // `ready` is called when there is something to take and there was nothing before, and when the
  // stream is over. It must not destroy the stream.
  event_stream(channel_listeners& at, std::string_view system, std::string_view channel,
               std::function<void()> ready);
  ~event_stream();
  event_stream(const event_stream&) = delete;
  event_stream& operator=(const event_stream&) = delete;

  void heard(const std::shared_ptr<const std::string>& event) override;
  void ended() override;
  // A line that says nothing: so both ends know that the other is there.
  [[nodiscard]] static std::string_view beat() noexcept { return ":\n\n"; }
  // The next events that wait, a piece at a time; "" when there are none.
  [[nodiscard]] std::string take();
  // The listener has lost events.
  [[nodiscard]] bool is_behind() const noexcept { return is_behind_; }
  // The kernel ends.
  [[nodiscard]] bool is_over() const noexcept { return is_over_; }

 private:
  channel_listeners& at_;
  const std::string system_, channel_;
  std::function<void()> ready_;
  std::deque<std::shared_ptr<const std::string>> waiting_;
  std::size_t waiting_bytes_ = 0;
  bool is_behind_ = false;
  bool is_over_ = false;
};

}  // namespace spawn
