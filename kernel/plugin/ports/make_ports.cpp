#include "plugin/ports/make_ports.hpp"

#include <array>

#include "plugin/instance.hpp"
#include "plugin/ports/lane_store_port.hpp"
#include "plugin/ports/loaded_activator_port.hpp"
#include "plugin/ports/loaded_actors_port.hpp"
#include "plugin/ports/loaded_sink_port.hpp"
#include "plugin/ports/loaded_transport_port.hpp"
#include "plugin/ports/loaded_workflow_port.hpp"
#include "plugin/ports/shared_store_port.hpp"
#include "plugin/status.hpp"

namespace spawn {
namespace {

struct capability {
  std::uint64_t bit;
  const char* name;
};

constexpr std::array<capability, 5> store_capabilities = {
    {{SPAWN_SS_CAP_DURABLE, "durable"},
     {SPAWN_SS_CAP_ATOMIC_GROUP, "atomic_group"},
     {SPAWN_SS_CAP_HISTORY, "history"},
     {SPAWN_SS_CAP_LIST, "list"},
     {SPAWN_SS_CAP_TTL, "ttl"}}};
constexpr std::array<capability, 5> transport_capabilities = {
    {{SPAWN_TP_CAP_QUEUE_GROUP, "queue_group"},
     {SPAWN_TP_CAP_AT_LEAST_ONCE, "at_least_once"},
     {SPAWN_TP_CAP_REQUEST, "request"},
     {SPAWN_TP_CAP_ORDERED_PER_SUBJECT, "ordered_per_subject"},
     {SPAWN_TP_CAP_HEADERS, "headers"}}};

result<const void*> table_of(plugin_instance& instance, const char* kind, const char* id) {
  if (instance.manifest().kind != kind) {
    return fail(errc::invalid, "instance " + instance.name() + " is a " + instance.manifest().kind +
                                   ", not a " + kind);
  }
  if (!instance.core()->ports.empty()) {
    return fail(errc::invalid, "instance " + instance.name() + " has its port already");
  }
  const void* table = instance.find_interface(id);
  if (table == nullptr) {
    return fail(errc::unsupported, "instance " + instance.name() + " does not have " + id);
  }
  return table;
}

result<void> check_capabilities(const plugin_instance& instance, std::uint64_t has,
                                std::uint64_t needs, std::span<const capability> known) {
  std::string missing;
  for (const capability& c : known) {
    if ((needs & c.bit) != 0 && (has & c.bit) == 0) {
      missing.append(missing.empty() ? "" : ", ").append(c.name);
    }
  }
  if (missing.empty()) {
    return {};
  }
  return fail(errc::unsupported, "instance " + instance.name() + " (" +
                                     instance.manifest().label() +
                                     ") can not do what the configuration asks for: " + missing);
}

}  // namespace

result<std::unique_ptr<statestore_port>> make_statestore_port(plugin_instance& instance,
                                                              std::uint64_t needs) {
  SPAWN_TRY(const void* raw, table_of(instance, "statestore", SPAWN_STATESTORE));
  const auto* table = static_cast<const spawn_statestore*>(raw);
  const plugin_manifest& manifest = instance.manifest();
  std::unique_ptr<statestore_port> port;
  const bool joined = manifest.blocking || manifest.lanes == lane_mode::one;
  if (instance.library().is_apart()) {
    // Its proxy never blocks; the one queue is in its process.
    port = std::make_unique<lane_store_port>(instance.core(), table, joined);
  } else if (joined) {
    port = std::make_unique<shared_store_port>(instance.core(), table, manifest.blocking);
  } else {
    port = std::make_unique<lane_store_port>(instance.core(), table);
  }
  SPAWN_CHECK(check_capabilities(instance, port->capabilities(), needs, store_capabilities));
  return port;
}

result<std::unique_ptr<workflow_port>> make_workflow_port(plugin_instance& instance) {
  SPAWN_TRY(const void* raw, table_of(instance, "workflow", SPAWN_WORKFLOW));
  const auto* table = static_cast<const spawn_workflow*>(raw);
  if (instance.manifest().blocking || instance.manifest().lanes == lane_mode::one) {
    return fail(errc::invalid, "instance " + instance.name() +
                                   ": a workflow plugin is \"lanes\": \"many\" and does not block");
  }
  spawn_instance* self = instance.core()->raw;
  const auto read = [&](auto list_of) {
    std::vector<std::string> out;
    const char* const* each = list_of(self);
    for (; each != nullptr && *each != nullptr; ++each) {
      out.emplace_back(*each);
    }
    return out;
  };
  std::vector<std::string> parts, parents;
  const std::string threw = contained([&] {
    parts = read(table->part_types);
    if (SPAWN_KNOWS(table, virtual_parents) && table->virtual_parents != nullptr) {
      parents = read(table->virtual_parents);
    }
  });
  if (!threw.empty() || (parts.empty() && parents.empty())) {
    return fail(errc::invalid,
                "instance " + instance.name() + ": part_types and virtual_parents " +
                    (threw.empty() ? std::string("name neither part nor actor") : threw));
  }
  return std::make_unique<loaded_workflow_port>(instance.core(), table, std::move(parts),
                                                std::move(parents));
}

result<std::unique_ptr<telling_transport_port>> make_transport_port(plugin_instance& instance,
                                                                    std::uint64_t needs) {
  SPAWN_TRY(const void* raw, table_of(instance, "transport", SPAWN_TRANSPORT));
  const auto* table = static_cast<const spawn_transport*>(raw);
  if (instance.manifest().blocking) {
    return fail(errc::invalid,
                "instance " + instance.name() +
                    ": a transport plugin does not block; it has spawn.host.blocking/1");
  }
  SPAWN_CHECK(check_capabilities(instance, table->capabilities(instance.core()->raw), needs,
                                 transport_capabilities));
  return std::make_unique<loaded_transport_port>(instance.core(), table);
}

result<std::unique_ptr<activator_port>> make_activator_port(plugin_instance& instance,
                                                            std::uint32_t home) {
  SPAWN_TRY(const void* raw, table_of(instance, "activator", SPAWN_ACTIVATOR));
  if (instance.manifest().blocking || instance.manifest().lanes != lane_mode::one) {
    return fail(errc::invalid, "instance " + instance.name() +
                                   ": an activator is \"lanes\": \"one\" and does not block");
  }
  return std::make_unique<loaded_activator_port>(instance.core(),
                                                 static_cast<const spawn_activator*>(raw), home);
}

result<std::unique_ptr<actors_port>> make_actors_port(plugin_instance& instance) {
  SPAWN_TRY(const void* raw, table_of(instance, "actors", SPAWN_ACTORS));
  const auto* table = static_cast<const spawn_actors*>(raw);
  if (instance.manifest().blocking || instance.manifest().lanes == lane_mode::one) {
    return fail(errc::invalid, "instance " + instance.name() +
                                   ": an actors plugin is \"lanes\": \"many\" and does not block");
  }
  const auto* live =
      static_cast<const spawn_live_actors*>(instance.find_interface(SPAWN_LIVE_ACTORS));
  if (table->submit == nullptr && live == nullptr) {
    return fail(errc::invalid,
                "instance " + instance.name() + ": it has neither submit nor " + SPAWN_LIVE_ACTORS);
  }
  spawn_buf said{};
  spawn_status status = SPAWN_E_INTERNAL;
  const std::string threw =
      contained([&] { status = table->describe(instance.core()->raw, &said); });
  std::string registration(view_of(said));
  release(said);
  if (!threw.empty() || status != SPAWN_OK) {
    return fail(
        errc::invalid,
        "instance " + instance.name() + ": describe " +
            (threw.empty() ? "answered " + std::string(name(known_status(status))) : threw));
  }
  return std::make_unique<loaded_actors_port>(instance.core(), table, live,
                                              std::move(registration));
}

result<std::unique_ptr<sink_port>> make_sink_port(plugin_instance& instance, std::uint32_t home) {
  const void* table = instance.find_interface(SPAWN_SINK);
  if (table == nullptr) {
    return fail(errc::unsupported, "instance " + instance.name() + " (" +
                                       instance.manifest().label() +
                                       ") can not publish: it has no " + SPAWN_SINK);
  }
  return std::make_unique<loaded_sink_port>(instance.core(), static_cast<const spawn_sink*>(table),
                                            home);
}

}  // namespace spawn
