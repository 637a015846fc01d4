// RegistrationRequest, SpawnRequest and the Actor definition inside (protocol.md 3.1, 3.2, 4).
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "model/definition.hpp"

namespace spawn::wire {

struct service_info {
  std::string name;
  std::string version;
  std::string runtime;
  std::string library;
  std::string library_version;
};

struct actor_entry {
  std::string_view name;     // the registry's key
  std::string_view encoded;  // the Actor message, as it was sent
};

struct registration {
  std::string system;
  bool has_service = false;
  service_info service;
  std::string_view encoded_service;
  std::vector<actor_entry> actors;  // views into the request
};
// `system`: the one meant where none is named; empty: one has to be.
[[nodiscard]] result<registration> read_registration(std::string_view bytes,
                                                     std::string_view system = {});
[[nodiscard]] result<service_info> read_service_info(std::string_view bytes);

// Builds the definition an Actor message describes. `system` and `fallback_name` stand in for what
// its id leaves out. Missing settings, metadata, state and strategies get defaults (R6).
[[nodiscard]] result<std::shared_ptr<definition>> read_definition(std::string_view actor,
                                                                  std::string_view system,
                                                                  std::string_view fallback_name);

struct spawn_entry {
  std::string_view system;
  std::string_view parent;
  std::string_view name;
};
[[nodiscard]] result<std::vector<spawn_entry>> read_spawn(std::string_view bytes);

}  // namespace spawn::wire
