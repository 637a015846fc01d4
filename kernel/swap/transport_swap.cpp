#include "swap/transport_swap.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "base/log.hpp"
#include "plugin/ports/make_ports.hpp"

namespace spawn {
namespace {

constexpr auto look_every = std::chrono::milliseconds(2);

// Counts what lanes tell, and keeps the first error.
class tally {
 public:
  void tell(result<void> how) {
    const std::lock_guard hold(mutex_);
    ++told_;
    if (!how && !first_) {
      first_ = std::move(how.error());
    }
    changed_.notify_all();
  }
  // Until n have told, or one an error. False: the time is over.
  [[nodiscard]] bool wait(std::size_t n, std::uint64_t limit_ms) {
    std::unique_lock hold(mutex_);
    return changed_.wait_for(hold, std::chrono::milliseconds(limit_ms),
                             [&] { return told_ >= n || first_; });
  }
  [[nodiscard]] std::optional<error> first() {
    const std::lock_guard hold(mutex_);
    return first_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t told_ = 0;
  std::optional<error> first_;
};

std::shared_ptr<unique_function<void()>> telling(const std::shared_ptr<tally>& to) {
  return std::make_shared<unique_function<void()>>([to] { to->tell({}); });
}

}  // namespace

result<transport_swap::version_ptr> transport_swap::version_of(plugin_instance& next) const {
  if (serving_->find_interface(SPAWN_SINK) != nullptr) {
    return fail(errc::unsupported, "instance " + request_.instance +
                                       " is also a sink, and such a transport is not swapped");
  }
  const auto* table =
      static_cast<const spawn_transport*>(serving_->find_interface(SPAWN_TRANSPORT));
  SPAWN_TRY(auto port, make_transport_port(next, table->capabilities(serving_->core()->raw)));
  return port_.make_version(std::move(port));
}

// One that does not say how its link is has none.
result<void> transport_swap::await_link(const plugin_instance& next, std::uint64_t limit_ms) const {
  const auto of_old = serving_->health();
  if (!of_old.is_told || !of_old.serving) {
    return {};
  }
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(limit_ms);
  for (;;) {
    const auto now = next.health();
    if (now.is_told && now.serving) {
      return {};
    }
    if (next.faulted() || std::chrono::steady_clock::now() >= until) {
      return fail(errc::unavailable, "instance " + request_.instance + ": " +
                                         next.manifest().label() + " has no link within " +
                                         std::to_string(limit_ms) + " ms" +
                                         (now.why.empty() ? std::string() : ": " + now.why));
    }
    std::this_thread::sleep_for(look_every);
  }
}

result<void> transport_swap::listen_too(const version_ptr& next, const swap_limits& limits) {
  const auto told = std::make_shared<tally>();
  const std::size_t n =
      port_.listen_too(next, std::make_shared<swappable_transport_port::told_fn>(
                                 [told](result<void> how) { told->tell(std::move(how)); }));
  if (!told->wait(n, limits.start_ms)) {
    return fail(errc::deadline, "instance " + request_.instance +
                                    ": the new plugin did not subscribe within " +
                                    std::to_string(limits.start_ms) + " ms");
  }
  if (auto why = told->first()) {
    return fail(std::move(*why));
  }
  return {};
}

void transport_swap::give_up(plugin_instance& next, const swap_limits& limits) {
  const auto told = std::make_shared<tally>();
  const std::size_t n = port_.give_up(telling(told));
  if (!told->wait(n, limits.stop_ms)) {
    SPAWN_LOG(warn, "a plugin that is not swapped in does not unsubscribe",
              {"instance", request_.instance}, {"plugin", next.manifest().label()});
  }
  retire(next, limits);
}

std::uint64_t transport_swap::leave(const swap_limits& limits) {
  const std::uint64_t began = time_.now_ns();
  const auto told = std::make_shared<tally>();
  const std::size_t n = port_.leave(telling(told));
  if (!told->wait(n, limits.drain_ms)) {
    SPAWN_LOG(warn, "a plugin that was swapped out does not unsubscribe",
              {"instance", request_.instance}, {"plugin", serving_->manifest().label()});
    port_.stop_waiting();
  }
  return (time_.now_ns() - began) / 1'000;
}

result<swap_report> transport_swap::change(const loaded_plugin& next, const swap_limits& limits) {
  static_cast<void>(tend());
  if (older_.size() >= older_max) {
    return fail(errc::exhausted, "instance " + request_.instance + " has " +
                                     std::to_string(older_.size()) +
                                     " older plugins that wait for answers; try again later");
  }
  SPAWN_TRY(const version_ptr version, version_of(*next.instance));
  SPAWN_CHECK(next.instance->start(limits.start_ms));
  if (auto linked = await_link(*next.instance, limits.start_ms); !linked) {
    retire(*next.instance, limits);
    return fail(std::move(linked.error()));
  }
  const std::uint64_t doubles_before = port_.doubles();
  if (auto listens = listen_too(version, limits); !listens) {
    give_up(*next.instance, limits);
    return fail(std::move(listens.error()));
  }
  const version_ptr old = port_.now();
  if (auto done = on_lanes(limits, [p = &port_, version](lane& at) { p->use(at, version); });
      !done) {
    SPAWN_LOG(warn, "a lane is late for a swap", {"instance", request_.instance},
              {"why", done.error().text});  // it sends through the old one until it comes round
  }
  swap_report out;
  out.pause_us = leave(limits);
  const std::shared_ptr<plugin_instance> last = serving_;
  enlist(next.instance);
  older_.push_back({last, old, time_.now_ns() + older_ms * ns_per_ms});
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(limits.drain_ms);
  while (!is_idle(older_.back()) && !last->faulted() && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(look_every);
  }
  static_cast<void>(tend());
  out.older_kept = older_.size();
  SPAWN_LOG(info, "a transport was swapped", {"instance", request_.instance},
            {"doubles", port_.doubles() - doubles_before}, {"lost", port_.lost()},
            {"older_kept", older_.size()});
  return out;
}

bool transport_swap::is_idle(const older& of) {
  return of.version->use->lanes.load(std::memory_order_acquire) == 0 &&
         of.version->use->owed.load() <= 0 && of.instance->core()->in_flight() == 0;
}

bool transport_swap::tend() {
  for (older& each : older_) {
    if (is_idle(each) || each.instance->faulted() || time_.now_ns() >= each.until_ns) {
      drop(each, {});
    }
  }
  std::erase_if(older_, [](const older& each) { return each.is_done; });
  return !older_.empty();
}

void transport_swap::drop(older& of, const swap_limits& limits) {
  of.is_done = true;
  if (auto done =
          on_lanes(limits, [p = &port_, old = of.version](lane& at) { p->forget(at, *old); });
      !done) {
    SPAWN_LOG(warn, "a lane is late for a swap", {"instance", request_.instance},
              {"why", done.error().text});
  }
  retire(*of.instance, limits);
}

void transport_swap::close() {
  for (older& each : older_) {
    drop(each, {});
  }
  older_.clear();
}

}  // namespace spawn
