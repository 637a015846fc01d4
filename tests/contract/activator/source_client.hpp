// source_client: one instance of an activator under test, behind a host that does the kernel's
// part. Collects deliveries and settles them as it is told. Watches that the window is kept, that
// tokens are well formed and that nothing is offered after the lane closed.
#pragma once
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "contract/activator/broker.hpp"
#include "contract/common/check.hpp"
#include "spawn/plugin/activator.h"
#include "spawn/plugin/testing/fake_instance.hpp"

namespace contract {

// What outlives instances: the cursors, and every breach of the rules that any of them made.
struct lasting {
  std::mutex mutex;
  std::map<std::string, std::string> cursors;
  std::vector<std::string> breaches;
};

// A delivery, copied out.
struct seen {
  std::uint64_t token = 0;
  std::uint32_t flags = 0, attempt = 0, presence = SPAWN_P_UNSET;
  std::uint64_t settle_by_ns = 0;
  std::uint64_t came_ns = 0;  // host clock
  std::string source, partition, system, parent, name, register_ref, action;
  std::string content_type, type_url, payload, order_key, dedup_id;
  headers with;

  // Of the header with that name; nothing if there is none.
  [[nodiscard]] const std::string* header(const std::string& wanted) const;
};

struct lag_report {
  std::uint64_t messages = 0, oldest_ms = 0;
};

// Life: the constructor creates and starts the instance and opens lane 0 with a window of 0; the
// destructor ends it in order, without settling what is unsettled. Thread: one test thread.
class source_client {
 public:
  source_client(const spawn_plugin_entry* entry, broker& from, const std::string& config,
                lasting& kept);
  ~source_client();
  source_client(const source_client&) = delete;
  source_client& operator=(const source_client&) = delete;

  void set_window(std::uint32_t window, bool pause = false);
  // The next n deliveries, oldest first. Fails when they do not come.
  std::vector<seen> take(std::size_t n);
  seen take_one() { return take(1).front(); }
  // The rest of what has come, and what comes within the broker's quiet time.
  std::vector<seen> take_rest();
  // Deliveries that nobody took.
  [[nodiscard]] std::size_t untaken();
  // Nothing comes within the broker's quiet time.
  void stays_quiet(const std::string& why);

  void settle(const seen& one, std::uint32_t verdict, std::uint32_t delay_ms = 0);
  void settle(const std::vector<seen>& all, std::uint32_t verdict, std::uint32_t delay_ms = 0);
  // ACK of one whose sender waits: `text` is the answer, or with another status than OK the error.
  void settle_with_reply(const seen& one, spawn_status status, const std::string& text,
                         const headers& with);
  // A token the plugin has given to nobody, or that is settled already.
  void settle_raw(std::uint64_t token, std::uint32_t verdict, std::uint32_t delay_ms = 0);
  // offer() then returns only when its deliveries are settled, or after five seconds.
  void settle_inside_offer(bool on);

  // Waits until the last thing the plugin said of its health is this.
  void wait_serving(bool serving);
  // Waits until lag was told that `fits`.
  template <class F>
  void wait_lag(F&& fits) {
    wait("the lag", [&] {
      for (const auto& [source, lag] : lag_) {
        if (fits(lag)) {
          return true;
        }
      }
      return false;
    });
  }

  // Steps of the end; each fails when it does not end with OK.
  void quiesce();
  void start_again();  // undoes it
  void drain();
  void close_lane();  // what is unsettled is let go
  void stop();        // after close_lane()
  // All of it; nothing more is settled. A second time does nothing.
  void end();

  [[nodiscard]] std::uint64_t capabilities() const { return table_->capabilities(raw()); }
  [[nodiscard]] spawn_instance* raw() const { return instance_->raw(); }
  [[nodiscard]] spawn::plugin::testing::fake_host& host() { return host_; }
  [[nodiscard]] broker& source() { return from_; }
  template <class Table>
  [[nodiscard]] const Table* interface(const char* id) const {
    return instance_->interface<Table>(id);
  }

 private:
  struct serving_host : spawn::plugin::testing::fake_host {
    source_client* owner = nullptr;
  };
  // A token that has no final verdict, and how often the source was away before it was offered.
  struct unsettled {
    spawn_buf owner{};
    std::size_t away_before = 0;
  };
  static source_client& of(const spawn_host* h);
  std::size_t times_away();
  bool one_session_is_lost();
  std::uint32_t offered(const spawn_delivery* const* d, std::uint32_t n);
  bool acceptable(const spawn_delivery& d);
  template <class F>
  void wait(const std::string& what, F&& until);

  serving_host host_;
  broker& from_;
  lasting& kept_;
  spawn_host_activator services_{};
  std::unique_ptr<spawn::plugin::testing::fake_instance> instance_;
  const spawn_activator* table_ = nullptr;
  spawn_ac_lane* lane_ = nullptr;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<seen> inbox_;
  std::map<std::uint64_t, unsettled> unsettled_;  // by token
  std::map<std::string, lag_report> lag_;
  std::uint32_t window_ = 0;
  std::uint64_t forgiven_ = 0;  // offers beyond the window that its lowering explains
  bool open_ = false;
  bool inside_ = false;
  std::set<std::uint64_t> untold_;  // offered while inside_, and the plugin has not heard a verdict
};

template <class F>
void source_client::wait(const std::string& what, F&& until) {
  std::unique_lock hold(mutex_);
  if (!changed_.wait_for(hold, from_.patience(), until)) {
    throw failed{"waited too long for " + what};
  }
}

}  // namespace contract
