#include "swap/swap_subject.hpp"

#include <algorithm>

#include "base/log.hpp"

namespace spawn {

swap_subject::swap_subject(plugin_request request, plugin_manager& plugins, const lane_set& lanes,
                           const clock& time)
    : request_(std::move(request)),
      plugins_(plugins),
      lanes_(lanes),
      time_(time),
      serving_(plugins.find(request_.kind, request_.instance)),
      library_(serving_->core()->library) {}

result<swap_report> swap_subject::swap_to(loaded_plugin next, const swap_limits& limits) {
  if (serving_->now() != plugin_instance::state::started) {
    return fail(errc::invalid, "instance " + request_.instance + " is " +
                                   std::string(name(serving_->now())) + ", not started");
  }
  const std::string from = serving_->manifest().label();
  SPAWN_TRY(swap_report out, change(next, limits));
  out.from = from;
  out.to = next.instance->manifest().label();
  before_ = std::exchange(library_, std::move(next.library));
  return out;
}

void swap_subject::enlist(std::shared_ptr<plugin_instance> next) {
  static_cast<void>(plugins_.replace(*serving_, next));
  serving_ = std::move(next);
}

void swap_subject::retire(plugin_instance& old, const swap_limits& limits) const {
  const auto note = [&](const char* step, const auto& done) {
    if (!done) {
      SPAWN_LOG(warn, "a plugin that was swapped out", {"instance", old.name()},
                {"plugin", old.manifest().label()}, {"step", step}, {"why", done.error().text});
    }
  };
  if (old.now() == plugin_instance::state::started) {
    note("quiesce", old.quiesce(limits.stop_ms));
  }
  if (old.now() == plugin_instance::state::quiesced) {
    note("drain", old.drain(limits.stop_ms));
  }
  note("stop", old.stop(limits.stop_ms));
}

result<loaded_plugin> swap_subject::again() const {
  return plugins_.load_apart(library_, request_);
}

result<void> swap_subject::await_idle(const plugin_instance& of, std::uint64_t limit_ms) const {
  const auto& core = of.core();
  if (core->host.wait_completions(limit_ms, [&] { return core->in_flight() == 0; })) {
    return {};
  }
  return fail(errc::deadline, "instance " + of.name() + " has " +
                                  std::to_string(core->in_flight()) +
                                  " operations that did not end within " +
                                  std::to_string(limit_ms) + " ms; nothing was changed");
}

void swap_waits::add_to(swap_report& out) const {
  std::vector<std::uint64_t> all;
  for (const auto& lane : by_lane) {
    all.insert(all.end(), lane.begin(), lane.end());
  }
  out.waited = all.size();
  if (!all.empty()) {
    const auto at = all.begin() + static_cast<std::ptrdiff_t>((all.size() - 1) * 99 / 100);
    std::nth_element(all.begin(), at, all.end());
    out.wait_p99_us = *at / 1'000;
  }
}

}  // namespace spawn
