#include "lent_message.hpp"

#include "headers.hpp"

namespace nats_transport {

lent_message::lent_message(nats_common::message_ptr m) : message_(std::move(m)) {
  for (const auto& [name, value] : nats_common::headers_of(message_.get())) {
    headers_.emplace_back(name, decoded_header(value));
  }
  kv_.reserve(headers_.size());
  for (const auto& [name, value] : headers_) {
    kv_.push_back({spawn::plugin::slice(name), spawn::plugin::slice(value)});
  }
}

std::string_view lent_message::subject() const noexcept {
  return nats_common::subject_of(message_.get());
}

std::string_view lent_message::reply_to() const noexcept {
  return nats_common::reply_of(message_.get());
}

spawn_buf lent_message::lend(std::unique_ptr<lent_message> m) noexcept {
  const std::string_view payload = nats_common::payload_of(m->message_.get());
  return {payload.data() == nullptr ? "" : payload.data(), payload.size(),
          [](void* ctx, const void*, std::uint64_t) noexcept {
            delete static_cast<lent_message*>(ctx);
          },
          m.release()};
}

}  // namespace nats_transport
