#include "deliveries.hpp"

#include <utility>

namespace pubsub {

std::unique_ptr<spawn::plugin::delivery> delivery_of(const settings& s, bool ordered,
                                                     google::pubsub::v1::ReceivedMessage& from) {
  auto out = std::make_unique<spawn::plugin::delivery>();
  auto& message = *from.mutable_message();
  out->source = s.subscription;
  out->attempt = static_cast<std::uint32_t>(from.delivery_attempt());
  // Without a dead letter policy the server counts nothing: then it may have come before.
  out->flags = from.delivery_attempt() == 1 ? 0U : static_cast<std::uint32_t>(SPAWN_D_REDELIVERED);
  out->dedup_id = message.message_id();
  if (ordered) {
    out->order_key = message.ordering_key();
  }
  out->content_type = s.content_type;
  out->headers.reserve(message.attributes().size() + 4);
  for (auto& [key, value] : *message.mutable_attributes()) {
    if (key == "content-type" || key == "Content-Type") {
      out->content_type = value;
    }
    out->headers.emplace_back(key, std::move(value));
  }
  out->headers.emplace_back("pubsub-subscription", s.subscription);
  out->headers.emplace_back("pubsub-message-id", message.message_id());
  const auto& time = message.publish_time();
  out->headers.emplace_back("pubsub-publish-time-ms",
                            std::to_string(time.seconds() * 1'000 + time.nanos() / 1'000'000));
  if (!message.ordering_key().empty()) {
    out->headers.emplace_back("pubsub-ordering-key", message.ordering_key());
  }
  if (from.delivery_attempt() > 0) {
    out->headers.emplace_back("pubsub-delivery-attempt", std::to_string(from.delivery_attempt()));
  }
  out->payload = std::move(*message.mutable_data());
  return out;
}

}  // namespace pubsub
