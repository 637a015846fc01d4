// The actor host of the benchmarks: a no-op and a counter with 64 bytes of state.
//
//   Noop     unnamed, stateless, echoes its payload: the price of the way to a host and back;
//            instances n0, n1, ... are made by bench_load; `noop` is the same under one name
//   Counter  unnamed, stateful: Add increments, Count tells {"count": n}; instances c0, c1, ... are
//   made by bench_load
// and those of message_actors.hpp, whose answers send messages on.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <string>

#include "bench.pb.h"
#include "message_actors.hpp"
#include "spawn/sdk/host.hpp"

namespace {

void declare(spawn::sdk::host& app) {
  using namespace std::chrono_literals;
  using counter_context = spawn::sdk::context<bench::Counter>;
  const auto echo = [](spawn::sdk::context<>& ctx) { return ctx.echo(); };
  app.actor("noop").stateless().action("noop", echo);
  app.unnamed("Noop").stateless().idle_timeout(10min).action("noop", echo);
  auto& counter = app.unnamed<bench::Counter>("Counter").idle_timeout(10min);
  counter.action("Add", [](counter_context& ctx) { spawn::bench::count_up(ctx.state()); });
  counter.action("Count", spawn::bench::told_count);
  spawn::bench::declare_message_actors(app);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    spawn::sdk::host_options options;
    std::string system = "spawn-system";
    std::string kernel;
    options.threads = 1;
    CLI::App flags{"Actor host of the benchmarks"};
    flags.add_option("--port", options.port, "listen here");
    flags.add_option("--kernel", kernel, "host:port of the kernel");
    flags.add_option("--system", system, "actor system")->capture_default_str();
    flags.add_option("--threads", options.threads, "workers")->capture_default_str();
    CLI11_PARSE(flags, argc, argv);
    if (!kernel.empty()) {
      options.kernel = spawn::sdk::kernel_address::parse(kernel);
    }
    options.service_name = "bench-host";
    options.on_registered = [] {
      std::puts("registered");
      std::fflush(stdout);
    };
    spawn::sdk::host app{system, options};
    declare(app);
    app.run();
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_host: %s\n", error.what());
    return 1;
  }
}
