// fake_source_host, fake_source_lane: what unit tests of an activator need beside fake_host: a host
// that takes offers within the window, keeps cursors, and a lane to settle by. Life: as fake_host;
// the lane ends before the instance. Thread: the test's; a plugin may offer on any.
#pragma once
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "spawn/plugin/activator.h"
#include "spawn/plugin/testing/fake_host.hpp"

namespace spawn::plugin::testing {

// A delivery, copied.
struct fake_offer {
  std::uint64_t token = 0;
  std::uint32_t flags = 0, attempt = 0, presence = 0;
  std::string source, name, action, payload, content_type, order_key, dedup_id;
  std::map<std::string, std::string> headers;
};

class fake_source_host : public fake_host {
 public:
  fake_source_host() {
    services_.struct_size = sizeof(services_);
    services_.offer = [](const spawn_host* h, std::uint32_t, const spawn_delivery* const* d,
                         std::uint32_t n) noexcept { return of(h).offered(std::span(d, n)); };
    services_.lag = [](const spawn_host*, spawn_slice, std::uint64_t, std::uint64_t) noexcept {};
    services_.cursor_set = [](const spawn_host* h, spawn_slice source, spawn_slice bytes) noexcept {
      const std::lock_guard hold(of(h).offers_mutex_);
      of(h).cursors_[std::string(text(source))] = text(bytes);
      return spawn_status{bytes.len > SPAWN_AC_CURSOR_MAX ? SPAWN_E_INVALID : SPAWN_OK};
    };
    services_.cursor_get = [](const spawn_host* h, spawn_slice source, spawn_buf* out) noexcept {
      const std::lock_guard hold(of(h).offers_mutex_);
      const auto at = of(h).cursors_.find(std::string(text(source)));
      if (at == of(h).cursors_.end()) {
        return spawn_status{SPAWN_E_NOT_FOUND};
      }
      *out = give(at->second);
      return spawn_status{SPAWN_OK};
    };
    offer_interface(SPAWN_HOST_ACTIVATOR, &services_);
  }

  // The next delivery; waits for it. When none comes that is a violation, and the token is 0.
  fake_offer take(std::chrono::milliseconds limit = std::chrono::seconds(10)) {
    std::unique_lock hold(offers_mutex_);
    if (!came_.wait_for(hold, limit, [this] { return !offers_.empty(); })) {
      violation("no delivery came");
      return {};
    }
    fake_offer out = std::move(offers_.front());
    offers_.pop_front();
    return out;
  }
  [[nodiscard]] std::size_t untaken() {
    const std::lock_guard hold(offers_mutex_);
    return offers_.size();
  }
  // Whether it becomes true in time.
  template <class F>
  [[nodiscard]] bool eventually(F&& holds,
                                std::chrono::milliseconds limit = std::chrono::seconds(10)) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!holds()) {
      if (std::chrono::steady_clock::now() > end) {
        return false;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
  }

  // For the lane.
  void window_is(std::uint32_t window) {
    const std::lock_guard hold(offers_mutex_);
    window_ = window;
  }
  void settled(std::uint64_t token) {
    const std::lock_guard hold(offers_mutex_);
    unsettled_.erase(token);
  }

 private:
  static fake_source_host& of(const spawn_host* h) noexcept {
    return static_cast<fake_source_host&>(*static_cast<fake_host*>(h->host_data));
  }

  std::uint32_t offered(std::span<const spawn_delivery* const> all) {
    std::uint32_t taken = 0;
    for (const spawn_delivery* d : all) {
      const std::lock_guard hold(offers_mutex_);
      if (unsettled_.size() >= window_) {
        return taken;
      }
      if (d->token == 0 || !tokens_.insert(d->token).second) {
        violation("a token is 0, or was given before");
      }
      unsettled_.insert(d->token);
      offers_.push_back(copy(*d));
      spawn_buf owner = d->owner;
      release(owner);
      ++taken;
      came_.notify_all();
    }
    return taken;
  }

  static fake_offer copy(const spawn_delivery& d) {
    fake_offer out{d.token,
                   d.flags,
                   d.attempt,
                   d.payload.presence,
                   std::string(text(d.source)),
                   std::string(text(d.to.name)),
                   std::string(text(d.action)),
                   std::string(text(d.payload.value)),
                   std::string(text(d.content_type)),
                   std::string(text(d.order_key)),
                   std::string(text(d.dedup_id)),
                   {}};
    for (const spawn_kv& kv : std::span(d.headers, d.n_headers)) {
      out.headers[std::string(text(kv.key))] = text(kv.value);
    }
    return out;
  }

  spawn_host_activator services_{};
  std::mutex offers_mutex_;
  std::condition_variable came_;
  std::deque<fake_offer> offers_;
  std::set<std::uint64_t> tokens_, unsettled_;
  std::map<std::string, std::string> cursors_;
  std::uint32_t window_ = 0;
};

// The one lane of an instance.
class fake_source_lane {
 public:
  fake_source_lane(fake_source_host& host, spawn_instance* instance, const spawn_activator* table)
      : host_(host), table_(table) {
    if (table->lane_open(instance, 0, &lane_) != SPAWN_OK) {
      host.violation("a lane does not open");
    }
  }
  fake_source_lane(const fake_source_lane&) = delete;
  fake_source_lane& operator=(const fake_source_lane&) = delete;
  ~fake_source_lane() {
    set_window(0);
    table_->lane_close(lane_);
  }

  void set_window(std::uint32_t window, bool pause = false) {
    host_.window_is(window);
    table_->set_window(lane_, window, pause ? 1 : 0);
  }
  void settle(std::uint64_t token, std::uint32_t verdict, std::uint32_t delay_ms = 0) {
    spawn_settle one{};
    one.struct_size = sizeof(one);
    one.verdict = verdict;
    one.token = token;
    one.delay_ms = delay_ms;
    if (verdict != SPAWN_EXTEND) {
      host_.settled(token);
    }
    const spawn_settle* raw = &one;
    table_->settle(lane_, &raw, 1);
  }

 private:
  fake_source_host& host_;
  const spawn_activator* table_;
  spawn_ac_lane* lane_ = nullptr;
};

}  // namespace spawn::plugin::testing
