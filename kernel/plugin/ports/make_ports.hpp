// Typed ports over loaded plugins.
#pragma once
#include <memory>

#include "base/result.hpp"
#include "plugin/ports/activator_port.hpp"
#include "plugin/ports/actors_port.hpp"
#include "plugin/ports/sink_port.hpp"
#include "plugin/ports/statestore_port.hpp"
#include "plugin/ports/telling_transport_port.hpp"
#include "plugin/ports/workflow_port.hpp"

namespace spawn {

class plugin_instance;

// Each borrows nothing but shares the instance's core: a port that outlives its instance refuses
// what it is given. Make them before the instance is started, at most one per instance; destroy
// them after it is stopped. An error names the instance and what it lacks. [control]

// `needs`: SPAWN_SS_CAP_* bits that the configuration asks for.
[[nodiscard]] result<std::unique_ptr<statestore_port>> make_statestore_port(
    plugin_instance& instance, std::uint64_t needs = 0);
[[nodiscard]] result<std::unique_ptr<workflow_port>> make_workflow_port(plugin_instance& instance);
[[nodiscard]] result<std::unique_ptr<actors_port>> make_actors_port(plugin_instance& instance);
// `needs`: SPAWN_TP_CAP_* bits.
[[nodiscard]] result<std::unique_ptr<telling_transport_port>> make_transport_port(
    plugin_instance& instance, std::uint64_t needs = 0);

// The sink of an instance of any kind, beside its own port.
[[nodiscard]] result<std::unique_ptr<sink_port>> make_sink_port(plugin_instance& instance,
                                                                std::uint32_t home);
// `home`: the lane whose thread makes the calls.
[[nodiscard]] result<std::unique_ptr<activator_port>> make_activator_port(plugin_instance& instance,
                                                                          std::uint32_t home);

}  // namespace spawn
