// An actor's state, its tags and its revision.
#include <nlohmann/json.hpp>

#include "admin/routes.hpp"
#include "wire/common.hpp"

namespace spawn {
namespace {

using nlohmann::json;

// The actor's memory after the read, copied on its lane.
struct state_facts {
  bool active = false;
  bool settled =
      false;  // everything in memory is durable: state, tags and revision belong together
  std::uint64_t revision = 0;
  std::string parent;
  std::string state_any;
  std::string tags;
};

state_facts look_at(lane_router& router, const std::string& system, const std::string& name,
                    const std::string& parent) {
  state_facts out;
  const auto found = router.resolve(system, name, parent);
  out.parent = found.id.parent;
  const cell* at = router.cells().find(found.id.view());
  if (at == nullptr) {
    return out;
  }
  out.active = true;
  out.settled = !at->dirty && at->newest_batch() == 0 && at->phase == cell_phase::ready;
  out.revision = at->revision;
  out.state_any = at->state_any;
  out.tags = at->tags;
  return out;
}

invocation_ptr read_message(const std::string& system, const std::string& name,
                            const std::string& parent) {
  auto message = std::make_unique<invocation>();
  message->storage = system + name + parent + "get_state";
  const std::string_view all(message->storage);
  message->target = {all.substr(0, system.size()),
                     all.substr(system.size() + name.size(), parent.size()),
                     all.substr(system.size(), name.size())};
  message->action = all.substr(system.size() + name.size() + parent.size());
  message->argument.kind = presence::noop;
  message->read_state = true;
  return message;
}

}  // namespace

admin_answer show_state(admin_call& call) {
  const std::string system = call.request.parts[2];
  const std::string name = call.request.parts[3];
  const std::string parent(call.request.param("parent"));
  auto message = read_message(system, name, parent);
  const auto read =
      co_await deliver(call, std::move(message), call.kernel.settings.timeouts.request_ms);
  if (!read) {
    co_return lane_is_busy();
  }
  if (!read->ok()) {
    co_return admin_problem(*read);
  }
  lane& home = call.kernel.lanes.of(lane_hash(system, name));
  lane_router* router = call.kernel.routers[home.index()];
  auto work = [router, system, name, parent](lane_answer<state_facts> answer) {
    answer(look_at(*router, system, name, parent));
  };
  const auto facts = co_await ask<state_facts>(call.loop, home, lane_answer_ms, std::move(work));
  if (!facts) {
    co_return lane_is_busy();
  }
  payload_view value = read->value.view();
  if (facts->settled) {
    value.kind = facts->state_any.empty() ? presence::unset : presence::value;
    value.any = facts->state_any;
  }
  json tags = json::object();
  for (const kv_view& each : wire::read_tags(facts->tags)) {
    tags[std::string(each.key)] = each.value;
  }
  json body{{"system", system},
            {"name", name},
            {"parent", facts->parent},
            {"revision", facts->revision},
            {"settled", facts->settled},
            {"tags", std::move(tags)},
            {"state", json::parse(payload_json(value))}};
  admin_response out;
  out.body = body.dump(-1, ' ', false, json::error_handler_t::replace);
  co_return out;
}

}  // namespace spawn
