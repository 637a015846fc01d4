// The actors that workflow plugins serve, as types that need no host to register them.
#pragma once
#include <memory>
#include <vector>

#include "base/result.hpp"
#include "config/settings.hpp"
#include "plugin/ports/statestore_port.hpp"
#include "plugin/ports/workflow_port.hpp"
#include "router/policies.hpp"

namespace spawn {

// Adds them to `to`, with what `actors.<parent>` says of them. They are `commit` whatever the
// default is, so their store must be able to. The error names the workflow and the parent.
[[nodiscard]] result<void> add_virtual_types(const config::settings& settings,
                                             const std::vector<statestore_port*>& stores,
                                             const std::vector<workflow_port*>& ports,
                                             policies& to);

}  // namespace spawn
