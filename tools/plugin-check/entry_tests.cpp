// The entry table, init and deinit.
#include <chrono>
#include <cstring>

#include "instance.hpp"
#include "process_state.hpp"
#include "test.hpp"

namespace spawn::check {
namespace {

using contract::require;

constexpr std::chrono::seconds init_limit{1};

void is_there(subject& s) {
  require(s.entry() != nullptr, SPAWN_ENTRY_SYMBOL " returned NULL");
}

void is_long_enough(subject& s) {
  require(SPAWN_KNOWS(s.entry(), create),
          "its entry has " + std::to_string(s.entry()->struct_size) + " bytes, at least " +
              std::to_string(offsetof(spawn_plugin_entry, create) + sizeof(void*)) + " are needed");
}

void has_all_slots(subject& s) {
  const spawn_plugin_entry* e = s.entry();
  require(e->manifest_json != nullptr, "manifest_json is NULL");
  require(e->init != nullptr, "init is NULL");
  require(e->deinit != nullptr, "deinit is NULL");
  require(e->create != nullptr, "create is NULL");
}

void is_always_the_same(subject& s) {
  const spawn_plugin_entry_fn again = entry_function(open_library(s.path()));
  require(again() == s.entry(), "it returned another table the second time");
}

void minor_is_served(subject& s) {
  require(s.entry()->abi_minor_min <= SPAWN_ABI_MINOR,
          "it needs ABI minor " + std::to_string(s.entry()->abi_minor_min) + ", there is " +
              std::to_string(SPAWN_ABI_MINOR));
}

void minors_are_in_order(subject& s) {
  require(s.entry()->abi_minor_min <= s.entry()->abi_minor_built,
          "abi_minor_min is above abi_minor_built");
}

void minor_is_the_manifests(subject& s) {
  contract::require_equal(std::uint64_t{s.entry()->abi_minor_built},
                          std::uint64_t{s.manifest().abi_minor}, "abi_minor_built");
}

void manifest_is_the_note(subject& s) {
  require(s.note() == s.entry()->manifest_json, "manifest_json differs from the note of the file");
}

void init_succeeds(subject& s) {
  check_host host;
  const auto before = std::chrono::steady_clock::now();
  const spawn_status got = s.entry()->init(host.seen());
  require(got == SPAWN_OK, "init answered " + described_status(got));
  require(std::chrono::steady_clock::now() - before < init_limit, "init took longer than 1 s");
}

void init_is_counted(subject& s) {
  check_host host;
  for (int round = 0; round < 3; ++round) {
    require(s.entry()->init(host.seen()) == SPAWN_OK, "init failed after a deinit");
    require(s.entry()->init(host.seen()) == SPAWN_OK, "init failed while it was up");
    s.entry()->deinit();
    s.entry()->deinit();
  }
}

void deinit_leaves_nothing(subject& s) {
  check_host host;
  (void)s.entry();
  const auto threads = threads_now();
  const auto files = files_now();
  for (int round = 0; round < 20; ++round) {
    require(s.entry()->init(host.seen()) == SPAWN_OK, "init failed");
    s.entry()->deinit();
  }
  require(new_threads(threads).empty(), "left the thread " + new_threads(threads));
  require(new_files(files).empty(), "left open " + new_files(files));
}

void init_takes_every_host(subject& s) {
  for (const host_minor& at : host_minors) {
    if (at.minor >= s.entry()->abi_minor_min) {
      check_host host(at);
      require(s.entry()->init(host.seen()) == SPAWN_OK,
              "init failed with ABI minor " + std::to_string(at.minor));
      s.entry()->deinit();
    }
  }
}

void init_takes_a_newer_host(subject& s) {
  const auto host = check_host::newer();
  require(s.entry()->init(host->seen()) == SPAWN_OK, "init failed with a longer host table");
  s.entry()->deinit();
}

void init_needs_no_service(subject& s) {
  check_host host;
  host.offer_services(false);
  require(s.entry()->init(host.seen()) == SPAWN_OK, "init failed without optional interfaces");
  s.entry()->deinit();
}

void init_leaves_the_process_alone(subject& s) {
  check_host host;
  (void)s.entry();
  const auto signals = signals_now();
  const auto settings = settings_now();
  require(s.entry()->init(host.seen()) == SPAWN_OK, "init failed");
  require(changed(signals, signals_now()).empty(), "changed " + changed(signals, signals_now()));
  require(changed(settings, settings_now()).empty(),
          "changed " + changed(settings, settings_now()));
}

}  // namespace

test_list entry_tests() {
  return {
      {"entry.is_there", "the entry function returns a table", is_there, true},
      {"entry.is_long_enough", "the table reaches to its last mandatory slot", is_long_enough,
       true},
      {"entry.has_all_slots", "manifest_json, init, deinit and create are set", has_all_slots,
       true},
      {"entry.is_always_the_same", "the entry function returns the same table each time",
       is_always_the_same},
      {"entry.minor_is_served", "it asks for no newer kernel than there is", minor_is_served, true},
      {"entry.minors_are_in_order", "abi_minor_min is not above abi_minor_built",
       minors_are_in_order},
      {"entry.minor_is_the_manifests", "abi_minor_built is the minor of the manifest",
       minor_is_the_manifests},
      {"entry.manifest_is_the_note", "manifest_json is the text of the note, byte for byte",
       manifest_is_the_note},
      {"entry.init_succeeds", "init answers OK within a second", init_succeeds, true},
      {"entry.init_is_counted", "init and deinit may be called in pairs, and again after them",
       init_is_counted, true},
      {"entry.init_takes_every_host", "init uses no slot behind the end of an older host's table",
       init_takes_every_host},
      {"entry.init_takes_a_newer_host", "init takes the longer table of a newer kernel",
       init_takes_a_newer_host},
      {"entry.init_needs_no_service", "init does without the host's optional interfaces",
       init_needs_no_service},
      {"entry.init_leaves_the_process_alone", "init changes no signal and no setting",
       init_leaves_the_process_alone},
      {"entry.deinit_leaves_nothing", "after deinit there is no thread and no file of it",
       deinit_leaves_nothing},
  };
}

}  // namespace spawn::check
