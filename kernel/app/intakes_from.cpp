#include "app/intakes_from.hpp"

namespace spawn {
namespace {

result<route_rule> rule_from(const config::activator_route& from) {
  route_rule out;
  for (const auto& [field, pattern] : from.when) {
    out.when.push_back({field, pattern});
  }
  SPAWN_TRY(out.system, text_template::parse(from.system));
  SPAWN_TRY(out.actor, text_template::parse(from.actor));
  SPAWN_TRY(out.parent, text_template::parse(from.parent));
  SPAWN_TRY(out.register_ref, text_template::parse(from.register_ref));
  SPAWN_TRY(out.action, text_template::parse(from.action));
  SPAWN_TRY(out.dedup_id, text_template::parse(from.dedup_id));
  SPAWN_TRY(out.order_by, text_template::parse(from.order_by));
  out.message = from.message;
  switch (from.content) {
    case config::content_rule::automatic:
      break;
    case config::content_rule::json:
      out.content = content_kind::json;
      break;
    case config::content_rule::text:
      out.content = content_kind::text;
      break;
    case config::content_rule::bytes:
      out.content = content_kind::bytes;
      break;
    case config::content_rule::protobuf:
      out.content = content_kind::protobuf;
      break;
    case config::content_rule::cloudevents:
      out.cloudevent = true;
      break;
  }
  return out;
}

intake_options options_from(const config::settings& settings, const config::activator_rules& from) {
  intake_options out;
  out.window = from.window;
  out.keeps = from.order == config::order_rule::none    ? intake_options::order::none
              : from.order == config::order_rule::actor ? intake_options::order::actor
                                                        : intake_options::order::key;
  out.letters = from.dead_letters == config::dead_letter_rule::source ? intake_options::dead::source
                : from.dead_letters == config::dead_letter_rule::drop
                    ? intake_options::dead::drop
                    : intake_options::dead::kernel;
  out.attempts = from.retry.attempts;
  out.retry_first_ms = from.retry.first_ms;
  out.retry_max_ms = from.retry.max_ms;
  out.unknown_actor_ms = from.retry.unknown_actor_ms;
  out.request_ms = from.timeout_ms != 0 ? from.timeout_ms : settings.timeouts.request_ms;
  out.request_ms_max = settings.timeouts.request_max_ms;
  out.body_max = settings.limits.body_bytes;
  return out;
}

}  // namespace

result<std::unique_ptr<intake>> make_intake(const config::settings& settings,
                                            const config::activator_use& use, activator_port& port,
                                            lane_router& router, byte_budget& budget) {
  const auto refuse = [&](const std::string& why) {
    return fail(errc::invalid, "activator " + use.plugin.instance + ": " + why);
  };
  route_table::options routes;
  routes.system = settings.system;
  for (const auto& each : use.rules.routes) {
    auto rule = rule_from(each);
    if (!rule) {
      return refuse(rule.error().text);
    }
    routes.rules.push_back(std::move(*rule));
  }
  routes.all_headers = use.rules.all_headers;
  routes.headers = use.rules.headers;
  routes.dedup = use.rules.dedup;
  routes.metadata_bytes = settings.limits.metadata_bytes;
  routes.metadata_entries = settings.limits.metadata_entries;
  const auto options = options_from(settings, use.rules);
  if (options.letters == intake_options::dead::source &&
      (port.capabilities() & SPAWN_AC_CAP_DEAD_LETTER) == 0) {
    return refuse("dead_letters: source is not possible, plugin " + use.plugin.use +
                  " has no dead letters of its own");
  }
  return std::make_unique<intake>(port, router, budget, route_table(std::move(routes)), options);
}

}  // namespace spawn
