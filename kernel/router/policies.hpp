// What the operator's configuration says about types and hosts, in the shape the router asks for.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model/definition.hpp"

namespace spawn {

// The types that workflow plugins serve, by name: all of a definition but its system.
using virtual_types = std::map<std::string, definition, std::less<>>;

// Made once from the configuration; immutable; shared by all lanes.
struct policies {
  type_policy fallback;
  std::map<std::string, type_policy, std::less<>> types;
  virtual_types virtuals;
  std::vector<definition_ptr> natives;  // of plugins; there from the start, in no store
  std::uint64_t deactivate_ms = limits::deactivate_after_ms;
  std::uint64_t snapshot_ms = limits::snapshot_every_ms;
  std::uint32_t pool_parallel = limits::pool_parallel_default;
  std::shared_ptr<const host_address> host;  // the default one
  std::map<std::string, std::shared_ptr<const host_address>, std::less<>> hosts_by_actor;
  std::map<std::string, std::shared_ptr<const host_address>, std::less<>> hosts_by_service;

  // Null: no plugin registered it.
  [[nodiscard]] const definition* native_of(std::string_view system, std::string_view type) const {
    for (const auto& each : natives) {
      if (each->system == system && each->type == type) {
        return each.get();
      }
    }
    return nullptr;
  }
  [[nodiscard]] const type_policy& policy_of(std::string_view type) const {
    const auto found = types.find(type);
    return found == types.end() ? fallback : found->second;
  }
  [[nodiscard]] std::shared_ptr<const host_address> host_of(std::string_view type,
                                                            std::string_view service) const {
    if (const auto found = hosts_by_actor.find(type); found != hosts_by_actor.end()) {
      return found->second;
    }
    if (const auto found = hosts_by_service.find(service); found != hosts_by_service.end()) {
      return found->second;
    }
    return host;
  }
};

}  // namespace spawn
