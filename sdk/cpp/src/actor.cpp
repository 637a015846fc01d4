#include "spawn/sdk/actor.hpp"

#include <stdexcept>

namespace spawn::sdk::detail {

actor_definition::actor_definition(std::string actor_name, actor_kind actor_is)
    : name(std::move(actor_name)), kind(actor_is), is_stateful(actor_is != actor_kind::pooled) {
  if (name.empty()) {
    throw std::invalid_argument("an actor needs a name");
  }
}

const action_entry* actor_definition::find(std::string_view action) const {
  // Actors have a handful of actions: comparing beats hashing.
  for (const auto& entry : actions) {
    if (entry.name == action) {
      return &entry;
    }
  }
  return nullptr;
}

void actor_definition::add(std::string action, std::chrono::milliseconds period,
                           std::unique_ptr<handler> run) {
  if (action.empty()) {
    throw std::invalid_argument("actor " + name + ": an action needs a name");
  }
  for (auto& entry : actions) {
    if (entry.name != action) {
      continue;
    }
    if (period.count() != 0 && entry.period.count() != 0) {
      throw std::invalid_argument("actor " + name + ": timer " + action + " is declared twice");
    }
    for (const auto& known : entry.handlers) {
      if (known->payload_type() == run->payload_type()) {
        throw std::invalid_argument("actor " + name + ": action " + action +
                                    " has two handlers for one type of payload");
      }
    }
    if (period.count() != 0) {
      entry.period = period;
    }
    entry.handlers.push_back(std::move(run));
    return;
  }
  action_entry& entry = actions.emplace_back();
  entry.name = std::move(action);
  entry.period = period;
  entry.handlers.push_back(std::move(run));
}

void actor_definition::set_period(std::string_view option,
                                  std::optional<std::chrono::milliseconds>& slot,
                                  std::chrono::milliseconds value) {
  if (value <= std::chrono::milliseconds{0}) {
    throw std::invalid_argument("actor " + name + ": " + std::string(option) +
                                " must be above 0 ms");
  }
  slot = value;
}

}  // namespace spawn::sdk::detail
