#include "publisher.hpp"

#include <algorithm>
#include <utility>

#include "messages.hpp"

namespace pubsub {

namespace {

using spawn::plugin::pending;

// Requests that are out at the same time.
constexpr std::size_t out_most = 64;
// What a message needs beside its bytes, at most.
constexpr std::uint64_t framing_bytes = 64;

// What an op ends with when its request ended with this.
spawn_status status_of(grpc::StatusCode code) {
  switch (code) {
    case grpc::StatusCode::OK:
      return SPAWN_OK;
    case grpc::StatusCode::NOT_FOUND:
      return SPAWN_E_NOT_FOUND;
    case grpc::StatusCode::PERMISSION_DENIED:
      return SPAWN_E_DENIED;
    case grpc::StatusCode::INVALID_ARGUMENT:
    case grpc::StatusCode::OUT_OF_RANGE:
    case grpc::StatusCode::UNIMPLEMENTED:
      return SPAWN_E_INVALID;
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      return SPAWN_E_EXHAUSTED;
    // Says nothing of the message: with another token it goes.
    case grpc::StatusCode::UNAUTHENTICATED:
    case grpc::StatusCode::FAILED_PRECONDITION:
      return SPAWN_E_UNAVAILABLE;
    default:
      return SPAWN_E_UNKNOWN_OUTCOME;
  }
}

void end(publish_batch& batch, spawn_status status, const std::string& why) {
  for (auto& op : batch.ops) {
    op.end(status, why);
  }
}

}  // namespace

class publisher::publish_call final : public call<api::PublishRequest, api::PublishResponse> {
 public:
  publish_call(publisher& of, publish_batch&& batch) : of_(&of), batch_(std::move(batch)) {
    request.Swap(&batch_.request);
  }
  reader send(grpc::CompletionQueue* on) override {
    return of_->stub_->AsyncPublish(&context, request, on);
  }
  void ended() override {
    request.Swap(&batch_.request);
    of_->ended(status, std::move(batch_));
  }

 private:
  publisher* of_;
  publish_batch batch_;
};

void publisher::add(pending<spawn_sink_message> op) {
  const std::string_view destination = spawn::plugin::text(op->destination);
  const std::string topic =
      destination.empty() ? settings_->topic : settings_->topic_name(destination);
  if (topic.empty()) {
    return op.end(SPAWN_E_INVALID, "no destination, and the config names no topic");
  }
  api::PubsubMessage message;
  if (const auto wrong = fill(*settings_, *op, message)) {
    return op.end(wrong->status, wrong->why);
  }
  const std::uint64_t bytes = message.ByteSizeLong() + framing_bytes;
  const bool alone = !message.ordering_key().empty();
  publish_batch own;
  publish_batch& batch = alone ? own : gathering_[topic];
  if (!batch.ops.empty() && batch.bytes + bytes > settings_->batch_bytes) {
    close(std::exchange(batch, {}));
  }
  if (batch.ops.empty()) {
    batch.request.set_topic(topic);
    batch.others.start(settings_->batch_ms);
  }
  *batch.request.add_messages() = std::move(message);
  batch.bytes += bytes;
  const std::uint64_t deadline = op->op.deadline_ns;
  if (deadline != 0 && (batch.deadline_ns == 0 || deadline < batch.deadline_ns)) {
    batch.deadline_ns = deadline;
  }
  batch.ops.push_back(std::move(op));
  if (alone) {
    close(std::move(own));
  } else if (batch.ops.size() >= settings_->batch_messages ||
             batch.bytes >= settings_->batch_bytes) {
    close(std::move(batch));
    gathering_.erase(topic);
  }
}

void publisher::flush(const std::string& why_not) {
  for (auto at = gathering_.begin(); at != gathering_.end();) {
    if (at->second.others.over()) {
      close(std::move(at->second));
      at = gathering_.erase(at);
    } else {
      ++at;
    }
  }
  while (!ready_.empty() && (out_ < out_most || !why_not.empty())) {
    publish_batch batch = std::move(ready_.front());
    ready_.pop_front();
    if (!why_not.empty()) {
      end(batch, SPAWN_E_UNAVAILABLE, why_not);
      continue;
    }
    std::uint64_t limit_ms = settings_->call_ms;
    if (batch.deadline_ns != 0) {
      const std::uint64_t now = host_.now_ns();
      if (batch.deadline_ns <= now) {
        end(batch, SPAWN_E_UNKNOWN_OUTCOME, "the deadline passed before the message was sent");
        continue;
      }
      limit_ms = std::min(limit_ms, (batch.deadline_ns - now) / 1'000'000 + 1);
    }
    send(std::move(batch), limit_ms);
  }
}

void publisher::send(publish_batch&& batch, std::uint64_t limit_ms) {
  ++out_;
  calls_->start(std::make_unique<publish_call>(*this, std::move(batch)), limit_ms);
}

// One message that the server does not take fails its whole request: the others get one of their
// own.
void publisher::ended(const grpc::Status& status, publish_batch&& batch) {
  --out_;
  const spawn_status what = status_of(status.error_code());
  if (what == SPAWN_E_INVALID && batch.ops.size() > 1) {
    for (std::size_t i = 0; i < batch.ops.size(); ++i) {
      publish_batch one;
      one.request.set_topic(batch.request.topic());
      *one.request.add_messages() = std::move(*batch.request.mutable_messages(static_cast<int>(i)));
      one.deadline_ns = batch.ops[i]->op.deadline_ns;
      one.ops.push_back(std::move(batch.ops[i]));
      close(std::move(one));
    }
    return;
  }
  if (what == SPAWN_OK) {
    return end(batch, SPAWN_OK, {});
  }
  end(batch, what,
      batch.request.topic() + ": " +
          (status.error_message().empty() ? "publishing failed" : status.error_message()));
}

int publisher::wait_ms() const {
  int out = -1;
  for (const auto& [topic, batch] : gathering_) {
    const int left = batch.others.left_ms();
    out = out < 0 ? left : std::min(out, left);
  }
  return !ready_.empty() && out_ < out_most ? 0 : out;
}

void publisher::end_all(spawn_status status, const std::string& why) {
  for (auto& [topic, batch] : std::exchange(gathering_, {})) {
    end(batch, status, why);
  }
  for (publish_batch& batch : std::exchange(ready_, {})) {
    end(batch, status, why);
  }
}

}  // namespace pubsub
