#include "admin/config_json.hpp"

#include <nlohmann/json.hpp>

#include "config/secrets.hpp"
#include "trust/public_key.hpp"

namespace spawn {
namespace {

using nlohmann::json;
namespace cfg = config;

void hide(json& in) {
  for (auto& [key, value] : in.items()) {
    if (value.is_string()) {
      const bool whole = in.is_object() && cfg::names_secret(key);
      value = whole ? "(secret)" : cfg::without_password(value.get_ref<const std::string&>());
    } else if (value.is_structured()) {
      hide(value);
    }
  }
}

json of(const cfg::plugin_use& from) {
  json config = json::parse(from.config_json, nullptr, false);
  if (config.is_structured()) {
    hide(config);
    for (const auto& [pointer, value] : from.secrets) {
      try {
        config[json::json_pointer(pointer)] = "(secret)";
      } catch (const json::exception&) {
        config["(secret)"] = pointer;  // shows that there is one; its place is gone
      }
    }
  }
  json out{{"use", from.use}, {"config", std::move(config)}, {"isolation", from.isolation}};
  if (from.isolation != "inproc") {
    const cfg::isolation_settings& limits = from.isolation_limits;
    json& block = out["isolation_limits"];
    block = {{"memory_mb", limits.memory_mb},
             {"open_files", limits.open_files},
             {"watchdog_ms", limits.watchdog_ms},
             {"restart_min_ms", limits.restart_min_ms},
             {"restart_max_ms", limits.restart_max_ms},
             {"read", limits.read},
             {"write", limits.write}};
    if (limits.network) {
      block["network"] = *limits.network;
    }
  }
  if (!from.version.empty()) {
    out["version"] = from.version;
  }
  if (!from.sha256.empty()) {
    out["sha256"] = from.sha256;
  }
  return out;
}

json named(const cfg::plugin_use& from) {
  json out = of(from);
  out["name"] = from.instance;
  return out;
}

const char* text(cfg::durability_mode mode) {
  switch (mode) {
    case cfg::durability_mode::commit:
      return "commit";
    case cfg::durability_mode::snapshot:
      return "snapshot";
    case cfg::durability_mode::none:
      return "none";
  }
  return "commit";
}

const char* text(cfg::conflict_rule rule) {
  switch (rule) {
    case cfg::conflict_rule::automatic:
      return "auto";
    case cfg::conflict_rule::rerun:
      return "rerun";
    case cfg::conflict_rule::error:
      return "error";
  }
  return "auto";
}

const char* text(log::level level) {
  switch (level) {
    case log::level::trace:
      return "trace";
    case log::level::debug:
      return "debug";
    case log::level::info:
      return "info";
    case log::level::warn:
      return "warn";
    case log::level::error:
      return "error";
    case log::level::off:
      return "off";
  }
  return "info";
}

const char* text(log::format format) {
  switch (format) {
    case log::format::automatic:
      return "auto";
    case log::format::text:
      return "text";
    case log::format::json:
      return "json";
  }
  return "auto";
}

json of(const cfg::history_rule& from) {
  return from.age_ms != 0 ? json{{"keep_ms", from.age_ms}} : json{{"keep", from.revisions}};
}

json of(const cfg::breaker_settings& from) {
  return {{"failures", from.failures},   {"error_percent", from.error_percent},
          {"min_calls", from.min_calls}, {"window_ms", from.window_ms},
          {"open_ms", from.open_ms},     {"probes", from.probes}};
}

json of(const cfg::policy_settings& from) {
  json out{{"queue", from.queue}};
  if (from.timeout_ms) {
    out["timeout_ms"] = *from.timeout_ms;
  }
  if (from.retry) {
    out["retry"] = {{"attempts", from.retry->attempts},
                    {"backoff_first_ms", from.retry->backoff_first_ms},
                    {"backoff_max_ms", from.retry->backoff_max_ms},
                    {"on", from.retry->on},
                    {"unsafe", from.retry->unsafe}};
  }
  if (from.concurrency) {
    out["concurrency"] = *from.concurrency;
  }
  if (from.rate_limit) {
    out["rate_limit"] = {{"per_s", from.rate_limit->per_s}, {"burst", from.rate_limit->burst}};
  }
  return out;
}

json of(const cfg::policy_choice& from) {
  return from.name.empty() ? of(from.policy) : json(from.name);
}

json of(const cfg::reminder_settings& from) {
  json out{{"name", from.name}, {"action", from.action}, {"missed", name(from.missed)}};
  if (from.cron.empty()) {
    out["every_ms"] = from.every_ms;
  } else {
    out["cron"] = from.cron;
    out["time_zone"] = from.time_zone;
  }
  if (from.payload_secret) {
    out["payload"] = "(secret)";
  } else if (!from.payload_json.empty()) {
    out["payload"] = json::parse(from.payload_json, nullptr, false);
    hide(out);
  }
  return out;
}

// By name, and the breaker of hosts that have none of their own.
void add_resiliency(const cfg::settings& from, json& out) {
  json& policies = out["resiliency"] = json::object();
  for (const auto& [name, policy] : from.resiliency) {
    policies[name] = of(policy);
  }
  if (from.host.circuit_breaker) {
    out["host"]["circuit_breaker"] = of(*from.host.circuit_breaker);
  }
}

json network(const cfg::settings& from) {
  json hosts = json::array();
  for (const auto& each : from.hosts) {
    json host{{"name", each.name}, {"address", each.address}, {"port", each.port}};
    if (each.service.empty()) {
      host["actors"] = each.actors;
    } else {
      host["service"] = each.service;
    }
    if (each.circuit_breaker) {
      host["circuit_breaker"] = of(*each.circuit_breaker);
    }
    hosts.push_back(std::move(host));
  }
  const auto& http = from.gateway.http;
  const auto& uds = from.gateway.uds;
  return {{"gateway",
           {{"http", {{"enabled", http.enabled}, {"address", http.address}, {"port", http.port}}},
            {"uds", {{"enabled", uds.enabled}, {"path", uds.path}}},
            {"trusted", from.gateway.trusted}}},
          {"host",
           {{"address", from.host.address},
            {"port", from.host.port},
            {"connections", from.host.connections},
            {"idle_ms", from.host.idle_ms},
            {"connect_ms", from.host.connect_ms},
            {"retry_ms", from.host.retry_ms}}},
          {"hosts", std::move(hosts)},
          {"admin",
           {{"address", from.admin.address},
            {"tcp",
             {{"address", from.admin.tcp_address},
              {"port", from.admin.tcp_port},
              {"token", from.admin.tcp_token.empty() ? json() : json("(secret)")}}}}}};
}

json route(const cfg::activator_route& from) {
  static constexpr const char* contents[] = {"auto",  "json",     "text",
                                             "bytes", "protobuf", "cloudevents"};
  json when = json::object();
  for (const auto& [field, pattern] : from.when) {
    when[field] = pattern;
  }
  return {{"when", std::move(when)},
          {"system", from.system},
          {"actor", from.actor},
          {"parent", from.parent},
          {"register_ref", from.register_ref},
          {"action", from.action},
          {"dedup_id", from.dedup_id},
          {"order_by", from.order_by},
          {"content", contents[static_cast<std::size_t>(from.content)]},
          {"message", from.message}};
}

json activator_rules(const cfg::activator_rules& from) {
  static constexpr const char* orders[] = {"actor", "key", "none"};
  static constexpr const char* dead[] = {"kernel", "source", "drop"};
  json routes = json::array();
  for (const auto& each : from.routes) {
    routes.push_back(route(each));
  }
  return {{"routes", std::move(routes)},
          {"window", from.window},
          {"order", orders[static_cast<std::size_t>(from.order)]},
          {"retry",
           {{"attempts", from.retry.attempts},
            {"first_ms", from.retry.first_ms},
            {"max_ms", from.retry.max_ms},
            {"unknown_actor_ms", from.retry.unknown_actor_ms}}},
          {"timeout_ms", from.timeout_ms},
          {"dead_letters", dead[static_cast<std::size_t>(from.dead_letters)]},
          {"dedup", from.dedup},
          {"headers", from.all_headers ? json() : json(from.headers)}};
}

json plugins(const cfg::settings& from) {
  json stores = json::object();
  for (const auto& each : from.statestores) {
    stores[each.instance] = of(each);
  }
  json workflows = json::array();
  for (const auto& each : from.workflows) {
    workflows.push_back(named(each));
  }
  json natives = json::array();
  for (const auto& each : from.native_actors) {
    natives.push_back(named(each));
  }
  json activators = json::array();
  for (const auto& each : from.activators) {
    json made = named(each.plugin);
    made.update(activator_rules(each.rules));
    activators.push_back(std::move(made));
  }
  json sinks = json::array();
  for (const auto& each : from.sinks) {
    sinks.push_back({{"name", each.name},
                     {"via", each.via},
                     {"destination", each.destination},
                     {"channels", each.channels}});
  }
  json keys = json::array();
  for (const auto& each : from.plugins.trusted_keys) {
    keys.push_back(trust::key_line(each));
  }
  return {{"plugins",
           {{"path", from.plugins.path},
            {"require_signed", from.plugins.require_signed},
            {"trusted_keys", std::move(keys)},
            {"probation",
             {{"failures_percent", from.plugins.probation.failures_percent},
              {"slower_factor", from.plugins.probation.slower_factor},
              {"slower_ms", from.plugins.probation.slower_ms},
              {"operations", from.plugins.probation.operations}}}}},
          {"statestores", std::move(stores)},
          {"transport", of(from.transport)},
          {"workflows", std::move(workflows)},
          {"native_actors", std::move(natives)},
          {"activators", std::move(activators)},
          {"sinks", std::move(sinks)}};
}

json actors(const cfg::settings& from) {
  json out = json::object();
  for (const auto& each : from.actors) {
    json& rule = out[each.type];
    rule = {{"tags", each.keep_tags ? "keep" : "clear"},
            {"speculative", each.speculative},
            {"on_conflict", text(each.on_conflict)},
            {"on_poison", each.on_poison == cfg::poison_rule::block ? "block" : "skip"}};
    if (each.durability) {
      rule["durability"] = text(*each.durability);
    }
    if (!each.statestore.empty()) {
      rule["statestore"] = each.statestore;
    }
    if (each.mailbox) {
      rule["mailbox"] = *each.mailbox;
    }
    if (each.timeout_ms) {
      rule["timeout_ms"] = *each.timeout_ms;
    }
    if (each.history) {
      rule["history"] = of(*each.history);
    }
    if (each.resiliency) {
      rule["resiliency"] = of(*each.resiliency);
    }
    for (const auto& [action, choice] : each.actions) {
      rule["actions"][action] = of(choice);
    }
    for (const auto& reminder : each.reminders) {
      rule["reminders"].push_back(of(reminder));
    }
  }
  return out;
}

json bounds(const cfg::settings& from) {
  const auto& n = from.limits;
  const auto& t = from.timeouts;
  return {{"limits",
           {{"inflight_bytes", n.inflight_bytes},
            {"active_actors", n.active_actors},
            {"connections", n.connections},
            {"mailbox", n.mailbox},
            {"lane_requests", n.lane_requests},
            {"host_waiting", n.host_waiting},
            {"body_bytes", n.body_bytes},
            {"header_bytes", n.header_bytes},
            {"host_reply_bytes", n.host_reply_bytes},
            {"metadata_bytes", n.metadata_bytes},
            {"metadata_entries", n.metadata_entries},
            {"commands_per_turn", n.commands_per_turn},
            {"hops", n.hops},
            {"save_turns", n.save_turns},
            {"save_bytes", n.save_bytes},
            {"group_ops", n.group_ops},
            {"pool_parallel", n.pool_parallel}}},
          {"timeouts",
           {{"request_ms", t.request_ms},
            {"request_max_ms", t.request_max_ms},
            {"deactivate_ms", t.deactivate_ms},
            {"deactivate_jitter_ms", t.deactivate_jitter_ms},
            {"snapshot_ms", t.snapshot_ms},
            {"client_read_ms", t.client_read_ms},
            {"client_idle_ms", t.client_idle_ms},
            {"doubt_ms", t.doubt_ms},
            {"drain_ms", t.drain_ms}}}};
}

json rest(const cfg::settings& from) {
  const auto& key = from.encryption;
  return {
      {"system", from.system},
      {"runtime",
       {{"lanes", from.runtime.lanes == 0 ? json("auto") : json(from.runtime.lanes)},
        {"pin", from.runtime.pin},
        {"lane_stall_ms", from.runtime.lane_stall_ms}}},
      {"durability",
       {{"default", text(from.durability.mode)},
        {"allow_volatile", from.durability.allow_volatile},
        {"history", of(from.durability.history)},
        {"messages",
         {{"attempts", from.durability.messages.attempts},
          {"backoff_first_ms", from.durability.messages.backoff_first_ms},
          {"backoff_max_ms", from.durability.messages.backoff_max_ms},
          {"dead_letters_keep_s", from.durability.messages.dead_letters_keep_s},
          {"idempotency_keys_keep_s", from.durability.messages.idempotency_keys_keep_s}}}}},
      {"encryption",
       {{"key", key.key ? json("(secret)") : json()},
        {"keys", json(std::vector<std::string>(key.keys.size(), "(secret)"))},
        {"required", key.required}}},
      {"actors", actors(from)},
      {"timers", {{"enabled", from.timers_enabled}}},
      {"cross_system", {{"enabled", from.cross_system}}},
      {"telemetry",
       {{"log",
         {{"level", text(from.telemetry.log_level)}, {"format", text(from.telemetry.log_format)}}},
        {"metrics", {{"enabled", from.telemetry.metrics}}}}}};
}

}  // namespace

std::string config_json(const config::settings& from) {
  json out = rest(from);
  out.update(network(from));
  out.update(plugins(from));
  out.update(bounds(from));
  add_resiliency(from, out);
  return out.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace spawn
