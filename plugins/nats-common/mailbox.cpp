#include "nats-common/mailbox.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace nats_common {

mailbox::mailbox() : wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (wake_ < 0) {
    throw std::system_error(errno, std::generic_category(), "eventfd");
  }
}

mailbox::~mailbox() {
  ::close(wake_);
}

void mailbox::wake() noexcept {
  const std::uint64_t one = 1;
  (void)!::write(wake_, &one, sizeof(one));
}

void mailbox::put(std::uint64_t subscription, message_ptr message) {
  const std::size_t bytes = payload_of(message.get()).size();
  {
    const std::lock_guard hold(mutex_);
    if (now_.messages.size() >= mailbox_messages_max || bytes_ + bytes > mailbox_bytes_max) {
      ++now_.dropped;
      return;
    }
    bytes_ += bytes;
    now_.messages.push_back({subscription, std::move(message)});
    if (now_.messages.size() > 1) {
      return;  // whoever put the first one woke the session
    }
  }
  wake();
}

void mailbox::closed(std::uint64_t connection) {
  {
    const std::lock_guard hold(mutex_);
    now_.closed = std::max(now_.closed, connection);
  }
  wake();
}

void mailbox::problem(std::string text) {
  {
    const std::lock_guard hold(mutex_);
    if (now_.problems.size() < mailbox_problems_max) {
      now_.problems.push_back(std::move(text));
    }
  }
  wake();
}

mailbox::contents mailbox::take() {
  std::uint64_t ignored = 0;
  (void)!::read(wake_, &ignored, sizeof(ignored));
  const std::lock_guard hold(mutex_);
  bytes_ = 0;
  contents out = std::exchange(now_, {});
  now_.closed = out.closed;
  return out;
}

}  // namespace nats_common
