// What holds for every op of every kind.
#include <atomic>
#include <cstring>
#include <thread>

#include "op_run.hpp"
#include "process_state.hpp"
#include "spawn/plugin/cpp/bytes.hpp"
#include "test.hpp"
#include "utf8.hpp"

namespace spawn::check {
namespace {

using contract::require;

constexpr std::uint32_t some = 12;
constexpr std::chrono::milliseconds silence{100};
constexpr spawn_status last_status = SPAWN_E_ABORTED;

void nothing_is_thrown(subject& s) {
  op_run run(s);
  const auto ops = run.make(some);
  try {
    run.submit(ops);
  } catch (const std::exception& e) {
    throw contract::failed{std::string("submit throws: ") + e.what()};
  } catch (...) {
    throw contract::failed{"submit throws something"};
  }
  // Whether they end is for the next test to say.
  for (const flight* one : ops) {
    if (!run.host().wait_end(one->op(), s.patience())) {
      run.leave_all();
      return;
    }
  }
  run.end();
}

void every_op_ends(subject& s) {
  op_run run(s);
  (void)run.run(some);
  run.end();
}

void no_op_ends_twice(subject& s) {
  op_run run(s);
  const auto ops = run.run(some);
  std::this_thread::sleep_for(silence);
  for (const flight* one : ops) {
    require(run.host().ends(one->op()) == 1,
            "an op ended " + std::to_string(run.host().ends(one->op())) + " times");
  }
  run.end();
}

void the_status_is_known(subject& s) {
  op_run run(s);
  for (const flight* one : run.run(some)) {
    const spawn_status got = op_run::ended(*one).status;
    require(got >= SPAWN_OK && got <= last_status && got != 4,
            "an op ended with " + described_status(got));
  }
  run.end();
}

void no_op_is_touched_after_its_end(subject& s) {
  op_run run(s);
  (void)run.run(some, {.forbid_after_end = true});
  std::this_thread::sleep_for(silence);
  run.end();
}

void valid_ops_end_well(subject& s) {
  op_run run(s);
  for (const flight* one : run.run(some)) {
    const spawn_op op = op_run::ended(*one);
    require(run.samples().good_end(op.status), "a valid op ended " + described_status(op.status) +
                                                   ": " + std::string(plugin::text(op.error)));
  }
  run.end();
}

void inputs_are_not_read_past_their_end(subject& s) {
  op_run run(s);
  run.release(run.run(some, {.inputs_in_pages = true}));
  run.end();
}

void inputs_are_not_written(subject& s) {
  op_run run(s);
  run.release(run.run(some, {.inputs_in_pages = true}, [](flight& one) {
    one.bytes.read_only("a plugin writes to what an op points at");
  }));
  run.end();
}

void inputs_are_not_used_after_the_end(subject& s) {
  op_run run(s);
  const auto ops = run.run(some, {.inputs_in_pages = true, .forbid_inputs_after_end = true});
  std::this_thread::sleep_for(silence);
  // Results may not lie in the inputs either, but for a workflow's, whose commands may.
  if (s.manifest().kind != "workflow") {
    run.release(ops);
  }
  (void)run.run(some);
  run.end();
}

void the_header_stays(subject& s) {
  op_run run(s);
  const spawn_trace trace{};
  const auto ops = run.make(some, {}, [&](flight& one) {
    one.op()->trace = &trace;
    one.op()->deadline_ns = run.host().clock.now_ns() + 60'000'000'000u;
    one.op()->host_private[1] = &run;
  });
  std::vector<spawn_op> before;
  for (const flight* one : ops) {
    before.push_back(*one->op());
  }
  run.submit(ops);
  run.wait(ops);
  for (std::size_t i = 0; i < ops.size(); ++i) {
    const spawn_op now = op_run::ended(*ops[i]);
    require(
        now.struct_size == before[i].struct_size && now.code == before[i].code &&
            now.flags == before[i].flags && now.op_id == before[i].op_id &&
            now.deadline_ns == before[i].deadline_ns && now.trace == before[i].trace &&
            std::memcmp(now.host_private, before[i].host_private, sizeof(now.host_private)) == 0,
        "fields of an op's header that are the host's were changed");
  }
  run.end();
}

void unknown_ops_are_unsupported(subject& s) {
  op_run run(s);
  if (!run.samples().has_codes()) {
    run.end();
    throw contract::skipped{"this kind has one sort of ops"};
  }
  const auto ops = run.run(
      3, {}, [&](flight& one) { run.samples().make_unknown(one.memory.data(), one.bytes); });
  for (const flight* one : ops) {
    const spawn_status got = op_run::ended(*one).status;
    require(got == SPAWN_E_UNSUPPORTED,
            "an op it can not know ended " + described_status(got) + ", expected UNSUPPORTED");
  }
  run.end();
}

void short_ops_are_refused(subject& s) {
  op_run run(s);
  const auto ops = run.run(3, {}, [](flight& one) { one.op()->struct_size = sizeof(spawn_op); });
  for (const flight* one : ops) {
    const spawn_status got = op_run::ended(*one).status;
    require(got == SPAWN_E_UNSUPPORTED || got == SPAWN_E_INVALID,
            "an op shorter than its kind ended " + described_status(got));
  }
  run.end();
}

void longer_ops_are_taken(subject& s) {
  op_run run(s);
  const auto ops = run.run(some, {.longer_by = 64});
  for (const flight* one : ops) {
    require(run.samples().good_end(op_run::ended(*one).status),
            "an op with the fields of a newer kernel ended " +
                described_status(op_run::ended(*one).status));
    for (std::size_t i = one->size; i < one->at_end.size(); ++i) {
      require(one->at_end[i] == 0x5a, "fields of a newer kernel were written to");
    }
  }
  run.release(ops);
  run.end();
}

void batches_of_any_size(subject& s) {
  op_run run(s);
  for (const std::uint32_t n : {1u, 64u, 1'024u}) {
    const auto ops = run.run(n);
    for (const flight* one : ops) {
      require(run.samples().good_end(op_run::ended(*one).status),
              "in a batch of " + std::to_string(n) + " an op ended " +
                  described_status(op_run::ended(*one).status));
    }
    run.release(ops);
  }
  run.end();
}

void an_empty_batch_is_fine(subject& s) {
  op_run run(s);
  run.submit({});
  run.release(run.run(1));
  run.end();
}

void a_passed_deadline_ends_it(subject& s) {
  op_run run(s);
  const auto ops = run.run(some, {}, [](flight& one) { one.op()->deadline_ns = 1; });
  for (const flight* one : ops) {
    const spawn_status got = op_run::ended(*one).status;
    require(got == SPAWN_E_DEADLINE || run.samples().good_end(got),
            "an op whose deadline has passed ended " + described_status(got));
  }
  run.end();
}

void a_cancelled_op_ends_once(subject& s) {
  op_run run(s);
  const auto ops = run.make(some);
  run.submit(ops);
  for (const flight* one : ops) {
    // What has ended is not the plugin's any more, so it is not cancelled.
    if (run.host().ends(one->op()) == 0 && !run.samples().cancel(run.open().at(0), one->op())) {
      throw contract::skipped{"this kind has no cancel"};
    }
  }
  run.wait(ops);
  std::this_thread::sleep_for(silence);
  for (const flight* one : ops) {
    require(run.host().ends(one->op()) == 1, "a cancelled op ended more than once");
  }
  run.end();
}

void error_texts_are_utf8(subject& s) {
  op_run run(s);
  auto ops = run.run(
      2, {}, [&](flight& one) { run.samples().make_unknown(one.memory.data(), one.bytes); });
  const auto shorter =
      run.run(2, {}, [](flight& one) { one.op()->struct_size = sizeof(spawn_op); });
  ops.insert(ops.end(), shorter.begin(), shorter.end());
  for (const flight* one : ops) {
    spawn_op op = op_run::ended(*one);
    require(is_utf8(plugin::text(op.error)), "an error text is not UTF-8");
    plugin::release(op.error);
  }
  run.end();
}

void results_outlive_their_op(subject& s) {
  op_run run(s);
  const auto first = run.run(some);
  for (int round = 0; round < 5; ++round) {
    run.release(run.run(some));
  }
  run.release(first);  // reads them
  run.end();
}

void results_are_released_on_any_thread(subject& s) {
  op_run run(s);
  const auto ops = run.run(some);
  std::thread([&] { run.release(ops); }).join();
  run.release(run.run(some));
  run.end();
}

void they_end_before_drain_does(subject& s) {
  op_run run(s);
  const auto ops = run.make(64);
  run.submit(ops);
  run.on().must(step::quiesce);
  run.on().must(step::drain);
  for (const flight* one : ops) {
    require(run.host().ends(one->op()) == 1, "drain ended while an op was in flight");
  }
  run.end();
}

void lanes_work_at_the_same_time(subject& s) {
  if (s.one_lane()) {
    throw contract::skipped{"the manifest says \"lanes\": \"one\""};
  }
  constexpr std::uint32_t n = 4;
  op_run run(s, n);
  std::atomic<int> bad{0};
  {
    std::vector<std::jthread> threads;
    for (std::uint32_t lane = 0; lane < n; ++lane) {
      threads.emplace_back([&, lane] {
        for (int round = 0; round < 10; ++round) {
          const auto ops = run.make(some);
          run.submit(ops, lane);
          for (const flight* one : ops) {
            bad += run.host().wait_end(one->op(), s.patience()) ? 0 : 1;
          }
        }
      });
    }
  }
  require(bad == 0, std::to_string(bad) + " ops did not end in time");
  run.end();
}

void a_lane_can_be_opened_again(subject& s) {
  op_run run(s);
  run.release(run.run(some));
  run.open().close();
  lanes again(s, run.on(), 1);
  const auto ops = run.make(some);
  std::vector<spawn_op*> raw;
  for (const flight* one : ops) {
    raw.push_back(one->op());
  }
  run.samples().submit(again.at(0), 0, raw.data(), some);
  run.wait(ops);
  run.release(ops);
  again.close();
  run.end();
}

void instances_do_not_meet(subject& s) {
  op_run first(s);
  const auto mine = first.run(some);
  op_run second(s);
  const auto theirs = second.run(some);
  for (std::size_t i = 0; i < some; ++i) {
    require(first.host().ends(theirs[i]->op()) == 0 && second.host().ends(mine[i]->op()) == 0,
            "an op ended at the host of another instance");
  }
  first.release(mine);
  second.release(theirs);
  first.end();
  second.end();
}

void every_host_will_do(subject& s) {
  for (const host_minor& at : host_minors) {
    if (at.minor >= s.entry()->abi_minor_min) {
      op_run run(s, std::make_unique<check_host>(at), 1);
      run.release(run.run(some));
      run.end();
    }
  }
}

void a_newer_host_will_do(subject& s) {
  op_run run(s, check_host::newer(), 1);
  run.release(run.run(some));
  run.end();
}

void a_jump_of_the_clock_is_survived(subject& s) {
  op_run run(s);
  for (const auto by : {std::chrono::hours(-48), std::chrono::hours(96)}) {
    run.host().clock.jump_wall(by);
    for (const flight* one : run.run(some)) {
      require(run.samples().good_end(op_run::ended(*one).status),
              "after a jump of the wall clock an op ended " +
                  described_status(op_run::ended(*one).status));
    }
  }
  run.end();
}

void they_leave_nothing(subject& s) {
  op_run run(s);
  run.release(run.run(64));
  const auto threads = threads_now();
  const auto files = files_now();
  for (int round = 0; round < 10; ++round) {
    run.release(run.run(64));
  }
  require(new_threads(threads).empty(), "ops left the thread " + new_threads(threads));
  require(new_files(files).empty(), "ops left open " + new_files(files));
  run.end();
}

void they_are_no_fault(subject& s) {
  op_run run(s);
  run.release(run.run(some));
  (void)run.run(2, {},
                [&](flight& one) { run.samples().make_unknown(one.memory.data(), one.bytes); });
  run.end();
  require(!run.host().faulted(), "it called fault() though nobody did anything wrong");
}

}  // namespace

test_list op_tests() {
  return {
      {"ops.nothing_is_thrown", "no exception leaves submit", nothing_is_thrown, true},
      {"ops.every_op_ends", "every op ends in time", every_op_ends, true},
      {"ops.no_op_ends_twice", "no op ends a second time", no_op_ends_twice, true},
      {"ops.the_status_is_known", "ops end with a status of abi.h", the_status_is_known, true},
      {"ops.no_op_is_touched_after_its_end", "no op is read or written after complete()",
       no_op_is_touched_after_its_end, true},
      {"ops.valid_ops_end_well", "valid ops end with OK", valid_ops_end_well, true},
      {"ops.inputs_are_not_read_past_their_end", "slices are bytes and a length, without a NUL",
       inputs_are_not_read_past_their_end, true},
      {"ops.inputs_are_not_written", "what an op points at is read only", inputs_are_not_written},
      {"ops.inputs_are_not_used_after_the_end", "what an op points at is not used after complete()",
       inputs_are_not_used_after_the_end},
      {"ops.the_header_stays", "what the host wrote into the header of an op is still there",
       the_header_stays},
      {"ops.unknown_ops_are_unsupported", "an op it can not know ends UNSUPPORTED",
       unknown_ops_are_unsupported},
      {"ops.short_ops_are_refused", "an op shorter than its kind is refused",
       short_ops_are_refused},
      {"ops.longer_ops_are_taken", "fields of a newer kernel behind an op are left alone",
       longer_ops_are_taken},
      {"ops.batches_of_any_size", "batches of 1, 64 and 1,024 ops end well", batches_of_any_size},
      {"ops.an_empty_batch_is_fine", "a submit of no op does nothing", an_empty_batch_is_fine},
      {"ops.a_passed_deadline_ends_it", "an op whose deadline has passed ends DEADLINE, or is done",
       a_passed_deadline_ends_it},
      {"ops.a_cancelled_op_ends_once", "a cancelled op ends exactly once",
       a_cancelled_op_ends_once},
      {"ops.error_texts_are_utf8", "the error texts of refused ops are UTF-8",
       error_texts_are_utf8},
      {"ops.results_outlive_their_op", "results stay readable until they are released",
       results_outlive_their_op},
      {"ops.results_are_released_on_any_thread", "results can be released by another thread",
       results_are_released_on_any_thread},
      {"ops.they_end_before_drain_does", "drain ends after the last op in flight",
       they_end_before_drain_does},
      {"ops.lanes_work_at_the_same_time", "four lanes submit at the same time",
       lanes_work_at_the_same_time},
      {"ops.a_lane_can_be_opened_again", "a lane works again after it was closed and opened",
       a_lane_can_be_opened_again},
      {"ops.instances_do_not_meet", "an op ends at the host of its own instance",
       instances_do_not_meet},
      {"ops.every_host_will_do", "ops work with the host table of every minor it serves",
       every_host_will_do},
      {"ops.a_newer_host_will_do", "ops work with the longer table of a newer kernel",
       a_newer_host_will_do},
      {"ops.a_jump_of_the_clock_is_survived", "ops work after jumps of the wall clock",
       a_jump_of_the_clock_is_survived},
      {"ops.they_leave_nothing", "1,000 ops leave no thread and no file behind",
       they_leave_nothing},
      {"ops.they_are_no_fault", "it does not call fault() over valid or unknown ops",
       they_are_no_fault},
  };
}

}  // namespace spawn::check
