// A message of NATS in the host's hands: payload and headers stay until the host releases it.
#pragma once
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "nats-common/message.hpp"
#include "spawn/plugin/cpp/bytes.hpp"

namespace nats_transport {

// Life: made on the session thread; lend() gives it to the host. Read-only after construction.
class lent_message {
 public:
  explicit lent_message(nats_common::message_ptr m);
  lent_message(const lent_message&) = delete;
  lent_message& operator=(const lent_message&) = delete;

  [[nodiscard]] std::string_view subject() const noexcept;
  [[nodiscard]] std::string_view reply_to() const noexcept;
  [[nodiscard]] std::span<const spawn_kv> headers() const noexcept { return kv_; }

  // The payload; with its release everything above is gone.
  [[nodiscard]] static spawn_buf lend(std::unique_ptr<lent_message> m) noexcept;

 private:
  nats_common::message_ptr message_;
  std::vector<std::pair<std::string, std::string>> headers_;
  std::vector<spawn_kv> kv_;
};

}  // namespace nats_transport
