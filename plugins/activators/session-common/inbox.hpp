// What the kernel tells the thread that owns a session with a broker: the window, verdicts,
// messages to publish, and the end; and the gate through which that thread offers. Bounded by the
// kernel: verdicts by the window, messages by its own bound on what a sink has in flight.
#pragma once
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "spawn/plugin/cpp/activator.hpp"
#include "spawn/plugin/cpp/sink.hpp"

namespace spawn::plugin {

// A spawn_settle without its reply.
struct verdict {
  std::uint64_t token = 0;
  std::uint32_t kind = 0;  // SPAWN_ACK ...
  std::uint32_t delay_ms = 0;
  std::string why;  // DEAD: for people
};

class session_inbox {
 public:
  struct orders {
    std::vector<verdict> verdicts;
    std::vector<pending<spawn_sink_message>> publishes;
    std::uint32_t window = 0;
    bool paused = false;
    bool stopping = false;
  };

  session_inbox() : wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    if (wake_ < 0) {
      throw std::system_error(errno, std::generic_category(), "eventfd");
    }
  }
  session_inbox(const session_inbox&) = delete;
  session_inbox& operator=(const session_inbox&) = delete;
  ~session_inbox() { ::close(wake_); }

  void set_window(std::uint32_t window, bool pause) {
    change([&](orders& now) {
      now.window = window;
      now.paused = pause;
    });
  }
  void settle(std::span<const spawn_settle* const> verdicts) {
    change([&](orders& now) {
      for (const spawn_settle* one : verdicts) {
        now.verdicts.push_back(
            {one->token, one->verdict, one->delay_ms,
             one->verdict == SPAWN_DEAD ? std::string(text(one->error)) : std::string()});
      }
    });
  }
  // While it is closed offer() takes nothing. Returns when an offer() that runs has ended: [lane].
  void open_lane(bool open) {
    const std::lock_guard hold(offers_);
    lane_open_ = open;
  }
  // activator_host::offer to lane 0, and false while the lane is closed: lane_close promises that
  // nothing is offered when it has returned. [session thread]
  [[nodiscard]] bool offer(const activator_host& host, std::unique_ptr<delivery>& d) {
    const std::lock_guard hold(offers_);
    return lane_open_ && host.offer(0, d);
  }
  void publish(pending<spawn_sink_message> message) {
    change([&](orders& now) { now.publishes.push_back(std::move(message)); });
  }
  // For good: every later take() says `stopping`.
  void stop() {
    change([](orders& now) { now.stopping = true; });
  }

  // Ends a wait(), for what does not come through here.
  void wake() {
    change([](orders&) {});
  }

  // Readable while there is something to take: for the session thread's poll().
  [[nodiscard]] int fd() const noexcept { return wake_; }

  // Waits until there is something to take, at most `limit_ms` (-1: for ever). [session thread]
  void wait(int limit_ms) const noexcept {
    pollfd one{wake_, POLLIN, 0};
    (void)::poll(&one, 1, limit_ms);
  }

  // All there is; window and paused are the latest. [session thread]
  [[nodiscard]] orders take() {
    std::uint64_t ignored = 0;
    (void)!::read(wake_, &ignored, sizeof(ignored));
    const std::lock_guard hold(mutex_);
    orders out;
    out.verdicts.swap(now_.verdicts);
    out.publishes.swap(now_.publishes);
    out.window = now_.window;
    out.paused = now_.paused;
    out.stopping = now_.stopping;
    return out;
  }

 private:
  template <class F>
  void change(F&& f) {
    {
      const std::lock_guard hold(mutex_);
      f(now_);
    }
    const std::uint64_t one = 1;
    (void)!::write(wake_, &one, sizeof(one));
  }

  const int wake_;
  std::mutex mutex_;
  orders now_;
  std::mutex offers_;
  bool lane_open_ = false;
};

// The lanes of an activator whose work is all done on its session thread. Both borrow the inbox,
// which the instance owns.
class inbox_lane {
 public:
  explicit inbox_lane(session_inbox& to) : to_(&to) { to_->open_lane(true); }
  inbox_lane(const inbox_lane&) = delete;
  inbox_lane& operator=(const inbox_lane&) = delete;
  ~inbox_lane() {
    to_->set_window(0, true);
    to_->open_lane(false);
  }
  void set_window(std::uint32_t window, bool pause) { to_->set_window(window, pause); }
  void settle(std::span<const spawn_settle* const> verdicts) { to_->settle(verdicts); }

 private:
  session_inbox* to_;
};

class inbox_sink_lane {
 public:
  explicit inbox_sink_lane(session_inbox& to) : to_(&to) {}
  void publish(pending<spawn_sink_message> message) { to_->publish(std::move(message)); }

 private:
  session_inbox* to_;
};

}  // namespace spawn::plugin
