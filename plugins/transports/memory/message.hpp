// message: what was published, immutable, shared by everyone it is delivered to and freed by the
// last release. [any]
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "spawn/plugin/cpp/transport.hpp"

namespace memory_bus {

class message {
 public:
  message(const spawn_tp_send& op, std::string reply_to)
      : subject_(spawn::plugin::text(op.subject)), reply_to_(std::move(reply_to)) {
    for (std::uint32_t i = 0; i < op.n_payload; ++i) {
      payload_.append(spawn::plugin::text(op.payload[i]));
    }
    headers_.reserve(op.n_headers);
    for (std::uint32_t i = 0; i < op.n_headers; ++i) {
      headers_.emplace_back(spawn::plugin::text(op.headers[i].key),
                            spawn::plugin::text(op.headers[i].value));
    }
    for (const auto& [key, value] : headers_) {
      kv_.push_back({spawn::plugin::slice(key), spawn::plugin::slice(value)});
    }
  }
  message(const message&) = delete;
  message& operator=(const message&) = delete;

  [[nodiscard]] const std::string& subject() const noexcept { return subject_; }
  [[nodiscard]] const std::string& reply_to() const noexcept { return reply_to_; }
  [[nodiscard]] const std::vector<spawn_kv>& headers() const noexcept { return kv_; }
  [[nodiscard]] const std::string& payload() const noexcept { return payload_; }

 private:
  std::string subject_, reply_to_, payload_;
  std::vector<std::pair<std::string, std::string>> headers_;
  std::vector<spawn_kv> kv_;
};

using message_ptr = std::shared_ptr<const message>;

// The payload as a buffer of the host's, which keeps the whole message alive until its release.
[[nodiscard]] inline spawn_buf lend(message_ptr m) {
  const std::string& payload = m->payload();
  auto held = std::make_unique<message_ptr>(std::move(m));
  return {
      payload.data(), payload.size(),
      [](void* ctx, const void*, std::uint64_t) noexcept { delete static_cast<message_ptr*>(ctx); },
      held.release()};
}

}  // namespace memory_bus
