// "Stop new work and know when the old is done." Belongs to one thread.
#pragma once
#include <cstddef>
#include <utility>

#include "base/assert.hpp"
#include "base/unique_function.hpp"

namespace spawn {

// enter() before a piece of work, leave() after it. close() refuses new work and calls back once
// the last piece has left (at once when none is inside); an empty callback is nobody to call.
// reopen() undoes a finished close.
class gate {
 public:
  gate() noexcept = default;
  gate(const gate&) = delete;
  gate& operator=(const gate&) = delete;
  ~gate() { SPAWN_DCHECK(inside_ == 0, "gate destroyed with work inside"); }

  [[nodiscard]] bool try_enter() noexcept {
    if (closed_) {
      return false;
    }
    ++inside_;
    return true;
  }
  void leave() {
    SPAWN_ASSERT(inside_ > 0, "gate left more often than entered");
    if (--inside_ == 0 && closed_) {
      tell();
    }
  }
  void close(unique_function<void()> done) {
    SPAWN_ASSERT(!closed_, "gate closed twice");
    closed_ = true;
    closed_done_ = std::move(done);
    if (inside_ == 0) {
      tell();
    }
  }
  void reopen() noexcept {
    SPAWN_ASSERT(closed_ && !closed_done_, "gate reopened before it was closed");
    closed_ = false;
  }
  [[nodiscard]] bool is_closed() const noexcept { return closed_; }
  [[nodiscard]] std::size_t inside() const noexcept { return inside_; }

 private:
  void tell() {
    if (auto done = std::exchange(closed_done_, nullptr)) {
      done();
    }
  }

  std::size_t inside_ = 0;
  bool closed_ = false;
  unique_function<void()> closed_done_;
};

}  // namespace spawn
