// Bytes per idle activated actor: (RSS after - RSS before) / N, every actor loaded from a store
// that held its record before, with its timer armed. Real cells, timer wheel, journal and store
// plugin; the host link is a stub that nobody calls. One JSON line.
#include <fmt/format.h>
#include <malloc.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <fstream>

#include "cell/cell_lane.hpp"
#include "preload.hpp"
#include "rig/rig.hpp"

namespace spawn::bench {

namespace {

constexpr std::uint64_t activations_per_turn = 64;

struct no_hosts final : host_link {
  void send(host_call&) override { give_up("bench_actors: an actor called its host"); }
};

std::uint64_t resident_bytes() {
  std::uint64_t pages = 0;
  std::ifstream file("/proc/self/statm");
  file >> pages >> pages;  // size, then resident
  return pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

struct stations {
  explicit stations(rig& on)
      : seal(std::move(*sealer::create({}))),
        lane_seal(std::move(*seal->make_lane())),
        codec(*lane_seal),
        store(on.home(), on.store()),
        rows(*lane_seal),
        keeper(on.home(), {&store}, rows, writers, {}),
        workflows(on.home(), {}, budget),
        flows(on.home(), budget),
        services{on.home(), hosts, workflows, flows,  codec,  writers,
                 {&store},  stats, rows,      keeper, budget, nullptr},
        cells(services, options()) {}
  static cell_options options() {
    cell_options o;
    o.cells_max = ~std::uint64_t{0};
    return o;
  }

  std::unique_ptr<sealer> seal;
  std::unique_ptr<lane_sealer> lane_seal;
  record_codec codec;
  journal store;
  writer_ids writers{42, 0};
  lane_stats stats;
  no_hosts hosts;
  byte_budget budget{1u << 30};
  row_codec rows;
  row_keeper keeper;
  workflow_engine workflows;
  flow_runner flows;
  cell_services services;
  cell_lane cells;
};

// Mean time to find one of `n` cells, over a sample in an order that the caches do not guess.
double find_ns(const stations& s, std::uint64_t n) {
  constexpr std::uint64_t sample = 1'000'000;
  std::string name;
  std::uint64_t found = 0;
  std::vector<std::string> names;
  for (std::uint64_t i = 0; i < 4'096; ++i) {
    names.emplace_back(name_of(i * 2'654'435'761u % n, name));
  }
  const auto began = std::chrono::steady_clock::now();
  for (std::uint64_t i = 0; i < sample; ++i) {
    found += s.cells.find({system_name, parent_name, names[i * 31 % names.size()]}) != nullptr;
  }
  const double ns = seconds_since(began) * 1e9 / sample;
  if (found != sample) {
    give_up("bench_actors: an actor is missing");
  }
  return ns;
}

void measure(const std::string& plugins, std::uint64_t n) {
  rig on(plugins, "memory", R"({"max_bytes": 0})");
  stations s(on);
  actor_type type;
  type.now = make_definition();
  preload(s.store, s.codec, n);
  // What preloading freed goes back, so that no actor moves in there for nothing.
  ::malloc_trim(0);
  const std::uint64_t before = resident_bytes();
  const auto began = std::chrono::steady_clock::now();
  std::string name;
  for (std::uint64_t i = 0; i < n; ++i) {
    s.cells.activate({system_name, parent_name, name_of(i, name)}, type, 0);
    if ((i + 1) % activations_per_turn == 0) {
      on.home().turn();
    }
  }
  on.home().drive();
  const double took = seconds_since(began);
  const std::uint64_t after = resident_bytes();
  std::uint64_t ready = 0;
  s.cells.table().for_each([&](const cell& c) {
    ready += c.phase == cell_phase::ready && c.revision == 1 && c.timer::is_linked() &&
             c.state_any.size() > state_bytes;
  });
  if (ready != n) {
    give_up(fmt::format("bench_actors: {} of {} actors are active", ready, n));
  }
  std::string sample(name);
  const double bytes = static_cast<double>(after - before) / static_cast<double>(n);
  const double own = static_cast<double>(id_bytes + state_bytes);
  fmt::print(
      "{{\"actors\":{},\"bytes_per_actor\":{:.1f},\"beyond_id_and_state\":{:.1f},"
      "\"id_bytes\":{},\"state_bytes\":{},\"sizeof_cell\":{},\"rss_before\":{},"
      "\"rss_after\":{},\"activations_s\":{:.0f},\"find_ns\":{:.1f}}}\n",
      n, bytes, bytes - own, id_bytes, state_bytes, sizeof(cell), before, after,
      static_cast<double>(n) / took, find_ns(s, n));
  std::fflush(stdout);
  // The process ends here: taking a million actors down in order is no part of this.
  std::_Exit(0);
}

}  // namespace
}  // namespace spawn::bench

int main(int argc, char** argv) {
  std::string plugins;
  std::uint64_t n = 100'000;
  CLI::App flags{"Bytes per idle activated actor"};
  flags.add_option("--plugins", plugins, "folder with the plugins")->required();
  flags.add_option("--actors", n, "how many")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{100'000'000}))
      ->capture_default_str();
  CLI11_PARSE(flags, argc, argv);
  spawn::bench::measure(plugins, n);
}
