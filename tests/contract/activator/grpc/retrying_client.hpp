// Clients that stand for a source: each message is a call that is made again until the server takes
// it. So a gRPC client with a retry policy does what a broker's queue does.
#pragma once
#include <grpcpp/channel.h>
#include <grpcpp/completion_queue.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <thread>

#include "contract/activator/broker.hpp"

namespace grpc_test {

// Life: calls from the first letter to the destructor. Thread: one of its own; methods are [any].
class retrying_client {
 public:
  explicit retrying_client(std::uint16_t port);
  retrying_client(const retrying_client&) = delete;
  retrying_client& operator=(const retrying_client&) = delete;
  ~retrying_client();

  void send(std::span<const contract::letter> letters);
  // Letters that no call has ended for good.
  [[nodiscard]] std::size_t left();

 private:
  struct flying;
  using clock = std::chrono::steady_clock;
  struct waiting {
    std::string body;
    clock::time_point from;
  };
  void run();
  void start_some();
  void ended(flying* call);

  std::shared_ptr<grpc::Channel> channel_;
  grpc::CompletionQueue queue_;
  std::mutex mutex_;
  std::deque<waiting> waiting_;
  std::map<flying*, std::unique_ptr<flying>> calls_;
  std::atomic<bool> over_{false};
  std::thread thread_;
};

}  // namespace grpc_test
