// What a hot swap asks for (docs/plugin-swap.md): instances beside each other, an end that comes, a
// way back, and the handover of what is in memory.
#include <thread>

#include "contract/statestore/handoff_suite.hpp"
#include "instance.hpp"
#include "lanes.hpp"
#include "op_run.hpp"
#include "spawn/plugin/workflow.h"
#include "suite_tests.hpp"

namespace spawn::check {
namespace {

using contract::require;

constexpr std::uint32_t schemas = 256;  // a kernel asks for these
constexpr std::uint32_t some_ops = 16;

// The old instance and the new one have the same configuration.
void starts_beside_another(subject& s) {
  if (s.manifest().exclusive) {
    throw contract::skipped{"the manifest says \"exclusive\": a swap stops the old one first"};
  }
  if (s.manifest().kind == "activator") {
    throw contract::skipped{"an activator is stopped before the next one starts"};
  }
  const std::string config = s.fresh_config();
  check_host old_host, new_host;
  instance older(s, old_host, config);
  older.must(step::start);
  const lanes old_lanes(s, older, 2);
  instance newer(s, new_host, config);
  newer.must(step::start);
  const lanes new_lanes(s, newer, 2);
}

// A kernel closes lanes after drain, not before quiesce.
void drains_with_open_lanes(subject& s) {
  check_host host;
  instance one(s, host);
  one.must(step::start);
  {
    const lanes open(s, one, 2);
    one.must(step::quiesce);
    one.must(step::drain);
  }
  one.must(step::stop);
}

// The new one did not do: the old one, quiesced, goes on.
void goes_on_after_quiesce(subject& s) {
  op_run run(s);
  run.release(run.run(some_ops));
  run.on().must(step::quiesce);
  run.on().must(step::start);
  const auto ops = run.run(some_ops);
  for (const flight* one : ops) {
    const spawn_status status = op_run::ended(*one).status;
    require(run.samples().good_end(status),
            "after quiesce and start a valid op ends " + described_status(status));
  }
  run.release(ops);
  run.end();
}

const spawn_workflow* workflow_of(const instance& of) {
  const auto* table = of.interface<spawn_workflow>(SPAWN_WORKFLOW);
  require(table != nullptr, "there is no " SPAWN_WORKFLOW);
  if (!SPAWN_KNOWS(table, accepts_scratch) || table->accepts_scratch == nullptr) {
    throw contract::skipped{"it has no accepts_scratch: it keeps no scratch"};
  }
  return table;
}

std::vector<bool> accepted(const instance& by) {
  const spawn_workflow* const table = workflow_of(by);
  std::vector<bool> out;
  for (std::uint32_t schema = 0; schema < schemas; ++schema) {
    out.push_back(table->accepts_scratch(by.raw(), schema) != 0);
  }
  return out;
}

void accepts_scratch_is_steady(subject& s) {
  check_host first_host, second_host;
  instance first(s, first_host), second(s, second_host);
  const std::vector<bool> before = accepted(first);
  first.must(step::start);
  std::vector<bool> elsewhere;
  std::thread([&] { elsewhere = accepted(first); }).join();
  require(elsewhere == before && accepted(first) == before,
          "accepts_scratch answers differently when it is asked again");
  require(accepted(second) == before, "accepts_scratch differs between two instances of it");
}

}  // namespace

test_list swap_tests(std::string_view kind) {
  test_list out = {
      {"swap.starts_beside_another",
       "a second instance of one configuration starts while the first is at work",
       starts_beside_another},
      {"swap.drains_with_open_lanes", "quiesce and drain end while lanes are open",
       drains_with_open_lanes},
  };
  if (kind != "activator") {  // which is given no ops
    out.push_back({"swap.goes_on_after_quiesce", "ops are done again after quiesce and start",
                   goes_on_after_quiesce});
  }
  if (kind.empty() || kind == "workflow") {
    out.push_back({"swap.accepts_scratch_is_steady",
                   "accepts_scratch gives the same answers always and in every instance",
                   accepts_scratch_is_steady});
  }
  if (kind.empty() || kind == "statestore") {
    for (test& one : suite_tests("swap", contract::handoff_checks())) {
      // What cannot be had is not looked for: the rest would say the same.
      one.gate = one.id == "swap.handoff_table_is_whole" || one.id == "swap.handoff_is_read" ||
                 one.id == "swap.handoff_ends" || one.id == "swap.handoff_brings_everything" ||
                 one.id == "swap.handoff_leaves_the_old_one";
      out.push_back(std::move(one));
    }
  }
  return out;
}

}  // namespace spawn::check
