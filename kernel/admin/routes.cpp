#include "admin/routes.hpp"

#include <nlohmann/json.hpp>

#include "admin/config_json.hpp"
#include "base/log.hpp"

namespace spawn {
namespace {

admin_answer show_config(admin_call& call) {
  admin_response out;
  out.body = config_json(call.kernel.settings);
  co_return out;
}

admin_answer start_drain(admin_call&) {
  SPAWN_LOG(info, "drain asked for through the admin API");
  admin_response out;
  out.status = 202;
  out.body = R"({"draining":true})";
  out.then_drain = true;
  co_return out;
}

admin_answer liveness(admin_call&) {
  admin_response out;
  out.body = R"({"status":"up"})";
  co_return out;
}

admin_answer readiness(admin_call& call) {
  const bool up = call.kernel.state.ready && !call.kernel.state.draining;
  admin_response out;
  out.status = up ? 200 : 503;
  out.retry_after_s = up ? 0 : 1;
  nlohmann::json body{{"status", up ? "up" : "down"}};
  for (const plugin_info& each : call.kernel.plugins.list()) {
    if (each.kind == "statestore" && !each.serving) {
      body["stores"][each.instance] = each.why.empty() ? "not serving" : each.why;
    }
  }
  out.body = body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  co_return out;
}

// "*" in a pattern stands for one piece that is not empty.
struct route {
  const char* method;
  std::vector<std::string_view> pattern;
  admin_answer (*run)(admin_call&);
};

const std::vector<route>& table() {
  static const std::vector<route> routes = {
      {"GET", {"v1", "status"}, show_status},
      {"GET", {"v1", "actors"}, list_actors},
      {"GET", {"v1", "actors", "*", "*"}, show_actor},
      {"GET", {"v1", "state", "*", "*"}, show_state},
      {"DELETE", {"v1", "state", "*", "*"}, delete_state},
      {"GET", {"v1", "state", "*", "*", "history"}, show_history},
      {"POST", {"v1", "state", "*", "*", "restore"}, restore_state},
      {"GET", {"v1", "stores"}, list_stores},
      {"GET", {"v1", "stores", "*", "records"}, export_records},
      {"POST", {"v1", "stores", "*", "records"}, import_records},
      {"POST", {"v1", "stores", "*", "rekey"}, rekey_records},
      {"POST", {"v1", "stores", "*", "prune"}, prune_records},
      {"GET", {"v1", "dead-letters"}, list_dead_letters},
      {"DELETE", {"v1", "dead-letters"}, drop_dead_letter},
      {"POST", {"v1", "dead-letters", "replay"}, replay_dead_letter},
      {"GET", {"v1", "schedules"}, list_schedules},
      {"DELETE", {"v1", "schedules"}, cancel_schedule},
      {"GET", {"v1", "messages"}, list_messages},
      {"GET", {"v1", "flows"}, list_flows},
      {"GET", {"v1", "activators"}, list_activators},
      {"POST", {"v1", "activators", "*", "pause"}, pause_activator},
      {"POST", {"v1", "activators", "*", "resume"}, resume_activator},
      {"POST", {"v1", "activators", "*", "drain"}, drain_activator},
      {"GET", {"v1", "hosts"}, list_hosts},
      {"DELETE", {"v1", "hosts", "*"}, forget_host},
      {"GET", {"v1", "plugins"}, list_plugins},
      {"GET", {"v1", "plugins", "*", "*"}, show_plugin},
      {"POST", {"v1", "plugins", "*", "*", "swap"}, swap_plugin},
      {"GET", {"v1", "config"}, show_config},
      {"POST", {"v1", "invoke"}, invoke_actor},
      {"POST", {"v1", "drain"}, start_drain},
      {"GET", {"metrics"}, show_metrics},
      {"GET", {"health"}, liveness},
      {"GET", {"health", "liveness"}, liveness},
      {"GET", {"health", "readiness"}, readiness},
  };
  return routes;
}

bool fits(const route& to, const std::vector<std::string>& parts) {
  if (to.pattern.size() != parts.size()) {
    return false;
  }
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (to.pattern[i] == "*" ? parts[i].empty() : to.pattern[i] != parts[i]) {
      return false;
    }
  }
  return true;
}

}  // namespace

admin_answer answer_admin(admin_call& call) {
  const std::string_view asked =
      call.request.method == "HEAD" ? std::string_view("GET") : call.request.method;
  const route* other = nullptr;
  for (const route& each : table()) {
    if (!fits(each, call.request.parts)) {
      continue;
    }
    if (asked == each.method) {
      return each.run(call);
    }
    other = &each;
  }
  return [](const route* near, std::string path) -> admin_answer {
    admin_response out;
    if (near == nullptr) {
      out = admin_problem(404, "NOT_FOUND", "the admin API has no path " + path);
    } else {
      out = admin_problem(405, "INVALID_ARGUMENT", "use " + std::string(near->method) + " here");
      out.allow = near->method;
    }
    co_return out;
  }(other, call.request.path);
}

}  // namespace spawn
