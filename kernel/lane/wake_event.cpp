#include "lane/wake_event.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <system_error>

namespace spawn {
namespace asio = boost::asio;

wake_event::listener::listener()
    : reactor_op(
          boost::system::error_code(), [](reactor_op*) { return not_done; },
          [](void*, asio::detail::operation*, const boost::system::error_code&, std::size_t) {}) {}

wake_event::wake_event(asio::io_context& io)
    : reactor_(asio::use_service<asio::detail::reactor>(io)),
      fd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (fd_ < 0) {
    throw std::system_error(errno, std::generic_category(), "eventfd of a lane");
  }
  reactor_.init_task();
  const int failed = reactor_.register_internal_descriptor(asio::detail::reactor::read_op, fd_,
                                                           registered_, &listener_);
  if (failed != 0) {
    ::close(fd_);
    throw std::system_error(failed, std::generic_category(), "eventfd of a lane");
  }
}

wake_event::~wake_event() {
  reactor_.deregister_internal_descriptor(fd_, registered_);
  reactor_.cleanup_descriptor_data(registered_);
  ::close(fd_);
}

void wake_event::signal() noexcept {
  const std::uint64_t one = 1;
  // Fails only when the counter is full, after 2^64 wake-ups.
  [[maybe_unused]] const auto written = ::write(fd_, &one, sizeof one);
}

}  // namespace spawn
