#include "plugin/asio_lane_io.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <map>

#include "lane/asio_lane.hpp"

namespace spawn {
namespace {

namespace asio = boost::asio;
using descriptor = asio::posix::stream_descriptor;

// One watched descriptor. Kept by its pending waits as well, so that an unwatch from inside its own
// event does not pull the ground away.
struct watched : std::enable_shared_from_this<watched> {
  watched(asio::io_context& io, int fd) : stream(io, fd) {}
  ~watched() { stream.release(); }  // the plugin closes it

  void wait(descriptor::wait_type what, std::uint32_t bit) {
    stream.async_wait(
        what, [self = shared_from_this(), what, bit](const boost::system::error_code& failed) {
          if (!self->active) {
            return;
          }
          self->on_event(failed ? fd_events::broken : bit);
          if (self->active && !failed) {
            self->wait(what, bit);
          }
        });
  }

  descriptor stream;
  unique_function<void(std::uint32_t)> on_event;
  bool active = true;
};

class asio_lane_io final : public lane_io {
 public:
  explicit asio_lane_io(asio::io_context& io) : io_(io) {}
  ~asio_lane_io() override {
    for (auto& [fd, w] : watched_) {
      w->active = false;
    }
  }

  result<void> watch(int fd, std::uint32_t events,
                     unique_function<void(std::uint32_t)> on_event) override {
    unwatch(fd);
    std::shared_ptr<watched> made;
    try {
      made = std::make_shared<watched>(io_, fd);
    } catch (const boost::system::system_error& e) {
      return fail(errc::invalid, e.what());
    }
    made->on_event = std::move(on_event);
    watched_[fd] = made;
    if ((events & fd_events::readable) != 0) {
      made->wait(descriptor::wait_read, fd_events::readable);
    }
    if ((events & fd_events::writable) != 0) {
      made->wait(descriptor::wait_write, fd_events::writable);
    }
    made->wait(descriptor::wait_error, fd_events::broken);
    return {};
  }

  void unwatch(int fd) noexcept override {
    const auto at = watched_.find(fd);
    if (at == watched_.end()) {
      return;
    }
    at->second->active = false;
    // Out of the reactor at once: after this call the plugin may close the descriptor.
    at->second->stream.release();
    watched_.erase(at);
  }

 private:
  asio::io_context& io_;
  std::map<int, std::shared_ptr<watched>> watched_;
};

}  // namespace

std::unique_ptr<lane_io> make_asio_lane_io(asio_lane& lane) {
  return std::make_unique<asio_lane_io>(lane.io());
}

}  // namespace spawn
