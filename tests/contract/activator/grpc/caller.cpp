#include "contract/activator/grpc/caller.hpp"

#include <grpcpp/create_channel.h>

#include <vector>

namespace grpc_test {

namespace {

contract::headers copied(const std::multimap<grpc::string_ref, grpc::string_ref>& from) {
  contract::headers out;
  for (const auto& [key, value] : from) {
    out.emplace_back(std::string(key.data(), key.size()), std::string(value.data(), value.size()));
  }
  return out;
}

}  // namespace

grpc::ByteBuffer buffer_of(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return {&slice, 1};
}

std::string bytes_of(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> parts;
  std::string out;
  (void)buffer.Dump(&parts);
  for (const grpc::Slice& part : parts) {
    out.append(reinterpret_cast<const char*>(part.begin()), part.size());
  }
  return out;
}

caller::caller(std::uint16_t port) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetMaxReceiveMessageSize(-1);
  channel_ = grpc::CreateCustomChannel("127.0.0.1:" + std::to_string(port),
                                       grpc::InsecureChannelCredentials(), arguments);
}

call_result caller::unary(const std::string& method, const std::string& message,
                          const contract::headers& with, std::chrono::milliseconds limit) const {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + limit);
  for (const auto& [key, value] : with) {
    context.AddMetadata(key, value);
  }
  grpc::CompletionQueue queue;
  grpc::GenericStub stub(channel_);
  const auto call = stub.PrepareUnaryCall(&context, method, buffer_of(message), &queue);
  call->StartCall();
  grpc::ByteBuffer answer;
  grpc::Status status;
  call->Finish(&answer, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  (void)queue.Next(&tag, &ok);
  return {static_cast<int>(status.error_code()), status.error_message(), bytes_of(answer),
          copied(context.GetServerTrailingMetadata())};
}

caller::stream::stream(const std::shared_ptr<grpc::Channel>& channel, const std::string& method)
    : stub_(channel) {
  context_.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
  rw_ = stub_.PrepareCall(&context_, method, &queue_);
  rw_->StartCall(nullptr);
  (void)next();
}

caller::stream::~stream() {
  context_.TryCancel();
  rw_.reset();
  queue_.Shutdown();
  void* tag = nullptr;
  bool ok = false;
  while (queue_.Next(&tag, &ok)) {
  }
}

bool caller::stream::next() {
  void* tag = nullptr;
  bool ok = false;
  return queue_.Next(&tag, &ok) && ok;
}

bool caller::stream::write(const std::string& message) {
  rw_->Write(buffer_of(message), nullptr);
  return next();
}

void caller::stream::half_close() {
  rw_->WritesDone(nullptr);
  (void)next();
}

std::optional<std::string> caller::stream::read() {
  grpc::ByteBuffer in;
  rw_->Read(&in, nullptr);
  return next() ? std::optional(bytes_of(in)) : std::nullopt;
}

call_result caller::stream::finish() {
  grpc::Status status;
  rw_->Finish(&status, nullptr);
  (void)next();
  return {static_cast<int>(status.error_code()), status.error_message(), "",
          copied(context_.GetServerTrailingMetadata())};
}

}  // namespace grpc_test
