// The load generator: closed loop, prebuilt requests, every answer checked, one JSON line.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <exception>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "cpu_time.hpp"
#include "report.hpp"
#include "requests.hpp"

namespace {

namespace bench = spawn::bench;

constexpr std::uint64_t sagas_max = 1'000'000;  // their requests are made beforehand

struct options {
  std::string url = "127.0.0.1:9001";
  std::string mode = "noop";
  std::string system = "spawn-system";
  std::string path = "/api/v1/actors/actions";
  std::string body = "1";
  unsigned actors = 256;
  unsigned connections = 64;
  unsigned threads = 1;
  std::string parent = "saga/five";
  std::uint64_t calls = 0;
  double rate = 0;
  bool spawned = false;
  double seconds = 5;
  double warmup = 1;
  std::vector<int> pids;
};

// A mode that asks instances of one actor type, made beforehand, for one action.
struct instances {
  std::string_view mode;
  std::string_view type;
  char letter;
  std::string_view action;  // empty: noop with a payload
  bool later = false;
};
constexpr std::array instances_of_modes{
    instances{"noop", "Noop", 'n', ""},
    instances{"counter", "Counter", 'c', "Add"},
    instances{"effect", "Sender", 's', "Send"},
    instances{"chain", "Chain", 'p', "Begin"},
    instances{"later", "Sink", 't', "Take", true},
};

void declare(CLI::App& flags, options& o) {
  flags.add_option("--url", o.url, "host:port")->capture_default_str();
  flags
      .add_option(
          "--mode", o.mode,
          "noop | counter | effect | chain | later | saga through a kernel; raw-path to a host or "
          "the floor; json to others")
      ->check(CLI::IsMember(
          {"noop", "counter", "effect", "chain", "later", "saga", "raw-path", "json"}))
      ->capture_default_str();
  flags.add_option("--path", o.path, "for raw-path; for json with {} for the actor's name")
      ->capture_default_str();
  flags.add_option("--body", o.body, "for json")->capture_default_str();
  flags.add_option("--actors", o.actors, "how many instances are asked in turn")
      ->check(CLI::Range(1U, 10'000'000U))
      ->capture_default_str();
  flags.add_option("--connections", o.connections)
      ->check(CLI::Range(1U, 20'000U))
      ->capture_default_str();
  flags.add_option("--threads", o.threads)->check(CLI::Range(1U, 64U))->capture_default_str();
  flags.add_option("--parent", o.parent, "for saga: the virtual parent")->capture_default_str();
  auto* calls =
      flags
          .add_option("--calls", o.calls,
                      "end after so many calls, all measured; --seconds is then the latest end")
          ->check(CLI::Range(1U, 100'000'000U));
  flags
      .add_option("--rate", o.rate,
                  "calls a second of all connections, each counted from when it is due; without: "
                  "as many as are answered")
      ->check(CLI::Range(1.0, 1e7))
      ->needs(calls);
  flags.add_flag("--spawned", o.spawned, "the instances are there: none is made");
  flags.add_option("--seconds", o.seconds, "measured time")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  flags.add_option("--warmup", o.warmup, "seconds before it")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  flags.add_option("--system", o.system, "actor system")->capture_default_str();
  flags.add_option("--pid", o.pids, "processes whose CPU time is reported")->delimiter(',');
}

std::vector<std::string> prepare(const options& o, const bench::target& to) {
  if (o.mode == "raw-path") {
    return {bench::raw_request(to, o.system, o.path)};
  }
  if (o.mode == "json") {
    return bench::json_requests(to, o.path, o.body, o.actors);
  }
  if (o.mode == "saga") {
    if (o.calls == 0 || o.calls > sagas_max) {
      throw std::invalid_argument("--mode saga: wants --calls, at most " +
                                  std::to_string(sagas_max));
    }
    // Ids of its own for each run: a saga is started once.
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const auto run = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
    return bench::saga_requests(to, o.system, o.parent, "b" + std::to_string(run) + "-",
                                static_cast<unsigned>(o.calls), o.actors);
  }
  const auto& asked = *std::find_if(instances_of_modes.begin(), instances_of_modes.end(),
                                    [&](const instances& each) { return each.mode == o.mode; });
  if (!o.spawned) {
    for (const auto& request :
         bench::spawn_requests(to, o.system, asked.type, asked.letter, o.actors)) {
      bench::ask_once(to, request, bench::expectation::status_ok);
    }
  }
  return asked.action.empty() ? bench::noop_requests(to, o.system, o.actors)
                              : bench::action_requests(to, o.system, asked.letter, asked.action,
                                                       o.actors, asked.later);
}

std::vector<double> cpu_of(const std::vector<int>& pids) {
  std::vector<double> all;
  for (const int pid : pids) {
    const auto seconds = bench::cpu_seconds_of(pid);
    if (!seconds) {
      throw std::runtime_error("--pid " + std::to_string(pid) + ": no such process");
    }
    all.push_back(*seconds);
  }
  return all;
}

std::chrono::steady_clock::duration to_duration(double seconds) {
  return std::chrono::duration_cast<std::chrono::steady_clock::duration>(
      std::chrono::duration<double>(seconds));
}

// True when there were good answers and no bad ones.
bool run(const options& o) {
  const auto to = bench::parse_target(o.url);
  const auto requests = prepare(o, to);
  bench::load_plan plan;
  plan.to = to;
  plan.requests = &requests;
  plan.wanted = o.mode == "raw-path" ? bench::expectation::updated_context
                : o.mode == "json"   ? bench::expectation::anything
                                     : bench::expectation::status_ok;
  plan.requests_per_call = o.mode == "saga" ? 2 : 1;
  plan.calls_max = o.calls;
  if (o.rate > 0) {
    plan.interval =
        std::chrono::round<std::chrono::nanoseconds>(std::chrono::duration<double>(1 / o.rate));
  }
  plan.measure_from = std::chrono::steady_clock::now() + to_duration(o.calls == 0 ? o.warmup : 0.0);
  plan.measure_until = plan.measure_from + to_duration(o.seconds);

  const unsigned threads = std::min(o.threads, o.connections);
  std::vector<bench::load_counts> counts(threads);
  std::vector<std::thread> workers;
  for (unsigned i = 0, first = 0; i < threads; ++i) {
    const unsigned share = o.connections / threads + (i < o.connections % threads ? 1 : 0);
    workers.emplace_back([&plan, &o, &into = counts[i], first, share] {
      into = bench::run_load(plan, first, share, o.connections);
    });
    first += share;
  }
  std::this_thread::sleep_until(plan.measure_from);
  const auto before = cpu_of(o.pids);
  const double own_before = bench::own_cpu_seconds();
  const auto join = [&workers] {
    for (auto& each : workers) {
      if (each.joinable()) {
        each.join();
      }
    }
  };
  bench::run_facts facts{o.mode, o.connections, threads, o.seconds, 0, {}};
  if (o.calls == 0) {
    std::this_thread::sleep_until(plan.measure_until);
  } else {
    join();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - plan.measure_from;
    facts.seconds = took.count();
  }
  const auto after = cpu_of(o.pids);
  facts.cpu_client_s = bench::own_cpu_seconds() - own_before;
  for (std::size_t i = 0; i < o.pids.size(); ++i) {
    facts.cpu_of_pids.emplace_back(o.pids[i], after[i] - before[i]);
  }
  join();
  bench::load_counts sum;
  for (const auto& each : counts) {
    sum.merge(each);
  }
  std::puts(bench::to_json(facts, sum).c_str());
  const bool all_made = o.calls == 0 || sum.latency.total() == o.calls;
  return sum.errors == 0 && sum.latency.total() != 0 && all_made;
}

}  // namespace

int main(int argc, char** argv) {
  options o;
  CLI::App flags{"Load generator: closed loop over keep-alive connections"};
  declare(flags, o);
  CLI11_PARSE(flags, argc, argv);
  try {
    return run(o) ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_load: %s\n", error.what());
    return 2;
  }
}
