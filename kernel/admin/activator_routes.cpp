// Activators for people: what they do, and stopping and starting them.
#include <nlohmann/json.hpp>

#include "admin/lane_ask.hpp"
#include "admin/routes.hpp"
#include "intake/intake.hpp"

namespace spawn {
namespace {

using nlohmann::json;

const char* name(intake::mode mode) {
  switch (mode) {
    case intake::mode::closed:
      return "closed";
    case intake::mode::open:
      return "open";
    case intake::mode::paused:
      return "paused";
    case intake::mode::draining:
      return "draining";
    case intake::mode::drained:
      return "drained";
  }
  return "unknown";
}

json known(std::uint64_t n) {
  return n == UINT64_MAX ? json() : json(n);
}

json activator_json(const admin_context& kernel, const intake& of) {
  const auto& n = of.counts();
  const auto [serving, why] = of.port().health();
  json out{{"name", of.port().name()},
           {"state", name(of.now())},
           {"serving", serving},
           {"window", of.window()},
           {"window_max", of.window_max()},
           {"in_flight", n.in_flight.get()},
           {"offered", n.offered.get()},
           {"acknowledged", n.acknowledged.get()},
           {"retried", n.retried.get()},
           {"dead", n.dead.get()},
           {"released", n.released.get()}};
  if (!serving) {
    out["why"] = why;
  }
  for (const auto& use : kernel.settings.activators) {
    if (use.plugin.instance == of.port().name()) {
      out["plugin"] = use.plugin.use;
    }
  }
  json sources = json::object();
  for (const auto& [source, lag] : of.lags()) {
    sources[source] = {{"waiting", known(lag.messages)}, {"oldest_ms", known(lag.oldest_ms)}};
  }
  out["sources"] = std::move(sources);
  return out;
}

intake* find(const admin_call& call, std::string_view wanted) {
  for (intake* each : call.kernel.intakes) {
    if (each->port().name() == wanted) {
      return each;
    }
  }
  return nullptr;
}

admin_response told(const admin_call& call, const intake& of) {
  admin_response out;
  out.body = activator_json(call.kernel, of).dump(-1, ' ', false, json::error_handler_t::replace);
  return out;
}

// `change` runs on the intake's lane; the answer shows what it led to.
template <class F>
admin_answer order(admin_call& call, F change) {
  const std::string wanted = call.request.parts[2];
  intake* const found = find(call, wanted);
  if (found == nullptr) {
    co_return admin_problem(404, "NOT_FOUND", "there is no activator " + wanted);
  }
  const auto done = co_await ask<bool>(call.loop, found->home(), lane_answer_ms,
                                       [found, change](lane_answer<bool> answer) mutable {
                                         change(*found);
                                         answer(true);
                                       });
  if (!done) {
    co_return admin_problem(503, "UNAVAILABLE", "the activator's lane did not answer in time");
  }
  co_return told(call, *found);
}

}  // namespace

admin_answer list_activators(admin_call& call) {
  json all = json::array();
  for (const intake* each : call.kernel.intakes) {
    all.push_back(activator_json(call.kernel, *each));
  }
  admin_response out;
  out.body =
      json{{"activators", std::move(all)}}.dump(-1, ' ', false, json::error_handler_t::replace);
  co_return out;
}

admin_answer pause_activator(admin_call& call) {
  return order(call, [](intake& of) { of.pause(); });
}

admin_answer resume_activator(admin_call& call) {
  return order(call, [](intake& of) { of.open(); });
}

admin_answer drain_activator(admin_call& call) {
  return order(call, [](intake& of) { of.drain([] {}); });
}

}  // namespace spawn
