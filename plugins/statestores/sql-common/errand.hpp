// errand: something done for an operator on a thread of its own, beside the lanes' connections.
#pragma once
#include <pthread.h>

#include <atomic>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "spawn/plugin/cpp/statestore.hpp"

namespace sql_store {

// One at a time; a second one meanwhile ends EXHAUSTED. Life: inside the instance, whose end waits
// for what is under way; so the work must have a deadline of its own. [control]
class errand {
 public:
  // The answer, or an exception whose text says why there is none.
  using work = std::function<std::string()>;

  errand() = default;
  errand(const errand&) = delete;
  errand& operator=(const errand&) = delete;
  ~errand() { finish(); }

  void run(spawn::plugin::pending<spawn_ss_admin> op, work what) {
    if (busy_.exchange(true)) {
      op.end(SPAWN_E_EXHAUSTED, "another one is under way");
      return;
    }
    finish();
    auto held = std::make_shared<spawn::plugin::pending<spawn_ss_admin>>(std::move(op));
    thread_ = std::thread([this, held, what = std::move(what)] {
      ::pthread_setname_np(::pthread_self(), "sp.errand");
      std::string answer, why;
      try {
        answer = what();
      } catch (const std::exception& e) {
        why = e.what();
      }
      busy_ = false;
      if (why.empty()) {
        (*held)->out = spawn::plugin::give(std::move(answer));
        held->end(SPAWN_OK);
      } else {
        held->end(SPAWN_E_UNAVAILABLE, why);
      }
    });
  }
  // Waits for what is under way.
  void finish() noexcept {
    if (thread_.joinable()) {
      thread_.join();
    }
  }

 private:
  std::thread thread_;
  std::atomic<bool> busy_{false};
};

// What a store tells of itself (spawn.statestore.admin/1, stats).
struct store_counts {
  std::uint64_t records = 0;    // live or not
  std::uint64_t revisions = 0;  // of history
  std::uint64_t bytes = 0;      // 0: not known
  int schema_version = 0;

  [[nodiscard]] std::string json() const {
    return "{\"bytes\":" + std::to_string(bytes) + ",\"records\":" + std::to_string(records) +
           ",\"revisions\":" + std::to_string(revisions) +
           ",\"schema_version\":" + std::to_string(schema_version) + "}";
  }
};

}  // namespace sql_store
