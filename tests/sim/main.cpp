// sim_run --seeds A..B | --seed N [--trace] [--events N] [--planted NAME]
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/log.hpp"
#include "sim/planted.hpp"
#include "sim/run.hpp"

namespace {

int usage() {
  std::fputs(
      "sim_run --seeds A..B | --seed N [--trace] [--verbose] [--events N] [--planted NAME]\n",
      stderr);
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  std::uint64_t first = 1;
  std::uint64_t last = 1;
  sim::options with;
  bool verbose = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view arg = argv[i];
    const char* value = i + 1 < argc ? argv[i + 1] : nullptr;
    if (arg == "--trace") {
      with.print_trace = true;
    } else if (arg == "--verbose") {
      verbose = true;
    } else if (value == nullptr) {
      return usage();
    } else if (arg == "--seed") {
      first = last = std::strtoull(value, nullptr, 10);
      ++i;
    } else if (arg == "--seeds") {
      char* end = nullptr;
      first = std::strtoull(value, &end, 10);
      if (std::string_view(end).substr(0, 2) != "..") {
        return usage();
      }
      last = std::strtoull(end + 2, nullptr, 10);
      ++i;
    } else if (arg == "--events") {
      with.events = std::strtoull(value, nullptr, 10);
      ++i;
    } else if (arg == "--planted") {
      if (!sim::plant(value, with)) {
        std::fprintf(stderr, "no such bug: %s\n", value);
        return usage();
      }
      ++i;
    } else {
      return usage();
    }
  }
  spawn::log::init(verbose ? spawn::log::level::debug : spawn::log::level::off,
                   spawn::log::format::text);
  std::uint64_t events = 0;
  std::uint64_t crashes = 0;
  double simulated = 0;
  sim::checker::totals sum;
  sim::errand_ledger::totals errands;
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    with.seed = seed;
    const sim::report said = sim::run(with, true);
    events += said.events;
    crashes += said.crashes;
    simulated += said.simulated_s;
    sum.ok += said.answers.ok;
    sum.not_applied += said.answers.not_applied;
    sum.unknown += said.answers.unknown;
    sum.refused += said.answers.refused;
    sum.other += said.answers.other;
    sum.lost += said.answers.lost;
    errands.begun += said.errands.begun;
    errands.completed += said.errands.completed;
    errands.undone += said.errands.undone;
    errands.unseen += said.errands.unseen;
    errands.left += said.errands.left;
    if (!said.good()) {
      return 1;
    }
    if (said.events < 5'000 || said.actors < 50 || said.crashes < 3) {
      std::printf("seed %llu is too small: %llu events, %u actors, %u crashes\n",
                  static_cast<unsigned long long>(seed),
                  static_cast<unsigned long long>(said.events), said.actors, said.crashes);
      return 1;
    }
  }
  const auto n = [](std::uint64_t x) { return static_cast<unsigned long long>(x); };
  std::printf("%llu seeds, %llu events, %llu crashes, %.0f simulated seconds\n",
              n(last - first + 1), n(events), n(crashes), simulated);
  std::printf(
      "answers: %llu ok, %llu not applied, %llu unknown, %llu refused, %llu other, "
      "%llu lost in crashes\n",
      n(sum.ok), n(sum.not_applied), n(sum.unknown), n(sum.refused), n(sum.other), n(sum.lost));
  std::printf(
      "errands: %llu begun, %llu completed, %llu undone, %llu ended unseen, %llu left under way\n",
      n(errands.begun), n(errands.completed), n(errands.undone), n(errands.unseen),
      n(errands.left));
  return 0;
}
