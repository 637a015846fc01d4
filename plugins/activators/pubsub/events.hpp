// What the thread that waits for gRPC tells the session thread. It only puts into a queue what has
// happened, and there the session thread finds it: every decision is made there, without locks.
#pragma once
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <memory>
#include <mutex>
#include <system_error>
#include <utility>
#include <vector>

namespace pubsub {

// Something that happened. Made anywhere, handled on the session thread.
class event {
 public:
  event() = default;
  event(const event&) = delete;
  event& operator=(const event&) = delete;
  virtual ~event() = default;
  virtual void handle() = 0;
};

// Held by the session and by each call that is out, so that a call which ends late finds it.
// Bounded by the calls that are out.
class event_queue {
 public:
  event_queue() : wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    if (wake_ < 0) {
      throw std::system_error(errno, std::generic_category(), "eventfd");
    }
  }
  event_queue(const event_queue&) = delete;
  event_queue& operator=(const event_queue&) = delete;
  ~event_queue() { ::close(wake_); }

  // [any]
  void push(std::unique_ptr<event> one) {
    {
      const std::lock_guard hold(mutex_);
      waiting_.push_back(std::move(one));
    }
    const std::uint64_t more = 1;
    (void)!::write(wake_, &more, sizeof(more));
  }

  // Readable while something waits.
  [[nodiscard]] int fd() const noexcept { return wake_; }

  // [session thread]
  void handle_all() {
    std::uint64_t ignored = 0;
    (void)!::read(wake_, &ignored, sizeof(ignored));
    std::vector<std::unique_ptr<event>> now;
    {
      const std::lock_guard hold(mutex_);
      now.swap(waiting_);
    }
    for (const auto& one : now) {
      one->handle();
    }
  }

 private:
  const int wake_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<event>> waiting_;
};

}  // namespace pubsub
