// The paths of an actor host: actions of the kernel's calls, and its health.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "dispatcher.hpp"
#include "http_server.hpp"

namespace spawn::sdk::detail {

// Thread: serve() by each worker. Borrows the dispatcher.
class action_endpoint final : public request_sink {
 public:
  using log_fn = std::function<void(std::string_view)>;

  action_endpoint(const dispatcher& actors, log_fn log) : actors_(actors), log_(std::move(log)) {}
  // One set of reused messages for each worker. Before the first request.
  void prepare(unsigned workers) { workers_ = std::vector<worker_data>(workers); }

  reply serve(unsigned worker, const request& request) override;

 private:
  struct worker_data {
    call_messages messages;
    std::string why;
  };

  const dispatcher& actors_;
  log_fn log_;
  std::vector<worker_data> workers_;
};

}  // namespace spawn::sdk::detail
