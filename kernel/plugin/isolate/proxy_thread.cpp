// The thread of a proxy: listens to its process, and looks whether it still answers.
#include <poll.h>

#include <algorithm>
#include <array>

#include "plugin/contain.hpp"
#include "plugin/isolate/proxy.hpp"

namespace spawn::isolate {
namespace {

constexpr int frames_per_round = 256;      // of one channel, before the others get their go
constexpr std::uint64_t goodbye_ms = 500;  // for a child to end by itself
constexpr std::uint64_t ping_every_ms_max = 500;
// Operations may wait for a server, longer than an answer takes.
constexpr std::uint64_t stuck_watchdogs = 6;
// When this thread itself did not run for so long, the machine was busy or asleep: nobody's answer
// is late then.
constexpr std::uint64_t own_stall_ms = 500;

}  // namespace

void proxy::run() {
  name_plugin_thread(options_.order.instance);
  woken_ns_ = now();
  launch();
  for (;;) {
    std::array<pollfd, 3> fds = {{{bell_, POLLIN, 0},
                                  {child_ ? child_->exit_fd() : -1, POLLIN, 0},
                                  {child_ ? child_->output() : -1, POLLIN, 0}}};
    const int wait_ms = poll_ms();
    const std::uint64_t before = now();
    ::poll(fds.data(), fds.size(), wait_ms);
    woken_ns_ = now();
    const std::uint64_t took_ms = (woken_ns_ - before) / ns_per_ms;
    if (took_ms > static_cast<std::uint64_t>(wait_ms) + own_stall_ms) {
      for (auto& each : channels_) {
        each->pinged_ns = woken_ns_;
        each->moved_ns = woken_ns_;
      }
    }
    if (fds[0].revents != 0) {
      hush_bell(bell_);
    }
    if (child_) {
      read_output();
      static_cast<void>(take_frames());
      if (fds[1].revents != 0) {
        // What it said before it died has been said.
        while (take_frames()) {
        }
        read_output();
        const std::string end = child_->reap();
        lost(cause_.empty() ? end : cause_);
      }
    }
    std::string condemned;
    {
      const std::lock_guard hold(mutex_);
      if (closing_) {
        break;
      }
      condemned.swap(condemned_);
    }
    if (!condemned.empty()) {
      give_up(std::move(condemned));
    }
    on_time();
  }
  if (child_) {
    pollfd end{child_->exit_fd(), POLLIN, 0};
    if (::poll(&end, 1, static_cast<int>(goodbye_ms)) == 0) {
      child_->kill();
    }
    read_output();
    static_cast<void>(child_->reap());
  }
  close_child();
}

int proxy::poll_ms() {
  std::uint64_t due = woken_ns_ + 60 * ns_per_s;
  if (phase_ == phase::launching || phase_ == phase::waiting) {
    due = due_ns_;
  } else if (phase_ == phase::up) {
    due = next_ping_ns_;
  }
  for (auto& each : channels_) {
    if (area_ && !each->receiver.broken() && !each->receiver.sleep()) {
      return 0;
    }
  }
  const std::uint64_t at = now();
  return due <= at ? 0 : static_cast<int>((due - at) / ns_per_ms + 1);
}

void proxy::on_time() {
  const std::uint64_t at = now();
  if (phase_ == phase::launching && at >= due_ns_) {
    give_up(start_id_ != 0 ? "its start did not end in time" : "it was not ready in time");
    due_ns_ = at + 60 * ns_per_s;  // its end is at hand
  } else if (phase_ == phase::waiting && at >= due_ns_) {
    options_.facts->restarts.fetch_add(1);
    launch();
  } else if (phase_ == phase::up && at >= next_ping_ns_) {
    ping_all(at);
  }
}

void proxy::ping_all(std::uint64_t at) {
  const std::uint64_t every = std::min(options_.limits.watchdog_ms / 4 + 1, ping_every_ms_max);
  next_ping_ns_ = at + every * ns_per_ms;
  tell_time();
  for (std::size_t i = 0; i < channels_.size(); ++i) {
    channel& each = *channels_[i];
    if (stuck(each, at)) {
      give_up("it has operations and ended none for " +
              std::to_string(options_.limits.watchdog_ms * stuck_watchdogs) + " ms");
    }
    if (each.pinged == 0) {
      encoder out = frame_of(frame::ping);
      each.pinged = ++last_ping_;
      each.pinged_ns = at;
      out.value(each.pinged);
      static_cast<void>(each.sender.send(out.out()));
    } else if (at - each.pinged_ns > options_.limits.watchdog_ms * ns_per_ms) {
      give_up((i == 0 ? "it" : "its lane " + std::to_string(i - 1)) + " did not answer for " +
              std::to_string(options_.limits.watchdog_ms) + " ms");
    }
  }
}

// A store with a thread of its own answers pings while that thread hangs in the plugin.
bool proxy::stuck(channel& at, std::uint64_t time) {
  std::size_t in_flight = 0;
  {
    const std::lock_guard hold(at.mutex);
    in_flight = at.in_flight.in_flight();
  }
  if (in_flight == 0 || options_.order.kind != "statestore" || &at == channels_[0].get()) {
    at.moved_ns = time;
  }
  return time - at.moved_ns > options_.limits.watchdog_ms * stuck_watchdogs * ns_per_ms;
}

// True when there was something, so that there may be more.
bool proxy::take_frames() {
  bool any = false;
  std::string bytes;
  for (std::uint32_t i = 0; i < channels_.size() && area_; ++i) {
    channel& each = *channels_[i];
    each.sender.go_on();
    for (int n = 0; n < frames_per_round && each.receiver.next(bytes); ++n) {
      any = true;
      take(i, std::move(bytes));
      bytes = {};
    }
    if (each.receiver.broken()) {
      give_up("it broke the protocol");
    }
  }
  return any;
}

}  // namespace spawn::isolate
