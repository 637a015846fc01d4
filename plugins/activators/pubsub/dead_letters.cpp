#include "dead_letters.hpp"

#include <memory>
#include <utility>

namespace pubsub {

class dead_letters::publish_call final : public call<api::PublishRequest, api::PublishResponse> {
 public:
  publish_call(dead_letters& of, std::string ack_id, std::uint64_t until_ns, dead_letter_end& then)
      : of_(&of), ack_id_(std::move(ack_id)), until_ns_(until_ns), then_(&then) {}

  reader send(grpc::CompletionQueue* on) override {
    return of_->stub_->AsyncPublish(&context, request, on);
  }
  void ended() override {
    --of_->out_;
    if (!status.ok()) {
      of_->host_.log(spawn::plugin::level::warn, "a dead letter could not be published",
                     spawn::plugin::field("topic", of_->settings_->dead_letter_topic),
                     spawn::plugin::field("error", status.error_message()));
    }
    then_->buried(std::move(ack_id_), until_ns_, status.ok());
  }

 private:
  dead_letters* of_;
  std::string ack_id_;
  std::uint64_t until_ns_;
  dead_letter_end* then_;
};

void dead_letters::publish(api::PubsubMessage message, std::string ack_id, std::uint64_t until_ns,
                           dead_letter_end& then) {
  auto one = std::make_unique<publish_call>(*this, std::move(ack_id), until_ns, then);
  auto& attributes = *message.mutable_attributes();
  attributes["dead-letter-subscription"] = settings_->subscription;
  attributes["dead-letter-message-id"] = message.message_id();
  message.clear_message_id();  // the server gives another one
  message.clear_publish_time();
  one->request.set_topic(settings_->dead_letter_topic);
  *one->request.add_messages() = std::move(message);
  ++out_;
  calls_->start(std::move(one), settings_->call_ms);
}

}  // namespace pubsub
