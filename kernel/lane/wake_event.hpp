// Ends an event loop's sleep from another thread, for one system call and no lock.
#pragma once
#include <boost/asio/io_context.hpp>
// After it: the header does not stand alone.
#include <boost/asio/detail/reactor.hpp>

namespace spawn {

// An eventfd that nobody reads: it is registered edge-triggered, so every write to it is an event.
// With the means that Asio documents a wake-up costs a write, a read and a rearming, or a lock held
// while the sleeper wakes into it; so this uses what Asio's own signal handling stands on
// (register_internal_descriptor). Life: inside that of `io`, which must be run by one thread.
class wake_event {
 public:
  explicit wake_event(boost::asio::io_context& io);
  ~wake_event();
  wake_event(const wake_event&) = delete;
  wake_event& operator=(const wake_event&) = delete;

  // run_one() of the loop, this one or the next, returns. [any]
  void signal() noexcept;

 private:
  // Always waiting, never done.
  struct listener : boost::asio::detail::reactor_op {
    listener();
  };

  boost::asio::detail::reactor& reactor_;
  boost::asio::detail::reactor::per_descriptor_data registered_{};
  listener listener_;
  const int fd_;
};

}  // namespace spawn
