#include "app/natives_from.hpp"

#include "wire/registration.hpp"

namespace spawn {
namespace {

struct one_plugin {
  const config::settings& settings;
  actors_port& port;
  std::int32_t index;
  std::string system;

  [[nodiscard]] tl::unexpected<error> refuse(const std::string& why) const {
    return fail(errc::invalid, "native_actors: instance " + std::string(port.name()) + ": " + why);
  }
  [[nodiscard]] result<definition_ptr> define(const wire::actor_entry& actor,
                                              const policies& rules) const;
};

template <class T>
void or_default(T& value, T fallback) {
  if (value == 0) {
    value = fallback;
  }
}

result<definition_ptr> one_plugin::define(const wire::actor_entry& actor,
                                          const policies& rules) const {
  auto def = wire::read_definition(actor.encoded, system, actor.name);
  if (!def) {
    return refuse(def.error().text);
  }
  definition& out = **def;
  if (rules.virtuals.contains(out.type)) {
    return refuse("actor " + out.type + ": a workflow serves the actors of this name");
  }
  if (const definition* other = rules.native_of(out.system, out.type)) {
    return refuse("actor " + out.type + " of system " + out.system + ": " + other->host->name +
                  " has it already");
  }
  out.policy = rules.policy_of(out.type);
  or_default(out.deactivate_ms, rules.deactivate_ms);
  or_default(out.snapshot_ms, rules.snapshot_ms);
  or_default(out.pool_max, rules.pool_parallel);
  auto host = std::make_shared<host_address>();
  host->name = "native:" + std::string(port.name());
  host->address = host->name;  // circuit breakers are known by it
  host->native = index;
  out.host = std::move(host);
  out.generation = UINT64_MAX;  // no host takes its place
  return definition_ptr(std::move(*def));
}

}  // namespace

result<void> add_native_types(const config::settings& settings,
                              const std::vector<std::unique_ptr<actors_port>>& ports, policies& to,
                              std::vector<std::unique_ptr<live_types>>& live) {
  for (std::size_t i = 0; i < ports.size(); ++i) {
    one_plugin plugin{settings, *ports[i], static_cast<std::int32_t>(i), {}};
    auto read = wire::read_registration(plugin.port.registration(), settings.system);
    if (!read) {
      return plugin.refuse("its registration: " + read.error().text);
    }
    plugin.system = read->system;
    live.push_back(std::make_unique<live_types>());
    live.back()->system = plugin.system;
    std::uint32_t at = 0;
    for (const wire::actor_entry& actor : read->actors) {
      SPAWN_TRY(auto def, plugin.define(actor, to));
      to.natives.push_back(def);
      if (plugin.port.is_live(at)) {
        if (def->stateful || def->kind == actor_kind::pooled) {
          return plugin.refuse("actor " + def->type +
                               " is live, so it can be neither stateful nor pooled");
        }
        live.back()->all.emplace_back(at, std::move(def));
      }
      ++at;
    }
  }
  return {};
}

}  // namespace spawn
