#include "actors.hpp"

void declare_actors(spawn::sdk::actor_set& app) {
  example::declare_counter(app);
  example::declare_account(app);
}
