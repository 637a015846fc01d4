#include "kind_tables.hpp"

#include "spawn/plugin/activator.h"
#include "spawn/plugin/actors.h"
#include "spawn/plugin/statestore.h"
#include "spawn/plugin/transport.h"
#include "spawn/plugin/workflow.h"

namespace spawn::check {
namespace {

constexpr table_slot statestore_slots[] = {
    {"capabilities", offsetof(spawn_statestore, capabilities)},
    {"lane_open", offsetof(spawn_statestore, lane_open)},
    {"submit", offsetof(spawn_statestore, submit)},
    {"cancel", offsetof(spawn_statestore, cancel)},
    {"lane_close", offsetof(spawn_statestore, lane_close)},
};
constexpr table_slot transport_slots[] = {
    {"capabilities", offsetof(spawn_transport, capabilities)},
    {"lane_open", offsetof(spawn_transport, lane_open)},
    {"submit", offsetof(spawn_transport, submit)},
    {"grant", offsetof(spawn_transport, grant)},
    {"settle", offsetof(spawn_transport, settle)},
    {"lane_close", offsetof(spawn_transport, lane_close)},
};
constexpr table_slot activator_slots[] = {
    {"capabilities", offsetof(spawn_activator, capabilities)},
    {"lane_open", offsetof(spawn_activator, lane_open)},
    {"set_window", offsetof(spawn_activator, set_window)},
    {"settle", offsetof(spawn_activator, settle)},
    {"lane_close", offsetof(spawn_activator, lane_close)},
};
// The other slots of a workflow may be NULL.
constexpr table_slot workflow_slots[] = {
    {"part_types", offsetof(spawn_workflow, part_types)},
    {"submit", offsetof(spawn_workflow, submit)},
};
// `submit` may be NULL where every type is live.
constexpr table_slot actors_slots[] = {
    {"describe", offsetof(spawn_actors, describe)},
    {"lane_open", offsetof(spawn_actors, lane_open)},
    {"lane_close", offsetof(spawn_actors, lane_close)},
};

constexpr std::uint32_t up_to(std::span<const table_slot> slots) {
  return static_cast<std::uint32_t>(slots.back().offset + sizeof(void*));
}

constexpr kind_table tables[] = {
    {"statestore", SPAWN_STATESTORE, up_to(statestore_slots), statestore_slots},
    {"transport", SPAWN_TRANSPORT, up_to(transport_slots), transport_slots},
    {"activator", SPAWN_ACTIVATOR, up_to(activator_slots), activator_slots},
    {"workflow", SPAWN_WORKFLOW, up_to(workflow_slots), workflow_slots},
    {"actors", SPAWN_ACTORS, up_to(actors_slots), actors_slots},
};

}  // namespace

const kind_table* kind_table_of(std::string_view kind) noexcept {
  for (const kind_table& one : tables) {
    if (one.kind == kind) {
      return &one;
    }
  }
  return nullptr;
}

}  // namespace spawn::check
