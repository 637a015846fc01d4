// What a program registers, as bytes.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "spawn/sdk/actor.hpp"

namespace spawn::sdk::detail {

struct service_name {
  std::string name;
  std::string version;
};

// A RegistrationRequest. An empty system is the kernel's own, for plugins.
[[nodiscard]] std::string encode_registration(
    const std::string& system, const service_name& from,
    const std::vector<std::unique_ptr<actor_definition>>& actors);

}  // namespace spawn::sdk::detail
