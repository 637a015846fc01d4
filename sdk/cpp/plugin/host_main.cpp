// The program of a host whose actors declare_actors() declares: NAME [SYSTEM]. Addresses come from
// PROXY_HTTP_HOST, PROXY_HTTP_PORT and USER_FUNCTION_PORT, what the actors are set to from
// USER_FUNCTION_CONFIG.
#include <cstdio>
#include <exception>

#include "spawn/sdk/host.hpp"

void declare_actors(spawn::sdk::actor_set& app);

int main(int argc, char** argv) {
  if (argc > 2) {
    std::fprintf(stderr, "usage: %s [SYSTEM]\n", argv[0]);
    return 2;
  }
  try {
    spawn::sdk::host app{argc == 2 ? argv[1] : "spawn-system"};
    declare_actors(app);
    app.run();
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", argv[0], error.what());
    return 1;
  }
}
