#include "spawn/sdk/context.hpp"

namespace spawn::sdk {

detail::turn::effect context_base::shape(std::string_view actor, std::string_view action,
                                         const effect_options& options) {
  detail::turn::effect effect{.actor = actor,
                              .action = action,
                              .register_ref = options.register_ref,
                              .system = options.system,
                              .scheduled_to = 0,
                              .async = options.async,
                              .metadata = &options.metadata};
  if (options.delay > std::chrono::milliseconds{0}) {
    const auto due = std::chrono::system_clock::now() + options.delay;
    effect.scheduled_to =
        std::chrono::duration_cast<std::chrono::milliseconds>(due.time_since_epoch()).count();
  }
  return effect;
}

void throw_wrong_state(const detail::turn& turn, std::string_view wanted) {
  throw action_error("the stored state of actor " + std::string(turn.name()) + " is a " +
                     std::string(type_name_of(turn.state().type_url)) + ", the action takes a " +
                     std::string(wanted));
}

void throw_bad_bytes(std::string_view what, std::string_view type_name) {
  throw action_error("the " + std::string(what) + " is not a " + std::string(type_name) +
                     ": its bytes cannot be decoded");
}

}  // namespace spawn::sdk
