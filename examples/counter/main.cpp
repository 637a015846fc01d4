// The example actor host: two actors, a process of its own beside the kernel.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <string>

#include "actors.hpp"
#include "spawn/sdk/host.hpp"

int main(int argc, char** argv) {
  try {
    spawn::sdk::host_options options;
    std::string system = "spawn-system";
    std::string kernel;
    CLI::App flags{"Example actor host: counter and Account"};
    flags.add_option("--port", options.port, "listen here (USER_FUNCTION_PORT, else 8090)");
    flags.add_option("--kernel", kernel, "host:port of the kernel (default 127.0.0.1:9001)");
    flags.add_option("--system", system, "actor system")->capture_default_str();
    flags.add_option("--threads", options.threads, "workers; 0 is one for each core");
    CLI11_PARSE(flags, argc, argv);
    if (!kernel.empty()) {
      options.kernel = spawn::sdk::kernel_address::parse(kernel);
    }
    options.service_name = "counter-example";
    const std::string place = options.kernel.host + ":" + std::to_string(options.kernel.port);
    options.on_registered = [&] {
      std::printf("registered actors counter and Account of system %s with the kernel at %s\n",
                  system.c_str(), place.c_str());
      std::fflush(stdout);
    };
    spawn::sdk::host app{system, options};
    declare_actors(app);
    app.run();
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "counter: %s\n", error.what());
    return 1;
  }
}
