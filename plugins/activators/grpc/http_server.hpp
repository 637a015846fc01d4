// The HTTP/1.1 listener of transcoding, on a thread of its own. Beside gRPC's port because gRPC's
// server speaks nothing but HTTP/2.
#pragma once
#include <memory>

#include "http_rules.hpp"
#include "worker.hpp"

namespace grpc_source {

// Life: open() until it succeeds, then close() once. [session thread], close() [control].
class http_server {
 public:
  // Borrows both.
  http_server(const service_context& context, const http_rule_table& rules);
  http_server(const http_server&) = delete;
  http_server& operator=(const http_server&) = delete;
  ~http_server();

  // False: the address can not be had now.
  [[nodiscard]] bool open();
  // Cuts off what is open and joins the thread.
  void close();

  class listener;

 private:
  const service_context& context_;
  const http_rule_table& rules_;
  std::unique_ptr<listener> running_;
};

}  // namespace grpc_source
