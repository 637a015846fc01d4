#include "connection.hpp"

#include <chrono>

#include "channel.hpp"

namespace pubsub {

namespace {

// One watch; then there is another.
constexpr std::chrono::milliseconds watch_ms(500);
// A connection that is being made for so long is a trouble.
constexpr std::uint32_t soon_ms = 500;

}  // namespace

class connection::changed final : public event {
 public:
  explicit changed(connection& of) : of_(&of) {}
  void handle() override { of_->arm(); }

 private:
  connection* of_;
};

connection::connection(const settings& s, spawn::plugin::host_ref host, io_thread& io)
    : endpoint_(s.endpoint), io_(&io), channel_(make_channel(s, host)) {}

void connection::watch() {
  wanted_ = true;
  soon_.start(soon_ms);
  arm();
}

void connection::arm() {
  if (!wanted_) {
    return;
  }
  const grpc_connectivity_state before = state_;
  state_ = channel_->GetState(true);
  if (before == GRPC_CHANNEL_READY && state_ != before) {
    soon_.start(soon_ms);
  }
  channel_->NotifyOnStateChange(state_, std::chrono::system_clock::now() + watch_ms, &io_->queue(),
                                static_cast<tag*>(this));
}

void connection::happened(bool) {
  io_->events().push(std::make_unique<changed>(*this));
}

bool connection::made() const {
  return state_ == GRPC_CHANNEL_READY;
}

std::string connection::trouble() const {
  const bool maybe_soon =
      (state_ == GRPC_CHANNEL_IDLE || state_ == GRPC_CHANNEL_CONNECTING) && !soon_.over();
  return made() || maybe_soon ? std::string() : "no connection to " + endpoint_;
}

}  // namespace pubsub
