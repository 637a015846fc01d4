// A gRPC client that needs no generated code: methods by name, messages as bytes.
#pragma once
#include <grpcpp/channel.h>
#include <grpcpp/generic/generic_stub.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "contract/activator/broker.hpp"

namespace grpc_test {

struct call_result {
  int code = -1;  // gRPC's status
  std::string text, message;
  contract::headers trailing;
};

// Thread: the test's, one call after the other. Each wait ends after 30 s: the call's deadline.
class caller {
 public:
  explicit caller(std::uint16_t port);
  explicit caller(std::shared_ptr<grpc::Channel> channel) : channel_(std::move(channel)) {}

  [[nodiscard]] call_result unary(const std::string& method, const std::string& message,
                                  const contract::headers& with = {},
                                  std::chrono::milliseconds limit = std::chrono::seconds(30)) const;

  // A stream each way.
  class stream {
   public:
    stream(const std::shared_ptr<grpc::Channel>& channel, const std::string& method);
    stream(const stream&) = delete;
    stream& operator=(const stream&) = delete;
    ~stream();
    [[nodiscard]] bool write(const std::string& message);
    void half_close();
    [[nodiscard]] std::optional<std::string> read();
    [[nodiscard]] call_result finish();
    void cancel() { context_.TryCancel(); }

   private:
    bool next();
    grpc::ClientContext context_;
    grpc::CompletionQueue queue_;
    grpc::GenericStub stub_;
    std::unique_ptr<grpc::GenericClientAsyncReaderWriter> rw_;
  };
  [[nodiscard]] std::unique_ptr<stream> open(const std::string& method) const {
    return std::make_unique<stream>(channel_, method);
  }

 private:
  std::shared_ptr<grpc::Channel> channel_;
};

[[nodiscard]] grpc::ByteBuffer buffer_of(const std::string& bytes);
[[nodiscard]] std::string bytes_of(const grpc::ByteBuffer& buffer);

}  // namespace grpc_test
