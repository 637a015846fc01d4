// worker: a thread that runs an engine. What is given to it while it works is its next batch.
#pragma once
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "spawn/plugin/cpp/plugin.hpp"
#include "sql-common/engine.hpp"

namespace sql_store {

// Life: start(), then take() any number of times, then stop(), which runs what waits. What waits is
// bounded by the ops that the kernel lets in flight. An exception on this thread ends the process
// (plugin-api/ABI-POLICY.md): the engine lets none out but bad_alloc.
class worker {
 public:
  worker(spawn::plugin::host_ref host, const std::string& thread_name,
         const engine_settings& settings, health_board& health,
         std::unique_ptr<session> connection);
  ~worker() { stop(); }
  worker(const worker&) = delete;
  worker& operator=(const worker&) = delete;

  // Connects on the worker's thread, then ends the op: OK, or UNAVAILABLE with the reason. A server
  // that can not be reached may itself be starting: it is tried for some seconds, one that refuses
  // this account once. [control]
  void start(spawn::plugin::pending<spawn_op> op);
  // The same, and nobody is told. What is taken meanwhile waits. [control]
  void start();
  void stop() noexcept;  // [control]
  // Ends each op later. [any]
  void take(std::span<spawn_op* const> ops);

 private:
  // None, or why there is no connection; `tells`: says once that it goes on trying.
  [[nodiscard]] std::optional<sql_error> connect(bool tells);
  void loop();

  spawn::plugin::host_ref host_;
  const std::string name_;
  engine engine_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<spawn_op*> waiting_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace sql_store
