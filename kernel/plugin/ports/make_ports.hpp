// Typed ports over loaded plugins.
#pragma once
#include <memory>

#include "base/result.hpp"
#include "plugin/ports/statestore_port.hpp"
#include "plugin/ports/transport_port.hpp"
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
// `needs`: SPAWN_TP_CAP_* bits.
[[nodiscard]] result<std::unique_ptr<transport_port>> make_transport_port(plugin_instance& instance,
                                                                          std::uint64_t needs = 0);

}  // namespace spawn
