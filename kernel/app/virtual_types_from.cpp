#include "app/virtual_types_from.hpp"

#include "app/policies_from.hpp"

namespace spawn {
namespace {

result<definition> type_of(const config::settings& settings,
                           const std::vector<statestore_port*>& stores, workflow_port& port,
                           const std::string& parent, const policies& rules) {
  definition out;
  out.type = parent;
  out.kind = actor_kind::unnamed;
  out.stateful = true;
  out.deactivate_ms = rules.deactivate_ms;
  out.snapshot_ms = rules.snapshot_ms;
  out.pool_max = rules.pool_parallel;
  out.policy = rules.policy_of(parent);
  out.served_by = &port;
  out.generation = UINT64_MAX;  // no registration replaces it
  if (rules.types.contains(parent) && out.policy.mode != durability::commit &&
      rules.fallback.mode == durability::commit) {
    return fail(errc::invalid,
                "actors." + parent + ".durability: workflow " + std::string(port.name()) +
                    " serves this actor, whose messages are always durable (commit)");
  }
  out.policy.mode = durability::commit;
  SPAWN_CHECK(check_store(settings, out.policy, stores,
                          "workflow " + std::string(port.name()) + " serves " + parent));
  return out;
}

}  // namespace

result<void> add_virtual_types(const config::settings& settings,
                               const std::vector<statestore_port*>& stores,
                               const std::vector<workflow_port*>& ports, policies& to) {
  for (workflow_port* port : ports) {
    for (const auto& parent : port->virtual_parents()) {
      SPAWN_TRY(auto made, type_of(settings, stores, *port, parent, to));
      const auto [at, is_new] = to.virtuals.emplace(parent, std::move(made));
      if (!is_new) {
        return fail(errc::invalid, "workflows: " + std::string(at->second.served_by->name()) +
                                       " and " + std::string(port->name()) + " both serve " +
                                       parent);
      }
    }
  }
  return {};
}

}  // namespace spawn
