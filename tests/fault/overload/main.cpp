// D7: ten times the callers: goodput at least 90 % of the peak, memory within the budget, refusals
// that say when to come again. Calm and crowded rounds alternate in one run and each crowded round
// is set against the calm ones around it, so that a machine that slows down slows both.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "overload/crowd.hpp"
#include "torture/counting_host.hpp"
#include "torture/kernel_process.hpp"
#include "torture/messages.hpp"

namespace {

using namespace torture;

constexpr std::uint64_t mib = 1 << 20;
constexpr std::uint64_t inflight_bytes = mib;  // the smallest there is: the crowd must hit it
constexpr std::size_t request_bytes = 8 << 10;
// Rounds of two seconds on a machine that does other things differ by a fifth among themselves:
// they show a collapse. The long rounds of the night are judged by D7.
constexpr double goodput_min = 0.9, short_goodput_min = 0.7, short_seconds = 10;
// Beside limits.inflight_bytes: read buffers of the connections (16 KiB each at most, grown by a
// request of 8 KiB), host connections, the allocator's slack.
constexpr std::uint64_t buffers_per_caller = 32 << 10;
constexpr std::uint64_t slack_bytes = 32 * mib;

struct plan {
  std::string build;
  std::uint32_t callers = 64;
  std::uint32_t factor = 10;
  std::uint32_t patience_ms = 0;  // a refused caller waits as long as Retry-After says
  std::uint32_t rounds = 5;
  double seconds = 2;
};

void set_up(const kernel_process& kernel, std::uint32_t actors) {
  for (const auto& request : {registration_request(actors), spawn_request(actors)}) {
    if (!read_answer(ask_once(kernel.port(), request).body).ok) {
      throw std::runtime_error("the actors could not be registered");
    }
  }
}

// Samples the most memory in use while it lives.
class memory_watch {
 public:
  explicit memory_watch(const kernel_process& kernel)
      : thread_([this, &kernel] {
          while (!over_) {
            most_ = std::max(most_.load(), kernel.resident_bytes());
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
          }
        }) {}
  ~memory_watch() { stop(); }
  memory_watch(const memory_watch&) = delete;
  memory_watch& operator=(const memory_watch&) = delete;
  std::uint64_t stop() {
    over_ = true;
    if (thread_.joinable()) {
      thread_.join();
    }
    return most_;
  }

 private:
  std::atomic<bool> over_ = false;
  std::atomic<std::uint64_t> most_ = 0;
  std::thread thread_;
};

crowd_facts phase(const kernel_process& kernel, std::uint32_t callers, const plan& p) {
  crowd all(kernel.port(), callers, 200, request_bytes, p.patience_ms);
  const auto facts = all.run(0.5, p.seconds);
  std::printf("%u callers: %.0f/s, %.0f refused/s\n", callers, facts.per_second(),
              static_cast<double>(facts.refused) / facts.seconds);
  return facts;
}

// Crowded over the mean of the calm rounds before and after it; the median of all rounds.
double goodput_kept(const std::vector<crowd_facts>& calm, const std::vector<crowd_facts>& crowded) {
  std::vector<double> kept;
  for (std::size_t i = 0; i < crowded.size(); ++i) {
    const double peak = (calm[i].per_second() + calm[i + 1].per_second()) / 2;
    kept.push_back(crowded[i].per_second() / peak);
  }
  std::nth_element(kept.begin(), kept.begin() + static_cast<std::ptrdiff_t>(kept.size() / 2),
                   kept.end());
  return kept[kept.size() / 2];
}

bool holds(bool good, const char* what) {
  if (!good) {
    std::printf("BROKEN: %s\n", what);
  }
  return good;
}

bool run(const plan& p, const std::string& folder) {
  options o;
  o.build = p.build;
  o.actors = 200;
  o.limits = "{inflight_bytes: " + std::to_string(inflight_bytes) + "}";
  counting_host host;
  kernel_process kernel(o, folder, host.port());
  host.start();
  kernel.start();
  kernel.await_ready();
  set_up(kernel, o.actors);
  std::vector<crowd_facts> calm{phase(kernel, p.callers, p)}, crowded;
  const std::uint64_t calm_bytes = kernel.resident_bytes();
  memory_watch memory(kernel);
  for (std::uint32_t i = 0; i < p.rounds; ++i) {
    crowded.push_back(phase(kernel, p.callers * p.factor, p));
    calm.push_back(phase(kernel, p.callers, p));
  }
  const std::uint64_t most = memory.stop();
  const std::uint64_t bound = calm_bytes + inflight_bytes +
                              std::uint64_t{p.callers} * p.factor * buffers_per_caller +
                              slack_bytes + o.cache_kib * 1024;
  const double kept = goodput_kept(calm, crowded);
  std::printf(
      "goodput kept: %.0f %% (median of %u rounds)\nmemory: %llu MiB calm, %llu MiB crowded, "
      "bound %llu MiB\n",
      100 * kept, p.rounds, static_cast<unsigned long long>(calm_bytes / mib),
      static_cast<unsigned long long>(most / mib), static_cast<unsigned long long>(bound / mib));
  bool good = true;
  for (const auto& each : calm) {
    good &= holds(each.complaint.empty(), each.complaint.c_str());
    good &= holds(each.refused == 0, "refusals without overload");
  }
  for (const auto& each : crowded) {
    good &= holds(each.complaint.empty(), each.complaint.c_str());
    good &= holds(each.refused != 0, "nothing was refused: this was no overload");
  }
  good &= holds(kernel.alive(), "spawnd ended");
  good &=
      holds(kept >= (p.seconds < short_seconds ? short_goodput_min : goodput_min), "goodput fell");
  good &= holds(most <= bound, "memory beyond the budget");
  return good;
}

}  // namespace

int main(int argc, char** argv) {
  plan p;
  if (std::getenv("SPAWN_NIGHTLY") != nullptr) {
    p.rounds = 9;
    p.seconds = 60;
  }
  CLI::App flags{"Ten times the load that the kernel can bear"};
  flags.add_option("--build", p.build)->envname("SPAWN_BUILD_DIR")->required();
  flags.add_option("--callers", p.callers)->capture_default_str();
  flags.add_option("--factor", p.factor)->capture_default_str();
  flags.add_option("--patience-ms", p.patience_ms, "0: as Retry-After says")->capture_default_str();
  flags.add_option("--rounds", p.rounds)->capture_default_str()->check(CLI::Range(1, 100));
  flags.add_option("--seconds", p.seconds, "of each round")->capture_default_str();
  CLI11_PARSE(flags, argc, argv);
  std::string folder = (std::filesystem::temp_directory_path() / "overload-XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr) {
    std::puts("no temporary folder");
    return 2;
  }
  bool good = false;
  try {
    good = run(p, folder);
  } catch (const std::exception& error) {
    std::printf("overload: %s\n", error.what());
  }
  std::filesystem::remove_all(folder);
  return good ? 0 : 1;
}
