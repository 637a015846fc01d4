// Status, hosts, plugins, metrics.
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "admin/metrics_text.hpp"
#include "admin/process_facts.hpp"
#include "admin/resiliency_facts.hpp"
#include "admin/routes.hpp"

namespace spawn {
namespace {

using nlohmann::json;

std::string text(const json& from) {
  return from.dump(-1, ' ', false, json::error_handler_t::replace);
}

json lanes_of(const admin_context& kernel) {
  json out = json::array();
  for (std::size_t i = 0; i < kernel.stats.size(); ++i) {
    const lane_stats& n = *kernel.stats[i];
    json lane{{"lane", i},
              {"actors", n.cells.get()},
              {"waiting", n.messages_waiting.get()},
              {"requests", n.requests.get()},
              {"refused", n.refused.get()},
              {"saves", n.saves.get()}};
    if (i < kernel.threads.size()) {
      lane["busy_ms"] = kernel.threads[i]->busy_ns() / ns_per_ms;
      lane["stalls"] = kernel.threads[i]->stalls();
      lane["starved"] = kernel.threads[i]->starved();
    }
    out.push_back(std::move(lane));
  }
  return out;
}

json instances_of(const std::vector<config::plugin_use>& uses) {
  json out = json::array();
  for (const auto& use : uses) {
    out.push_back({{"instance", use.instance}, {"plugin", use.use}});
  }
  return out;
}

json counters_of(const instance_counters& n) {
  return {{"submitted", n.submitted},
          {"completed", n.completed},
          {"double_completions", n.double_completions},
          {"in_flight", n.in_flight},
          {"slow_calls", n.slow_calls},
          {"failed_publishes", n.failed_publishes},
          {"calls", n.calls},
          {"call_p50_ns", n.call_p50_ns},
          {"call_p99_ns", n.call_p99_ns},
          {"call_max_ns", n.call_max_ns}};
}

json signature_of(const file_signature& from) {
  if (from.is == file_signature::state::absent) {
    return nullptr;
  }
  const bool good = from.is == file_signature::state::good;
  return {{"key", from.key},
          {"trusted", good},
          {"trusted_comment", good ? json(from.trusted_comment) : json()}};
}

json process_of(const plugin_info& from) {
  if (!from.isolated) {
    return nullptr;
  }
  return {{"pid", from.pid},
          {"restarts", from.restarts},
          {"last_cause", from.last_cause},
          {"sandbox", from.sandbox}};
}

json plugin_of(const plugin_info& from) {
  json warnings = json::array();
  for (const lint_finding& each : from.warnings) {
    warnings.push_back({{"rule", each.rule}, {"text", each.text}});
  }
  return {{"kind", from.kind},
          {"plugin", from.name},
          {"version", from.version},
          {"license", from.license},
          {"instance", from.instance},
          {"path", from.path},
          {"sha256", from.sha256},
          {"signature", signature_of(from.signature)},
          {"state", from.state},
          {"serving", from.serving},
          {"faulted", from.faulted},
          {"why", from.why},
          {"isolation", from.isolated ? "process" : "inproc"},
          {"process", process_of(from)},
          {"warnings", std::move(warnings)},
          {"counters", counters_of(from.counters)}};
}

json breaker_json(const admin_context& kernel, const host_entry& host) {
  const auto found = breaker_of(kernel, host.address, host.port);
  return found ? json{{"state", text(found->state)}, {"opened", found->opened}} : json();
}

json host_of(const admin_context& kernel, const host_entry& from) {
  json actors = json::array();
  for (const auto& [system, type] : from.actors) {
    actors.push_back({{"system", system}, {"type", type}});
  }
  return {{"service", from.service},
          {"version", from.version},
          {"runtime", from.runtime},
          {"library", from.library},
          {"address", from.address},
          {"port", from.port},
          {"registered_ms", from.registered_ms},
          {"circuit_breaker", breaker_json(kernel, from)},
          {"actors", std::move(actors)}};
}

}  // namespace

admin_answer show_status(admin_call& call) {
  const admin_context& kernel = call.kernel;
  const registrar* registry = &kernel.registry;
  const auto registrations =
      co_await ask<std::size_t>(call.loop, kernel.lanes[0], lane_answer_ms,
                                [registry](auto answer) { answer(registry->registrations()); });
  if (!registrations) {
    co_return lane_is_busy();
  }
  std::uint64_t actors = 0;
  std::uint64_t waiting = 0;
  for (const lane_stats* lane : kernel.stats) {
    actors += lane->cells.get();
    waiting += lane->messages_waiting.get();
  }
  const process_facts process = process_facts::now();
  const char* phase = kernel.state.closed     ? "closing"
                      : kernel.state.draining ? "draining"
                      : kernel.state.ready    ? "ready"
                                              : "starting";
  json body{{"version", kernel.version},
            {"system", kernel.settings.system},
            {"state", phase},
            {"ready", kernel.state.ready && !kernel.state.draining},
            {"draining", kernel.state.draining.load()},
            {"pid", ::getpid()},
            {"uptime_ms", (kernel.time.now_ns() - kernel.started_ns) / ns_per_ms},
            {"config", kernel.config_path},
            {"encryption", kernel.settings.encryption.key.has_value()},
            {"registrations", *registrations},
            {"actors", actors},
            {"waiting", waiting},
            {"inflight_bytes", kernel.budget.used()},
            {"inflight_bytes_limit", kernel.budget.max()},
            {"resident_bytes", process.resident_bytes},
            {"open_fds", process.open_fds},
            {"cpu_seconds", process.cpu_seconds},
            {"statestores", instances_of(kernel.settings.statestores)},
            {"transport", kernel.settings.transport.use},
            {"workflows", instances_of(kernel.settings.workflows)},
            {"lanes", lanes_of(kernel)}};
  admin_response out;
  out.body = text(body);
  co_return out;
}

admin_answer list_hosts(admin_call& call) {
  using hosts = std::vector<host_entry>;
  const registrar* registry = &call.kernel.registry;
  const auto found = co_await ask<hosts>(call.loop, call.kernel.lanes[0], lane_answer_ms,
                                         [registry](auto answer) { answer(registry->hosts()); });
  if (!found) {
    co_return lane_is_busy();
  }
  json list = json::array();
  for (const host_entry& each : *found) {
    list.push_back(host_of(call.kernel, each));
  }
  json body;
  body["hosts"] = std::move(list);
  admin_response out;
  out.body = text(body);
  co_return out;
}

admin_answer forget_host(admin_call& call) {
  // Durable before it is answered, so it waits for the store as well.
  constexpr std::uint64_t forget_ms = 10'000;
  using forgotten = result<std::size_t>;
  registrar* registry = &call.kernel.registry;
  const std::string service = call.request.parts[2];
  auto work = [registry, service](lane_answer<forgotten> answer) {
    registry->forget(service,
                     [answer = std::move(answer)](forgotten n) mutable { answer(std::move(n)); });
  };
  const auto ended =
      co_await ask<forgotten>(call.loop, call.kernel.lanes[0], forget_ms, std::move(work));
  if (!ended) {
    co_return lane_is_busy();
  }
  if (!*ended) {
    const int status = ended->error().code == errc::not_found ? 404 : 503;
    co_return admin_problem(status, name(ended->error().code), ended->error().text);
  }
  if (**ended == 0) {
    co_return admin_problem(404, "NOT_FOUND", "no host registered as service \"" + service + "\"");
  }
  json body;
  body["service"] = service;
  body["forgotten"] = **ended;
  admin_response out;
  out.body = text(body);
  co_return out;
}

admin_answer list_plugins(admin_call& call) {
  json list = json::array();
  for (const plugin_info& each : call.kernel.plugins.list()) {
    list.push_back(plugin_of(each));
  }
  json body;
  body["plugins"] = std::move(list);
  admin_response out;
  out.body = text(body);
  co_return out;
}

admin_answer show_plugin(admin_call& call) {
  const std::string& kind = call.request.parts[2];
  const std::string& instance = call.request.parts[3];
  for (const plugin_info& each : call.kernel.plugins.list()) {
    if (each.kind == kind && each.instance == instance) {
      admin_response out;
      out.body = text(plugin_of(each));
      co_return out;
    }
  }
  co_return admin_problem(404, "NOT_FOUND",
                          "no " + kind + " plugin instance \"" + instance + "\" is loaded");
}

admin_answer show_metrics(admin_call& call) {
  if (!call.kernel.settings.telemetry.metrics) {
    co_return admin_problem(404, "NOT_FOUND", "metrics are off; telemetry.metrics.enabled");
  }
  // Here there is time to wait for the lanes, so that new actor types are on this page already.
  for (lane_router* router : call.kernel.routers) {
    auto known = call.kernel.known;
    const auto* journals = &call.kernel.journals;
    auto work = [known, router, journals](lane_answer<bool> answer) {
      known->tell(*router, *journals);
      answer(true);
    };
    static_cast<void>(
        co_await ask<bool>(call.loop, router->home(), lane_answer_ms, std::move(work)));
  }
  admin_response out;
  out.content_type = "text/plain; version=0.0.4; charset=utf-8";
  out.body = render_metrics(call.kernel);
  co_return out;
}

}  // namespace spawn
