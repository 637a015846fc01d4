#include "spawn/sdk/actor_set.hpp"

#include <stdexcept>
#include <utility>

#include "dispatcher.hpp"

namespace spawn::sdk {

actor_set::actor_set(std::string config)
    : actors_(std::make_unique<detail::dispatcher>()),
      config_(config.empty() ? "{}" : std::move(config)) {}
actor_set::~actor_set() = default;

void actor_set::insert(std::unique_ptr<detail::actor_definition> made) {
  if (sealed_) {
    throw std::logic_error("actor " + made->name + ": declare actors before the host is started");
  }
  actors_->insert(std::move(made));
}

}  // namespace spawn::sdk
