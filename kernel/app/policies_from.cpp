#include "app/policies_from.hpp"

#include "app/machine.hpp"
#include "app/reminders_from.hpp"

namespace spawn {
namespace {

durability mode_of(config::durability_mode m) {
  switch (m) {
    case config::durability_mode::commit:
      return durability::commit;
    case config::durability_mode::snapshot:
      return durability::snapshot;
    case config::durability_mode::none:
      return durability::none;
  }
  return durability::commit;
}

result<std::shared_ptr<const host_address>> host_of(std::string name, const std::string& address,
                                                    std::uint16_t port) {
  auto out = std::make_shared<host_address>();
  out->name = std::move(name);
  SPAWN_TRY(out->address, resolve_address(address));
  out->port = port;
  return std::shared_ptr<const host_address>(std::move(out));
}

}  // namespace

result<void> check_store(const config::settings& settings, const type_policy& policy,
                         const std::vector<statestore_port*>& stores, const std::string& where) {
  const auto& store = *stores[policy.store];
  const bool durable = (store.capabilities() & SPAWN_SS_CAP_DURABLE) != 0;
  if (policy.mode == durability::commit && !durable && !settings.durability.allow_volatile) {
    return fail(errc::invalid, where +
                                   ": durability commit needs a durable store, and statestore \"" +
                                   std::string(store.name()) +
                                   "\" keeps nothing over a restart; use another store, another "
                                   "mode, or durability.allow_volatile: true");
  }
  if (policy.mode == durability::commit &&
      (store.capabilities() & SPAWN_SS_CAP_ATOMIC_GROUP) == 0) {
    return fail(errc::invalid,
                where +
                    ": durability commit needs a store that writes several records "
                    "at once or not at all, for what actors send, and statestore \"" +
                    std::string(store.name()) + "\" does not; use another store or another mode");
  }
  return {};
}

namespace {

// By age: however many there are of it.
void keep_history(type_policy& of, const config::history_rule& rule) {
  of.history_keep = rule.revisions == 0 && rule.age_ms != 0 ? UINT32_MAX : rule.revisions;
  of.history_keep_ms = rule.age_ms;
}

}  // namespace

result<std::unique_ptr<policies>> make_policies(const config::settings& settings,
                                                const std::vector<statestore_port*>& stores) {
  auto out = std::make_unique<policies>();
  out->deactivate_ms = settings.timeouts.deactivate_ms;
  out->snapshot_ms = settings.timeouts.snapshot_ms;
  out->pool_parallel = settings.limits.pool_parallel;
  out->fallback.mode = mode_of(settings.durability.mode);
  out->fallback.mailbox_max = settings.limits.mailbox;
  keep_history(out->fallback, settings.durability.history);
  SPAWN_CHECK(check_store(settings, out->fallback, stores, "durability.default"));
  for (const auto& rule : settings.actors) {
    type_policy policy = out->fallback;
    if (rule.durability) {
      policy.mode = mode_of(*rule.durability);
    }
    for (std::size_t i = 0; i < settings.statestores.size(); ++i) {
      if (settings.statestores[i].instance == rule.statestore) {
        policy.store = static_cast<std::uint32_t>(i);
      }
    }
    policy.keep_tags = rule.keep_tags;
    policy.speculative = rule.speculative;
    policy.on_conflict = rule.on_conflict == config::conflict_rule::rerun ? conflict_policy::rerun
                                                                          : conflict_policy::error;
    policy.on_poison =
        rule.on_poison == config::poison_rule::block ? poison_policy::block : poison_policy::skip;
    policy.mailbox_max = rule.mailbox.value_or(policy.mailbox_max);
    policy.timeout_ms = rule.timeout_ms.value_or(0);
    if (rule.history) {
      keep_history(policy, *rule.history);
    }
    SPAWN_TRY(policy.reminders, make_reminders(rule));
    SPAWN_CHECK(check_store(settings, policy, stores, "actors." + rule.type));
    out->types.emplace(rule.type, policy);
  }
  SPAWN_TRY(out->host, host_of("default", settings.host.address, settings.host.port));
  for (const auto& host : settings.hosts) {
    SPAWN_TRY(auto address, host_of(host.name, host.address, host.port));
    for (const auto& actor : host.actors) {
      out->hosts_by_actor.emplace(actor, address);
    }
    if (!host.service.empty()) {
      out->hosts_by_service.emplace(host.service, address);
    }
  }
  return out;
}

}  // namespace spawn
