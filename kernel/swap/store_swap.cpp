#include "swap/store_swap.hpp"

#include "base/log.hpp"
#include "plugin/ports/make_ports.hpp"
#include "plugin/ports/store_handoff.hpp"

namespace spawn {

using state = plugin_instance::state;

namespace {

// A plugin that misbehaved may never end what it has.
constexpr std::uint64_t faulted_idle_ms = 1'000;

}  // namespace

bool store_swap::is_volatile() const {
  return (port_.capabilities() & SPAWN_SS_CAP_DURABLE) == 0;
}

result<store_swap::port_ptr> store_swap::port_of(plugin_instance& next) const {
  if (is_volatile()) {
    SPAWN_CHECK(can_hand_over(*serving_, next));
  }
  SPAWN_TRY(port_ptr out, make_statestore_port(next, port_.capabilities()));
  if (out->shared_queue() != port_.shared_queue()) {
    return fail(errc::unsupported,
                "instance " + request_.instance + ": " + next.manifest().label() +
                    " has another kind of lanes (\"lanes\", \"blocking\") than what serves");
  }
  return out;
}

result<swap_report> store_swap::change(const loaded_plugin& next, const swap_limits& limits) {
  SPAWN_TRY(const port_ptr port, port_of(*next.instance));
  if (is_volatile() && serving_->faulted()) {
    return fail(errc::unavailable,
                "instance " + request_.instance + " is faulted, and its records are in its memory");
  }
  // Both have what is handed over for a moment.
  const bool exclusive =
      !is_volatile() && (serving_->manifest().exclusive || next.instance->manifest().exclusive);
  if (!exclusive) {
    SPAWN_CHECK(next.instance->start(limits.start_ms));
  }
  const auto waits = std::make_shared<swap_waits>(lanes_.size());
  const port_ptr old = port_.now();
  const std::uint64_t began = time_.now_ns();
  auto closed = on_lanes(limits, [p = &port_](lane& at) { p->gate().close(at); });
  if (closed) {
    closed = await_idle(*serving_, serving_->faulted() ? faulted_idle_ms : limits.drain_ms);
  }
  if (!closed && !serving_->faulted()) {
    open(old, waits, limits);
    return fail(std::move(closed.error()));
  }
  if (auto done = hand_over(*next.instance, exclusive, limits); !done) {
    auto fallen = fall_back(done.error(), limits);
    open(fallen ? *fallen : old, waits, limits);
    return fail(fallen ? std::move(done.error()) : std::move(fallen.error()));
  }
  const std::shared_ptr<plugin_instance> last = serving_;
  enlist(next.instance);
  open(port, waits, limits);
  swap_report out;
  out.pause_us = (time_.now_ns() - began) / 1'000;
  waits->add_to(out);
  if (!exclusive) {
    retire(*last, limits);
  }
  return out;
}

result<void> store_swap::hand_over(plugin_instance& next, bool exclusive,
                                   const swap_limits& limits) {
  if (is_volatile()) {
    SPAWN_CHECK(serving_->quiesce(limits.stop_ms));
    return hand_over_memory(*serving_, next, limits.start_ms);
  }
  if (serving_->faulted()) {  // what it holds it keeps; others are served again
    retire(*serving_, limits);
    return exclusive ? next.start(limits.start_ms) : result<void>();
  }
  SPAWN_CHECK(serving_->quiesce(limits.stop_ms));
  SPAWN_TRY(const drain_report left, serving_->drain(limits.stop_ms));
  if (!left.never_ended.empty()) {
    return fail(errc::deadline, "instance " + request_.instance + " has operations that never end");
  }
  if (exclusive) {
    SPAWN_CHECK(serving_->stop(limits.stop_ms));
    SPAWN_CHECK(next.start(limits.start_ms));
  }
  return {};
}

result<store_swap::port_ptr> store_swap::fall_back(const error& why, const swap_limits& limits) {
  if (serving_->now() == state::started || serving_->now() == state::quiesced) {
    if (serving_->start(limits.start_ms)) {
      return port_.now();
    }
  }
  const auto down = [&](const error& also) {
    SPAWN_LOG(error, "a statestore is down after a swap that failed",
              {"instance", request_.instance}, {"why", also.text});
    return fail(errc::internal, why.text +
                                    "; and what served before could not be started again, so "
                                    "instance " +
                                    request_.instance + " is down: " + also.text);
  };
  if (is_volatile()) {
    return down(error{errc::internal, 0, "it has quiesced, and does not start"});
  }
  retire(*serving_, limits);
  auto made = again();
  if (!made) {
    return down(made.error());
  }
  auto port = make_statestore_port(*made->instance, port_.capabilities());
  if (!port) {
    return down(port.error());
  }
  if (auto started = made->instance->start(limits.start_ms); !started) {
    return down(started.error());
  }
  enlist(made->instance);
  return port_ptr(std::move(*port));
}

void store_swap::open(const port_ptr& to, const std::shared_ptr<swap_waits>& waits,
                      const swap_limits& limits) {
  port_.set(to);
  auto opened = on_lanes(limits, [p = &port_, to, waits](lane& at) {
    p->gate().open(at, *to, waits->by_lane[at.index()]);
  });
  if (!opened) {  // it goes on there as soon as the lane comes round
    SPAWN_LOG(warn, "a lane is late for a swap", {"instance", request_.instance},
              {"why", opened.error().text});
  }
}

}  // namespace spawn
