// fake_host: a host without a kernel, for plugin unit tests and the contract suites. It hands out
// the host table with a manual clock, collects what the plugin says, and writes down every breach
// of the rules (an op ended twice, an op it never saw, a call after destroy) as a violation.
//
// Life: must outlive every instance made with it. Thread: the test's, except that a plugin may call
// the table from any thread.
#pragma once
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstring>
#include <map>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "spawn/plugin/cpp/bytes.hpp"
#include "spawn/plugin/entry.h"
#include "spawn/plugin/testing/manual_clock.hpp"

namespace spawn::plugin::testing {

class fake_host {
 public:
  struct log_line {
    int level;
    std::string text;
  };
  struct health_report {
    bool serving;
    std::string why;
  };

  fake_host() {
    table_.struct_size = sizeof(table_);
    table_.abi_minor = SPAWN_ABI_MINOR;
    table_.host_data = this;
    table_.get_interface = [](const spawn_host* h, const char* id) noexcept {
      fake_host& f = self(h);
      f.called("get_interface");
      const std::lock_guard hold(f.mutex_);
      const auto at = f.interfaces_.find(id);
      return at == f.interfaces_.end() ? nullptr : at->second;
    };
    table_.complete = [](const spawn_host* h, spawn_op* const* ops, std::uint32_t n) noexcept {
      self(h).completed(std::span(ops, n));
    };
    table_.log = [](const spawn_host* h, std::int32_t level, spawn_slice message,
                    const spawn_kv* kv, std::uint32_t n) noexcept {
      fake_host& f = self(h);
      f.called("log");
      std::string line(text(message));
      for (const spawn_kv& field : std::span(kv, n)) {
        line.append(" ").append(text(field.key)).append("=").append(text(field.value));
      }
      const std::lock_guard hold(f.mutex_);
      f.log_.push_back({level, std::move(line)});
    };
    table_.log_enabled = [](const spawn_host*, std::int32_t) noexcept { return std::uint8_t{1}; };
    table_.fault = [](const spawn_host* h, spawn_status why, spawn_slice message) noexcept {
      self(h).violation("fault " + std::to_string(why) + ": " + std::string(text(message)));
    };
    table_.now_ns = [](const spawn_host* h) noexcept { return self(h).clock.now_ns(); };
    table_.unix_ms = [](const spawn_host* h) noexcept { return self(h).clock.unix_ms(); };
    table_.health = [](const spawn_host* h, std::uint32_t serving, spawn_slice why) noexcept {
      fake_host& f = self(h);
      f.called("health");
      const std::lock_guard hold(f.mutex_);
      f.health_.push_back({serving != 0, std::string(text(why))});
    };
  }
  fake_host(const fake_host&) = delete;
  fake_host& operator=(const fake_host&) = delete;

  manual_clock clock;

  [[nodiscard]] const spawn_host* table() const noexcept { return &table_; }

  // Offers an optional host interface; the table must outlive the host.
  void offer_interface(const std::string& id, const void* table) {
    const std::lock_guard hold(mutex_);
    interfaces_[id] = table;
  }

  // Call before an op is handed to the plugin: from here on it must end exactly once.
  void expect(spawn_op* op) {
    const std::lock_guard hold(mutex_);
    if (!flying_.insert(op).second) {
      violations_.push_back("the test submitted an op that is still in flight");
    }
  }

  [[nodiscard]] bool ended(const spawn_op* op) {
    const std::lock_guard hold(mutex_);
    return !flying_.contains(const_cast<spawn_op*>(op));
  }

  // False when the op did not end in time (real time: plugins may have threads of their own).
  [[nodiscard]] bool wait(const spawn_op* op,
                          std::chrono::milliseconds limit = std::chrono::seconds(30)) {
    std::unique_lock hold(mutex_);
    return ended_.wait_for(hold, limit,
                           [&] { return !flying_.contains(const_cast<spawn_op*>(op)); });
  }

  [[nodiscard]] std::size_t in_flight() {
    const std::lock_guard hold(mutex_);
    return flying_.size();
  }

  // From here on any call of the table is a violation, as after destroy().
  void close() {
    const std::lock_guard hold(mutex_);
    closed_ = true;
  }
  void reopen() {
    const std::lock_guard hold(mutex_);
    closed_ = false;
  }

  void violation(std::string what) {
    const std::lock_guard hold(mutex_);
    violations_.push_back(std::move(what));
  }
  [[nodiscard]] std::vector<std::string> violations() {
    const std::lock_guard hold(mutex_);
    return violations_;
  }
  [[nodiscard]] std::vector<log_line> log() {
    const std::lock_guard hold(mutex_);
    return log_;
  }
  [[nodiscard]] std::vector<health_report> health() {
    const std::lock_guard hold(mutex_);
    return health_;
  }

 private:
  static fake_host& self(const spawn_host* h) noexcept {
    return *static_cast<fake_host*>(h->host_data);
  }

  void called(const char* what) {
    const std::lock_guard hold(mutex_);
    if (closed_) {
      violations_.push_back(std::string(what) + " called after destroy");
    }
  }

  void completed(std::span<spawn_op* const> ops) {
    called("complete");
    const std::lock_guard hold(mutex_);
    for (spawn_op* op : ops) {
      if (flying_.erase(op) == 0) {
        violations_.push_back("an op was ended twice, or was never submitted");
      }
    }
    ended_.notify_all();
  }

  spawn_host table_{};
  std::mutex mutex_;
  std::condition_variable ended_;
  std::set<spawn_op*> flying_;
  std::map<std::string, const void*> interfaces_;
  std::vector<std::string> violations_;
  std::vector<log_line> log_;
  std::vector<health_report> health_;
  bool closed_ = false;
};

}  // namespace spawn::plugin::testing
