// Event sources: after everything that their messages need, and before it at the end.
#include "app/intakes_from.hpp"
#include "app/kernel.hpp"
#include "app/wait_for.hpp"

namespace spawn {
namespace {

constexpr std::uint64_t start_ms = 10'000;
constexpr std::uint64_t recover_ms = 30'000;

}  // namespace

// The instance behind `via`, and the lane that calls it.
result<void> kernel::make_sinks() {
  for (const auto& use : settings_.sinks) {
    const bool is_transport = use.via == "transport";
    std::uint32_t home = 0;
    for (std::size_t i = 0; i < activators_.size() && !is_transport; ++i) {
      if (activators_[i]->name() == use.via) {
        home = activators_[i]->home().index();
      }
    }
    auto& port = sink_ports_[use.via];
    if (!port) {
      const auto instance = is_transport ? plugins_->find("transport", settings_.transport.instance)
                                         : plugins_->find("activator", use.via);
      if (instance == nullptr) {
        return fail(errc::not_found, "sink " + use.name + ": there is no instance " + use.via);
      }
      SPAWN_TRY(auto made, make_sink_port(*instance, home));
      port = std::make_unique<swappable_sink_port>(std::move(made), lanes_->size());
    }
    sinks_.add(use.name, {port.get(), use.destination}, use.channels);
  }
  return {};
}

// Before the lanes run: the first offers find everything in place.
result<void> kernel::make_intakes() {
  for (std::size_t i = 0; i < activators_.size(); ++i) {
    activator_port& port = *activators_[i];
    SPAWN_TRY(auto made, make_intake(settings_, settings_.activators[i], port,
                                     *stacks_[port.home().index()]->router, budget_));
    intakes_.push_back(std::move(made));
  }
  return {};
}

result<void> kernel::start_activators() {
  for (const auto& each : intakes_) {
    const std::string name(each->port().name());
    auto read = wait_for<result<void>>(each->home(), recover_ms, [&](auto done) {
      each->recover([done](result<void> how) mutable { done(std::move(how)); });
    });
    if (!read) {
      return fail(errc::deadline, "reading the cursors of activator " + name + " took too long");
    }
    SPAWN_CHECK(*read);
  }
  SPAWN_CHECK(plugins_->start_all(start_ms));
  for (const auto& each : intakes_) {
    post(each->home(), [on = each.get()] { on->open(); });
  }
  return {};
}

// What they brought is answered while the lanes still work.
result<void> kernel::drain_activators() {
  std::vector<std::pair<const intake*, std::future<void>>> drained;
  for (const auto& each : intakes_) {
    auto promise = std::make_shared<std::promise<void>>();
    drained.emplace_back(each.get(), promise->get_future());
    post(each->home(),
         [on = each.get(), promise] { on->drain([promise] { promise->set_value(); }); });
  }
  const auto until =
      std::chrono::steady_clock::now() + std::chrono::milliseconds(settings_.timeouts.drain_ms);
  std::string late;
  for (auto& [of, done] : drained) {
    if (done.wait_until(until) != std::future_status::ready) {
      late += (late.empty() ? "" : ", ") + std::string(of->port().name());
    }
  }
  if (!late.empty()) {
    return fail(errc::deadline,
                "timeouts.drain_ms passed while messages of activators were under way: " + late);
  }
  return {};
}

}  // namespace spawn
