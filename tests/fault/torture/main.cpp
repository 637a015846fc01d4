// L3: kills the kernel again and again under load and looks whether it kept its word: no
// acknowledged update lost, no NOT_APPLIED answer ever applied, no id applied twice, revisions
// without gaps; checked through the API and by reading the database.
#include <CLI/CLI.hpp>
#include <algorithm>
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

#include "torture/counting_host.hpp"
#include "torture/database_check.hpp"
#include "torture/kernel_process.hpp"
#include "torture/ledger.hpp"
#include "torture/load_client.hpp"
#include "torture/messages.hpp"
#include "torture/options.hpp"

namespace {

using namespace torture;

void declare(CLI::App& flags, options& o) {
  flags.add_option("--build", o.build, "build folder with bin/spawnd and plugins/")
      ->envname("SPAWN_BUILD_DIR")
      ->required();
  flags.add_option("--folder", o.folder, "keep database, configuration and log here");
  flags.add_option("--mode", o.mode)->check(CLI::IsMember({"commit", "snapshot"}));
  flags.add_flag("--sealed", o.sealed, "encrypt the store");
  flags.add_flag("--planted", o.planted, "self-test: snapshot mode must break commit's promises");
  flags.add_option("--seed", o.seed, "0: from the clock");
  flags.add_option("--acks", o.acks, "acknowledged updates to reach")->capture_default_str();
  flags.add_option("--kills", o.kills)->capture_default_str();
  flags.add_option("--actors", o.actors)->capture_default_str()->check(CLI::Range(2U, 100'000U));
  flags.add_option("--slots", o.slots, "callers per actor")->capture_default_str();
  flags.add_option("--full-disks", o.full_disks, "times the disk is full")->capture_default_str();
  flags.add_option("--in-flight", o.in_flight, "at least, at a kill")->capture_default_str();
  flags.add_option("--limit", o.limit_s, "seconds after which to give up")->capture_default_str();
}

void set_up(const kernel_process& kernel, const options& o) {
  for (const auto& request : {registration_request(o.actors), spawn_request(o.actors)}) {
    const auto got = ask_once(kernel.port(), request);
    const auto said = read_answer(got.body);
    if (got.status != 200 || !said.ok) {
      throw std::runtime_error("setting up: HTTP " + std::to_string(got.status) + ", " + said.text);
    }
  }
}

// In snapshot mode nothing is promised until a window has passed in peace; then all of it is.
using states = std::vector<std::optional<applied>>;
constexpr auto snapshot_windows = 5 * std::chrono::milliseconds(snapshot_ms);

states read_states(const kernel_process& kernel, const options& o) {
  states out;
  for (std::uint32_t actor = 0; actor < o.actors; ++actor) {
    const auto said = read_answer(ask_once(kernel.port(), get_request(actor)).body);
    out.push_back(said.ok ? applied::decode(said.value) : std::nullopt);
  }
  return out;
}

void check_settled(const states& before, const states& after, ledger& book) {
  for (std::uint32_t actor = 0; actor < before.size(); ++actor) {
    if (before[actor] != after[actor]) {
      book.complain(actor_name(actor) + ": a snapshot's window passed, yet the kill took updates");
    }
  }
}

void check_through_api(const kernel_process& kernel, const options& o, ledger& book) {
  for (std::uint32_t actor = 0; actor < o.actors; ++actor) {
    const auto got = ask_once(kernel.port(), get_request(actor));
    const auto said = read_answer(got.body);
    const auto state = applied::decode(said.value);
    if (!said.ok || !state) {
      book.complain(actor_name(actor) + ": its state cannot be read: HTTP " +
                    std::to_string(got.status) + ", " + said.text);
      continue;
    }
    book.check_state(actor, *state, "the API");
  }
}

void check_runs(const counting_host& host, const options& o, ledger& book) {
  for (std::uint32_t actor = 0; actor < o.actors; ++actor) {
    const auto ran = host.executed().find(actor_name(actor));
    if (ran != host.executed().end()) {
      book.check_runs(actor, ran->second);
    }
  }
  if (host.unreadable() != 0) {
    book.complain("the host could not read " + std::to_string(host.unreadable()) + " calls");
  }
}

void report(const options& o, const load_facts& facts, const stored_facts& stored,
            const ledger& book) {
  auto times = facts.recovery_ms;
  std::sort(times.begin(), times.end());
  std::printf("seed %llu, %s%s: %u kills, %u full disks, at least %u in flight at a kill\n",
              static_cast<unsigned long long>(o.seed), o.mode.c_str(), o.sealed ? ", sealed" : "",
              facts.kills, facts.full_disks, facts.fewest_in_flight);
  std::printf("%llu acknowledged in %.1f s (%.0f/s), %llu NOT_APPLIED, %llu 503, %llu unknown\n",
              static_cast<unsigned long long>(book.count(fate::acked)), facts.seconds,
              static_cast<double>(book.count(fate::acked)) / facts.seconds,
              static_cast<unsigned long long>(book.count(fate::not_applied)),
              static_cast<unsigned long long>(book.count(fate::not_run)),
              static_cast<unsigned long long>(book.count(fate::unknown)));
  for (const auto& [code, n] : book.codes()) {
    std::printf("  %s: %llu\n", code.c_str(), static_cast<unsigned long long>(n));
  }
  if (!times.empty()) {
    std::printf("kill to next OK: median %.0f ms, worst %.0f ms\n", times[times.size() / 2],
                times.back());
  }
  std::printf("%llu actors with %llu revisions in the database\n",
              static_cast<unsigned long long>(stored.actors),
              static_cast<unsigned long long>(stored.revisions));
  for (const auto& text : book.complaints()) {
    std::printf("BROKEN: %s\n", text.c_str());
  }
}

bool run(const options& o, const std::string& folder) {
  counting_host host;
  kernel_process kernel(o, folder, host.port());
  ledger book(o.actors, o.slots, o.mode == "commit" || o.planted);
  load_facts facts;
  stored_facts stored;
  try {
    host.start();
    kernel.start();
    kernel.await_ready();
    set_up(kernel, o);
    {
      load_client load(o, kernel, book);
      facts = load.run();
    }
    states settled;
    if (o.mode == "snapshot") {
      std::this_thread::sleep_for(snapshot_windows);
      settled = read_states(kernel, o);
    }
    kernel.kill_now();  // nobody gets a chance to tidy up
    kernel.start();
    kernel.await_ready();
    if (!settled.empty()) {
      check_settled(settled, read_states(kernel, o), book);
    }
    check_through_api(kernel, o, book);
    kernel.kill_now();
    host.stop();
    check_runs(host, o, book);
    stored = check_database(kernel.database(), o.actors, o.sealed, book);
  } catch (const std::exception& error) {
    std::printf("seed %llu: %s\nspawnd's log ends:\n%s\n", static_cast<unsigned long long>(o.seed),
                error.what(), kernel.log_tail().c_str());
    return false;
  }
  if (o.full_disks != 0 && o.mode == "commit" && book.count(fate::not_applied) == 0) {
    book.complain("no NOT_APPLIED was provoked: that promise was not tested");
  }
  report(o, facts, stored, book);
  return book.complaints().empty() != o.planted;
}

}  // namespace

int main(int argc, char** argv) {
  options o;
  CLI::App flags{"Kills the kernel under load and checks what it promised"};
  declare(flags, o);
  CLI11_PARSE(flags, argc, argv);
  if (o.planted) {
    o.mode = "snapshot";
  }
  if (o.seed == 0) {
    o.seed =
        static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch().count());
  }
  std::signal(SIGXFSZ, SIG_IGN);  // inherited by spawnd: a full disk is an error, not a death
  std::string folder = o.folder;
  if (folder.empty()) {
    std::string made = (std::filesystem::temp_directory_path() / "torture-XXXXXX").string();
    if (::mkdtemp(made.data()) == nullptr) {
      std::puts("no temporary folder");
      return 2;
    }
    folder = made;
  }
  std::filesystem::create_directories(folder);
  const bool good = run(o, folder);
  if (!good) {
    std::printf("FAILED; see %s\n", folder.c_str());
  } else if (o.folder.empty()) {
    std::filesystem::remove_all(folder);
  }
  return good ? 0 : 1;
}
