#include "contract/activator/grpc/retrying_client.hpp"

#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>

#include "contract/activator/grpc/caller.hpp"

namespace grpc_test {

namespace {

constexpr std::size_t at_once = 80;  // calls
constexpr auto pause = std::chrono::milliseconds(50);

}  // namespace

struct retrying_client::flying {
  std::string body;
  grpc::ClientContext context;
  grpc::ByteBuffer answer;
  grpc::Status status;
  std::unique_ptr<grpc::GenericClientAsyncResponseReader> call;
};

retrying_client::retrying_client(std::uint16_t port) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 50);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 100);
  channel_ = grpc::CreateCustomChannel("127.0.0.1:" + std::to_string(port),
                                       grpc::InsecureChannelCredentials(), arguments);
  thread_ = std::thread([this] { run(); });
}

retrying_client::~retrying_client() {
  over_.store(true);
  thread_.join();
}

void retrying_client::send(std::span<const contract::letter> letters) {
  const std::lock_guard hold(mutex_);
  for (const contract::letter& one : letters) {
    waiting_.push_back({one.body, clock::now()});
  }
}

std::size_t retrying_client::left() {
  const std::lock_guard hold(mutex_);
  return waiting_.size() + calls_.size();
}

void retrying_client::start_some() {
  const std::lock_guard hold(mutex_);
  while (calls_.size() < at_once && !waiting_.empty() && waiting_.front().from <= clock::now()) {
    auto one = std::make_unique<flying>();
    one->body = std::move(waiting_.front().body);
    waiting_.pop_front();
    grpc::GenericStub stub(channel_);
    one->call =
        stub.PrepareUnaryCall(&one->context, "/shop.v1.Desk/Drop", buffer_of(one->body), &queue_);
    one->call->StartCall();
    one->call->Finish(&one->answer, &one->status, one.get());
    calls_.emplace(one.get(), std::move(one));
  }
}

void retrying_client::ended(flying* call) {
  const std::lock_guard hold(mutex_);
  const auto at = calls_.find(call);
  // CANCELLED, which nobody here asked for: the call came while the server was closing.
  const auto code = call->status.error_code();
  const bool again = code == grpc::StatusCode::UNAVAILABLE ||
                     code == grpc::StatusCode::RESOURCE_EXHAUSTED ||
                     code == grpc::StatusCode::CANCELLED;
  if (again && !over_.load()) {
    waiting_.push_back({std::move(call->body), clock::now() + pause});
  }
  calls_.erase(at);
}

void retrying_client::run() {
  void* tag = nullptr;
  bool ok = false;
  while (!over_.load()) {
    start_some();
    const auto until = std::chrono::system_clock::now() + std::chrono::milliseconds(10);
    if (queue_.AsyncNext(&tag, &ok, until) == grpc::CompletionQueue::GOT_EVENT) {
      ended(static_cast<flying*>(tag));
    }
  }
  {
    const std::lock_guard hold(mutex_);
    for (auto& [key, one] : calls_) {
      one->context.TryCancel();
    }
  }
  queue_.Shutdown();
  while (queue_.Next(&tag, &ok)) {
    ended(static_cast<flying*>(tag));
  }
}

}  // namespace grpc_test
