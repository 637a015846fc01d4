// From the configuration to what the router asks for.
#pragma once
#include <memory>
#include <vector>

#include "base/result.hpp"
#include "config/settings.hpp"
#include "plugin/ports/statestore_port.hpp"
#include "router/policies.hpp"

namespace spawn {

// Resolves host names, looks up stores, and refuses a promise a store cannot keep: `commit` needs a
// durable one unless durability.allow_volatile says otherwise (D24). [control]
[[nodiscard]] result<std::unique_ptr<policies>> make_policies(
    const config::settings& settings, const std::vector<statestore_port*>& stores);

// Whether the store can do what the policy promises; the error begins with `where`.
[[nodiscard]] result<void> check_store(const config::settings& settings, const type_policy& policy,
                                       const std::vector<statestore_port*>& stores,
                                       const std::string& where);

}  // namespace spawn
