#include "plugin/blocking_pool.hpp"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "plugin/contain.hpp"
#include "plugin/host_table.hpp"

namespace spawn {

struct blocking_pool::shared {
  struct work {
    spawn_task_fn fn;
    void* arg;
  };
  shared(host_table& h, std::string n) : host(h), name(std::move(n)) {}

  void loop() {
    name_plugin_thread(name);
    std::unique_lock hold(mutex);
    for (;;) {
      ++idle;
      changed.wait(hold, [&] { return stopping || !waiting.empty(); });
      --idle;
      if (waiting.empty()) {
        break;
      }
      const work next = waiting.front();
      waiting.pop_front();
      hold.unlock();
      const std::string threw = contained([&] { next.fn(next.arg, 0); });
      if (!threw.empty()) {
        host.fault(errc::internal, "a blocking task " + threw);
      }
      hold.lock();
    }
    ++ended;
    changed.notify_all();
  }

  host_table& host;
  const std::string name;
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<work> waiting;
  std::vector<std::thread> threads;
  std::size_t idle = 0;
  std::size_t ended = 0;
  bool stopping = false;
};

blocking_pool::blocking_pool(host_table& host, std::string name)
    : shared_(std::make_shared<shared>(host, std::move(name))) {}

blocking_pool::~blocking_pool() {
  static_cast<void>(stop(0));
}

spawn_status blocking_pool::run(spawn_task_fn fn, void* arg) noexcept {
  if (fn == nullptr) {
    return SPAWN_E_INVALID;
  }
  const std::lock_guard hold(shared_->mutex);
  if (shared_->stopping) {
    return SPAWN_E_SHUTDOWN;
  }
  if (shared_->waiting.size() >= waiting_max) {
    return SPAWN_E_EXHAUSTED;
  }
  shared_->waiting.push_back({fn, arg});
  if (shared_->idle < shared_->waiting.size() && shared_->threads.size() < threads_max) {
    shared_->threads.emplace_back([s = shared_] { s->loop(); });
  }
  shared_->changed.notify_one();
  return SPAWN_OK;
}

bool blocking_pool::stop(std::uint64_t limit_ms) {
  std::unique_lock hold(shared_->mutex);
  shared_->stopping = true;
  shared_->changed.notify_all();
  std::vector<std::thread> threads = std::move(shared_->threads);
  shared_->threads.clear();
  const std::size_t n = threads.size();
  const bool all = shared_->changed.wait_for(hold, std::chrono::milliseconds(limit_ms),
                                             [&] { return shared_->ended >= n; });
  hold.unlock();
  for (std::thread& thread : threads) {
    if (all) {
      thread.join();
    } else {
      thread.detach();
    }
  }
  return all;
}

}  // namespace spawn
