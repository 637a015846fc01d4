#include "sql-common/worker.hpp"

#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <memory>

namespace sql_store {

namespace {

constexpr std::size_t batch_ops_max = 1'024;
constexpr auto idle_every = std::chrono::milliseconds(500);
// A try begins within the first, and ends within the second, before the kernel gives a start up
// (10 s).
constexpr std::uint64_t start_tries_ns = 4'000'000'000, start_ns = 9'000'000'000;
constexpr auto start_pause = std::chrono::milliseconds(200);

// At most batch_ops_max, never half an atomic group.
std::size_t batch_size(const std::vector<spawn_op*>& ops) {
  if (ops.size() <= batch_ops_max) {
    return ops.size();
  }
  const auto group = [&](std::size_t i) -> std::uint64_t {
    const spawn_op* op = ops[i];
    return spawn::plugin::is_store_write(op) && spawn::plugin::covers<spawn_ss_save>(op)
               ? reinterpret_cast<const spawn_ss_save*>(op)->atomic_group
               : 0;
  };
  std::size_t n = batch_ops_max;
  while (n < ops.size() && group(n) != 0 && group(n) == group(n - 1)) {
    ++n;
  }
  return n;
}

}  // namespace

worker::worker(spawn::plugin::host_ref host, const std::string& thread_name,
               const engine_settings& settings, health_board& health,
               std::unique_ptr<session> connection)
    : host_(host),
      name_(thread_name.substr(0, 15)),
      engine_(host, settings, health, std::move(connection)) {}

void worker::start(spawn::plugin::pending<spawn_op> op) {
  auto first = std::make_shared<spawn::plugin::pending<spawn_op>>(std::move(op));
  thread_ = std::thread([this, first] {
    ::pthread_setname_np(::pthread_self(), name_.c_str());
    const auto failed = connect(true);
    first->end(failed ? SPAWN_E_UNAVAILABLE : SPAWN_OK, failed ? failed->what() : "");
    loop();
  });
}

std::optional<sql_error> worker::connect(bool tells) {
  const std::uint64_t began = host_.now_ns();
  for (bool first = tells;; first = false) {
    auto failed = engine_.connect(began + start_ns);
    const bool later =
        failed && (failed->kind() == trouble::lost || failed->kind() == trouble::retry);
    if (!later || host_.now_ns() >= began + start_tries_ns) {
      return failed;
    }
    if (first) {
      host_.log(spawn::plugin::level::warn, "the database can not be reached yet",
                spawn::plugin::field{"why", failed->what()});
    }
    std::unique_lock hold(mutex_);
    if (changed_.wait_for(hold, start_pause, [this] { return stopping_; })) {
      return failed;
    }
  }
}

void worker::start() {
  thread_ = std::thread([this] {
    ::pthread_setname_np(::pthread_self(), name_.c_str());
    static_cast<void>(connect(false));  // tried again with the first operation
    loop();
  });
}

void worker::stop() noexcept {
  {
    const std::lock_guard hold(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) {
    thread_.join();
  }
}

void worker::take(std::span<spawn_op* const> ops) {
  const std::lock_guard hold(mutex_);
  waiting_.insert(waiting_.end(), ops.begin(), ops.end());
  changed_.notify_one();
}

void worker::loop() {
  std::unique_lock hold(mutex_);
  while (true) {
    const bool work =
        changed_.wait_for(hold, idle_every, [this] { return stopping_ || !waiting_.empty(); });
    if (!work) {
      hold.unlock();
      engine_.idle();
      hold.lock();
      continue;
    }
    if (waiting_.empty()) {
      break;
    }
    std::vector<spawn_op*> all;
    all.swap(waiting_);
    hold.unlock();
    while (!all.empty()) {
      const std::size_t n = batch_size(all);
      const auto batch = std::span<spawn_op* const>(all).first(n);
      engine_.run(batch);
      host_.complete(batch);
      all.erase(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(n));
    }
    engine_.idle();
    hold.lock();
  }
  hold.unlock();
  engine_.disconnect();
}

}  // namespace sql_store
