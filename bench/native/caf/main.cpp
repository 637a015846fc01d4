// caf_native_bench BENCH N [THREADS]: one benchmark of the Savina micro set on CAF, one JSON line.
#include <array>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <string_view>

#include "bench.hpp"

namespace {

using spawn::bench_caf::benchmark;

struct entry {
  std::string_view name;
  benchmark run;
};

constexpr std::array benchmarks{
    entry{"ping_pong", spawn::bench_caf::ping_pong},
    entry{"counting", spawn::bench_caf::counting},
    entry{"thread_ring", spawn::bench_caf::thread_ring},
    entry{"big", spawn::bench_caf::big},
    entry{"fork_join_create", spawn::bench_caf::fork_join_create},
    entry{"fork_join_throughput", spawn::bench_caf::fork_join_throughput},
    entry{"banking", spawn::bench_caf::banking},
};

/// A whole number above 0, or 0.
template <class Number>
Number number(std::string_view text) {
  Number value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() ? value : 0;
}

int usage(const char* why, const char* what) {
  std::fprintf(stderr, "caf_native_bench: %s \"%s\"\nusage: caf_native_bench BENCH N [THREADS]\n",
               why, what);
  for (const auto& each : benchmarks) {
    std::fprintf(stderr, "  %s\n", each.name.data());
  }
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3 || argc > 4) {
    return usage("two or three arguments, not", argc > 1 ? argv[argc - 1] : "");
  }
  benchmark run = nullptr;
  for (const auto& each : benchmarks) {
    run = each.name == argv[1] ? each.run : run;
  }
  const auto n = number<std::uint64_t>(argv[2]);
  const auto threads = argc == 4 ? number<unsigned>(argv[3]) : 1;
  if (run == nullptr) {
    return usage("no such BENCH", argv[1]);
  }
  if (n == 0) {
    return usage("N has to be a whole number above 0, not", argv[2]);
  }
  if (threads == 0) {
    return usage("THREADS has to be a whole number above 0, not", argv[3]);
  }
  caf::actor_system_config config;
  config.set("scheduler.max-threads", threads);
  caf::actor_system system{config};
  const auto got = run(system, n);
  std::printf(
      "{\"system\":\"caf\",\"bench\":\"%s\",\"actors\":%llu,\"messages\":%llu,"
      "\"seconds\":%.6f}\n",
      argv[1], static_cast<unsigned long long>(got.actors),
      static_cast<unsigned long long>(got.messages), got.seconds);
}
