// Actors in memory, and what is known of one actor.
#include <nlohmann/json.hpp>

#include "admin/actor_rows.hpp"
#include "admin/routes.hpp"

namespace spawn {
namespace {

using nlohmann::json;

constexpr std::size_t page_default = 100;
constexpr std::size_t page_max = 1'000;
constexpr std::uint64_t page_ms = 2'000;

std::string text(const json& from) {
  return from.dump(-1, ' ', false, json::error_handler_t::replace);
}

json json_of(const actor_row& from) {
  return {
      {"system", from.system},     {"parent", from.parent},   {"name", from.name},
      {"type", from.type},         {"kind", from.kind},       {"phase", from.phase},
      {"revision", from.revision}, {"idle_ms", from.idle_ms}, {"waiting", from.waiting},
      {"lane", from.lane},         {"settled", from.settled}, {"state_bytes", from.state_bytes}};
}

bool read_limit(std::string_view given, std::size_t& out) {
  if (given.empty()) {
    out = page_default;
    return true;
  }
  std::uint64_t asked = 0;
  if (!read_number(given, asked) || asked < 1 || asked > page_max) {
    return false;
  }
  out = static_cast<std::size_t>(asked);
  return true;
}

// Copied on the actor's lane.
struct actor_facts {
  definition_ptr def;
  std::string parent;
  std::string bound_parent;
  std::uint64_t restore_revision = 0;
  std::optional<actor_row> active;
  actor_pool::load pool;
};

actor_facts look_at(lane_router& router, const std::string& system, const std::string& name,
                    const std::string& parent) {
  actor_facts out;
  const auto found = router.resolve(system, name, parent);
  if (const binding* bound = router.names().find(system, name)) {
    out.bound_parent = bound->parent;
    out.restore_revision = bound->restore_revision;
  }
  if (found.type == nullptr) {
    return out;
  }
  out.def = found.type->now;
  out.parent = found.id.parent;
  out.pool = router.pool_of(*found.type);
  if (const cell* active = router.cells().find(found.id.view())) {
    out.active = row_of(*active, router.home());
  }
  return out;
}

json registration_of(const definition& def) {
  json timers = json::array();
  for (const timer_binding& each : def.timers) {
    timers.push_back({{"period_ms", each.period_ms}, {"action", each.action}});
  }
  json channels = json::array();
  for (const channel_binding& each : def.channels) {
    channels.push_back({{"topic", each.topic}, {"action", each.action}});
  }
  json out{{"type", def.type},
           {"kind", name(def.kind)},
           {"stateful", def.stateful},
           {"durability", name(def.mode())},
           {"deactivate_ms", def.deactivate_ms},
           {"snapshot_ms", def.snapshot_ms},
           {"actions", def.actions},
           {"timers", std::move(timers)},
           {"channels", std::move(channels)}};
  if (def.host) {
    out["host"] = {
        {"name", def.host->name}, {"address", def.host->address}, {"port", def.host->port}};
  }
  return out;
}

}  // namespace

admin_answer list_actors(admin_call& call) {
  std::size_t limit = 0;
  if (!read_limit(call.request.param("limit"), limit)) {
    co_return bad_request("query limit is a number from 1 to " + std::to_string(page_max));
  }
  listing_place at;
  const std::string_view cursor = call.request.param("cursor");
  if (!cursor.empty() && !listing_place::parse(cursor, at)) {
    co_return bad_request("query cursor is not one that a page of this list ended with");
  }
  actor_filter only;
  only.system = call.request.param("system");
  only.type = call.request.param("type");
  json rows = json::array();
  const std::uint64_t until = call.kernel.time.now_ns() + page_ms * ns_per_ms;
  while (at.lane < call.kernel.routers.size() && rows.size() < limit &&
         call.kernel.time.now_ns() < until) {
    lane_router* router = call.kernel.routers[at.lane];
    const std::size_t wanted = limit - rows.size();
    auto work = [router, at, wanted, only](lane_answer<actor_slice> answer) {
      answer(take_slice(router->cells(), router->home(), at, wanted, only));
    };
    const auto slice =
        co_await ask<actor_slice>(call.loop, router->home(), lane_answer_ms, std::move(work));
    if (!slice) {
      co_return lane_is_busy();
    }
    for (const actor_row& row : slice->rows) {
      rows.push_back(json_of(row));
    }
    at = slice->next;
    if (slice->lane_done) {
      at = listing_place();
      at.lane = slice->next.lane + 1;
    }
  }
  json body;
  body["actors"] = std::move(rows);
  body["cursor"] = at.lane < call.kernel.routers.size() ? json(at.text()) : json();
  admin_response out;
  out.body = text(body);
  co_return out;
}

admin_answer show_actor(admin_call& call) {
  const std::string system = call.request.parts[2];
  const std::string name = call.request.parts[3];
  const std::string parent(call.request.param("parent"));
  lane& home = call.kernel.lanes.of(lane_hash(system, name));
  lane_router* router = call.kernel.routers[home.index()];
  auto work = [router, system, name, parent](lane_answer<actor_facts> answer) {
    answer(look_at(*router, system, name, parent));
  };
  const auto found = co_await ask<actor_facts>(call.loop, home, lane_answer_ms, std::move(work));
  if (!found) {
    co_return lane_is_busy();
  }
  if (!found->def) {
    std::string why = "actor " + name + " is neither registered nor spawned in system " + system;
    if (!found->bound_parent.empty()) {
      why = "actor " + name + " was spawned as a " + found->bound_parent +
            ", which no host has registered in system " + system;
    }
    co_return admin_problem(404, "ACTOR_NOT_FOUND", why);
  }
  json body{
      {"system", system},
      {"name", name},
      {"parent", found->parent},
      {"lane", home.index()},
      {"is_active", found->active.has_value() || found->pool.running + found->pool.waiting > 0},
      {"registration", registration_of(*found->def)}};
  if (found->def->kind == actor_kind::pooled) {
    body["pool"] = {{"running", found->pool.running},
                    {"waiting", found->pool.waiting},
                    {"at_most", found->def->pool_max}};
  }
  if (found->active) {
    body["active"] = json_of(*found->active);
  }
  if (!found->bound_parent.empty()) {
    body["binding"] = {{"parent", found->bound_parent},
                       {"restore_revision", found->restore_revision}};
  }
  admin_response out;
  out.body = text(body);
  co_return out;
}

}  // namespace spawn
