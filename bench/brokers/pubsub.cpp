// gRPC: one stream that brings messages, and one Acknowledge at a time for all that came meanwhile.
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "broker.hpp"
#include "pubsub.grpc.pb.h"

namespace spawn::bench {

namespace {

namespace api = google::pubsub::v1;
constexpr std::size_t ack_ids_max = 1'000;
constexpr int ack_deadline_s = 60;

void must(const grpc::Status& status, const char* what) {
  if (!status.ok()) {
    throw std::runtime_error(std::string(what) + ": " + status.error_message());
  }
}

void set_limit(grpc::ClientContext& of, int seconds = patience_s) {
  of.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(seconds));
  of.set_wait_for_ready(true);
}

// Acknowledges on a thread of its own what the stream has brought.
class acknowledger {
 public:
  acknowledger(api::Subscriber::Stub& through, std::string subscription)
      : through_(through), subscription_(std::move(subscription)), thread_([this] { run(); }) {}
  ~acknowledger() { (void)finish(); }

  void add(std::string id) {
    {
      const std::lock_guard hold(mutex_);
      waiting_.push_back(std::move(id));
    }
    changed_.notify_one();
  }

  // Returns when all of them are acknowledged; the first trouble there was.
  grpc::Status finish() {
    {
      const std::lock_guard hold(mutex_);
      over_ = true;
    }
    changed_.notify_one();
    if (thread_.joinable()) {
      thread_.join();
    }
    return trouble_;
  }

 private:
  void run() {
    for (std::vector<std::string> ids = next(); !ids.empty(); ids = next()) {
      for (std::size_t from = 0; from < ids.size(); from += ack_ids_max) {
        api::AcknowledgeRequest request;
        request.set_subscription(subscription_);
        for (std::size_t i = from; i < std::min(ids.size(), from + ack_ids_max); ++i) {
          request.add_ack_ids(std::move(ids[i]));
        }
        grpc::ClientContext context;
        set_limit(context);
        api::Empty nothing;
        const grpc::Status status = through_.Acknowledge(&context, request, &nothing);
        trouble_ = trouble_.ok() ? status : trouble_;
      }
    }
  }

  std::vector<std::string> next() {
    std::unique_lock hold(mutex_);
    changed_.wait(hold, [this] { return over_ || !waiting_.empty(); });
    return std::exchange(waiting_, {});
  }

  api::Subscriber::Stub& through_;
  const std::string subscription_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> waiting_;
  bool over_ = false;
  grpc::Status trouble_;  // of the thread, until it has ended
  std::thread thread_;
};

class pubsub final : public broker {
 public:
  explicit pubsub(const std::string& at)
      : project_("projects/" + at.substr(at.find('/') + 1) + "/"),
        channel_(
            grpc::CreateChannel(at.substr(0, at.find('/')), grpc::InsecureChannelCredentials())),
        publisher_(api::Publisher::NewStub(channel_)),
        subscriber_(api::Subscriber::NewStub(channel_)) {}

  void make(const std::string& queue) override {
    api::Topic topic;
    topic.set_name(project_ + "topics/" + queue);
    grpc::ClientContext first, second;
    set_limit(first);
    api::Topic made;
    must(publisher_->CreateTopic(&first, topic, &made), "making a topic");
    api::Subscription wanted, got;
    wanted.set_name(project_ + "subscriptions/" + queue);
    wanted.set_topic(topic.name());
    wanted.set_ack_deadline_seconds(ack_deadline_s);
    set_limit(second);
    must(subscriber_->CreateSubscription(&second, wanted, &got), "making a subscription");
  }

  void publish(const std::string& queue, std::span<const letter> letters) override {
    api::PublishRequest request;
    request.set_topic(project_ + "topics/" + queue);
    for (const letter& one : letters) {
      api::PubsubMessage& message = *request.add_messages();
      message.set_data(one.body);
      (*message.mutable_attributes())["content-type"] = "application/json";
    }
    grpc::ClientContext context;
    set_limit(context);
    api::PublishResponse confirmed;
    must(publisher_->Publish(&context, request, &confirmed), "publishing");
  }

  void consume(const std::string& queue, std::uint64_t messages, std::uint32_t window,
               handler& work, stopwatch& watch) override {
    const std::string subscription = project_ + "subscriptions/" + queue;
    api::StreamingPullRequest first;
    first.set_subscription(subscription);
    first.set_stream_ack_deadline_seconds(ack_deadline_s);
    first.set_max_outstanding_messages(window);
    grpc::ClientContext context;
    set_limit(context, 10 * patience_s);
    const auto stream = subscriber_->StreamingPull(&context);
    stream->Write(first);
    acknowledger acks(*subscriber_, subscription);
    api::StreamingPullResponse some;
    for (std::uint64_t n = 0; n < messages;) {
      if (!stream->Read(&some)) {
        must(stream->Finish(), "receiving");
        throw std::runtime_error("the stream ended");
      }
      watch.first();
      for (const auto& one : some.received_messages()) {
        work.take(one.message().message_id(), one.message().data());
      }
      work.finish();
      for (auto& one : *some.mutable_received_messages()) {
        acks.add(std::move(*one.mutable_ack_id()));
        ++n;
      }
    }
    must(acks.finish(), "acknowledging");
    watch.last();
    context.TryCancel();
    (void)stream->Finish();  // cancelled, as it was asked to be
  }

 private:
  const std::string project_;
  const std::shared_ptr<grpc::Channel> channel_;
  const std::unique_ptr<api::Publisher::Stub> publisher_;
  const std::unique_ptr<api::Subscriber::Stub> subscriber_;
};

}  // namespace

std::unique_ptr<broker> make_pubsub(const std::string& at) {
  return std::make_unique<pubsub>(at);
}

}  // namespace spawn::bench
