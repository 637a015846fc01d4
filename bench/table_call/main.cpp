// Nanoseconds for a table call and its completion: arm, submit through the port into a loaded
// plugin, complete, continuation on the lane. With a store that does nothing, which leaves the
// border, and with the memory store; then both in a process of their own. One JSON line for each
// store and batch size.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <thread>
#include <vector>

#include "base/hash.hpp"
#include "rig/rig.hpp"

namespace spawn::bench {

namespace {

constexpr std::size_t keys_count = 1'024;
constexpr int rounds = 15;

std::uint64_t ended = 0;

void end_load(task& t) {
  auto& op = static_cast<load_op&>(t);
  spawn::release(op.raw.out.type_url);
  spawn::release(op.raw.out.payload);
  spawn::release(op.raw.out.meta);
  ++ended;
}

struct measured {
  measured(rig& on, bool elsewhere) : on_(on), elsewhere_(elsewhere) {
    for (std::size_t i = 0; i < keys_count; ++i) {
      keys_.push_back(fmt::format("a/bench/Counter/c{:010}", i));
    }
  }

  // So that the loads find something.
  void save_all() {
    const std::string state(64, 's');
    const spawn_slice payload = slice_of(state);
    for (const auto& key : keys_) {
      save_op op;
      op.home = &on_.home();
      op.run = [](task&) { ++ended; };
      op.raw.key = slice_of(key);
      op.raw.key_hash = hash_bytes(key);
      op.raw.new_revision = 1;
      op.raw.writer = 7;
      op.raw.type_url = slice_of("bench.Counter");
      op.raw.payload = &payload;
      op.raw.n_payload = 1;
      op.arm(SPAWN_SS_SAVE, 1);
      spawn_op* raw = &op.raw.op;
      const std::uint64_t before = ended;
      on_.store().submit(on_.home(), std::span(&raw, 1));
      // Until it was run: before that it is still on its way to this lane.
      const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
      do {
        on_.home().drive();
      } while (elsewhere_ && ended == before && std::chrono::steady_clock::now() < until);
      if (ended == before || op.status() != errc::ok) {
        give_up("bench_table_call: a record was not saved");
      }
    }
  }

  // Best of several rounds: what the code costs, not what the neighbours do.
  double ns_per_op(std::size_t batch, double seconds) {
    std::vector<load_op> ops(batch);
    std::vector<spawn_op*> raw(batch);
    double best = 0;
    for (int i = 0; i < rounds; ++i) {
      const auto began = std::chrono::steady_clock::now();
      std::uint64_t done = 0;
      double took = 0;
      do {
        const int repeats = elsewhere_ ? 16 : 256;
        for (int repeat = 0; repeat < repeats; ++repeat) {
          call(ops, raw);
        }
        done += static_cast<std::uint64_t>(repeats) * batch;
        took = seconds_since(began);
      } while (took < seconds / rounds);
      const double ns = took * 1e9 / static_cast<double>(done);
      best = i == 0 ? ns : std::min(best, ns);
    }
    return best;
  }

 private:
  void call(std::vector<load_op>& ops, std::vector<spawn_op*>& raw) {
    const std::uint64_t before = ended;
    for (std::size_t i = 0; i < ops.size(); ++i) {
      load_op& op = ops[i];
      const std::string& key = keys_[next_++ % keys_.size()];
      op.clear();
      op.home = &on_.home();
      op.run = end_load;
      op.raw.key = slice_of(key);
      op.raw.key_hash = next_;
      op.arm(SPAWN_SS_LOAD, next_);
      raw[i] = &op.raw.op;
    }
    on_.store().submit(on_.home(), raw);
    on_.home().turn();
    // Of a plugin in this process all have ended; from another one they come when they come.
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (ended != before + ops.size() && elsewhere_ && std::chrono::steady_clock::now() < until) {
      std::this_thread::yield();
      on_.home().turn();
    }
    if (ended != before + ops.size()) {
      give_up("bench_table_call: the plugin did not end its operations");
    }
  }

  rig& on_;
  const bool elsewhere_;  // the plugin is in a process of its own
  std::vector<std::string> keys_;
  std::uint64_t next_ = 0;
};

void measure(const std::string& plugins, const std::string& store, bool isolated, double seconds) {
  rig on(plugins, store, "{}", isolated);
  measured at(on, isolated);
  if (store == "memory") {
    at.save_all();
  }
  for (const std::size_t batch : {1, 64}) {
    fmt::print("{{\"store\":\"{}\",\"isolated\":{},\"batch\":{},\"ns_per_op\":{:.1f}}}\n", store,
               isolated, batch, at.ns_per_op(batch, seconds));
    std::fflush(stdout);
  }
}

}  // namespace
}  // namespace spawn::bench

int main(int argc, char** argv) {
  std::string plugins;
  double seconds = 2;
  CLI::App flags{"Table call and completion, per operation"};
  flags.add_option("--plugins", plugins, "folder with the plugins")->required();
  flags.add_option("--seconds", seconds, "for each figure")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  CLI11_PARSE(flags, argc, argv);
  for (const bool isolated : {false, true}) {
    spawn::bench::measure(SPAWN_BENCH_NULL, "bench_null", isolated, seconds);
    spawn::bench::measure(plugins, "memory", isolated, seconds);
  }
}
