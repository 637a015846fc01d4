// The listening gRPC server with its workers.
#pragma once
#include <grpcpp/server.h>

#include <atomic>
#include <memory>
#include <vector>

#include "worker.hpp"

namespace grpc_source {

// Life: open() until it succeeds, then close() once. [session thread], close() [control].
class grpc_server {
 public:
  explicit grpc_server(const service_context& context) : context_(context) {}
  grpc_server(const grpc_server&) = delete;
  grpc_server& operator=(const grpc_server&) = delete;
  ~grpc_server() { close(); }

  // False: the address can not be had now.
  [[nodiscard]] bool open();
  // Calls that are open get a moment to end, then they are cut off. Joins the workers.
  void close();
  void health_changed();  // [any], while open

 private:
  const service_context& context_;
  std::unique_ptr<grpc::AsyncGenericService> service_;
  std::atomic<std::uint32_t> open_calls_{0};
  std::vector<std::unique_ptr<worker>> workers_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace grpc_source
