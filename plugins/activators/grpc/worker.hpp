// A thread that serves gRPC calls: its completion queue, and what other threads pass to it.
#pragma once
#include <grpcpp/alarm.h>
#include <grpcpp/completion_queue.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "call.hpp"
#include "settings.hpp"

namespace grpc_source {

// What calls need to know; read by all workers. Borrowed: the instance has the parts.
struct service_context {
  spawn::plugin::host_ref host;
  const settings& config;
  const method_table& methods;
  const proto_pool& configured;
  const proto_pool& built_in;
  intake& requests;
};

// Life: made with its server, run() after the server listens, close() after the server is shut
// down. Each call belongs to one worker, and only its thread touches it.
class worker {
 public:
  worker(const service_context& context, grpc::AsyncGenericService& service,
         std::unique_ptr<grpc::ServerCompletionQueue> queue,
         std::atomic<std::uint32_t>& open_calls);
  worker(const worker&) = delete;
  worker& operator=(const worker&) = delete;
  ~worker();

  void run(std::string name);
  // Ends the thread, after what is still in the queue. [control]
  void close();

  // From lanes: an answer for one of this worker's calls. Dropped after close().
  void pass_on(std::shared_ptr<call> to, std::uint64_t ticket, answer&& a);
  // Calls that watch the health will look at it. [any]
  void health_changed();

  // For calls. [worker thread]
  [[nodiscard]] spawn::plugin::host_ref host() const noexcept { return context_.host; }
  [[nodiscard]] const service_context& context() const noexcept { return context_; }
  [[nodiscard]] std::unique_ptr<call_logic> logic_for(const std::string& method);
  void listen();  // one more call may come
  // Counts an open call; false: there are too many.
  [[nodiscard]] bool entered();
  void left();
  // It will hear of health_changed() while it is there.
  void watch(const std::shared_ptr<call>& c) { watchers_.push_back(c); }

 private:
  struct job {
    std::shared_ptr<call> to;  // null: the health changed
    std::uint64_t ticket = 0;
    answer what;
  };
  class wake_event final : public cq_event {
   public:
    explicit wake_event(worker& owner) : owner_(owner) {}
    void happened(bool ok) override;

   private:
    worker& owner_;
  };
  void put(job&& j);
  void work_off();
  void tell_watchers();

  const service_context& context_;
  grpc::AsyncGenericService& service_;
  std::unique_ptr<grpc::ServerCompletionQueue> queue_;
  std::atomic<std::uint32_t>& open_calls_;
  std::vector<std::weak_ptr<call>> watchers_;  // at most max_calls

  std::mutex mutex_;
  std::vector<job> inbox_;  // answers: at most the window; health: rare
  bool waking_ = false, closed_ = false;
  grpc::Alarm alarm_;
  wake_event wake_{*this};
  std::thread thread_;
};

}  // namespace grpc_source
