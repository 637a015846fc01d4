"""spawn-plugin-check: every hostile fixture fails the one test meant for it, our own plugins pass,
and the command line, the reports and the exit codes are as docs/plugin-check.md says."""
import json
import os
import pathlib
import re
import subprocess
import xml.etree.ElementTree

import pytest

BUILD = pathlib.Path(os.environ["SPAWN_BUILD_DIR"])
ROOT = pathlib.Path(__file__).resolve().parents[2]
CHECK = BUILD / "bin/spawn-plugin-check"
NIGHTLY = os.environ.get("SPAWN_NIGHTLY") == "1"
LIMIT_S = 240

pytestmark = pytest.mark.skipif(not CHECK.exists(), reason="spawn-plugin-check was not built")

# Fixture of tests/fixtures/plugins -> the test that has to find it.
FOUND_BY = {
    "not_elf": "file.is_elf",
    "cut_elf": "file.is_whole",
    "note_truncated": "file.is_whole",
    "note_major": "file.is_of_this_abi",
    "entry_2_only": "file.is_of_this_abi",
    "no_note": "file.has_a_manifest",
    "note_not_json": "file.manifest_is_json",
    "no_entry": "file.exports_its_entry",
    "extra_export": "file.exports_nothing_else",
    "unique_symbol": "file.has_no_unique_symbols",
    "exec_stack": "file.has_no_executable_stack",
    "needs_protobuf": "file.does_not_share_protobuf",
    "undefined_symbol": "load.opens",
    "ctor_thread": "load.starts_no_thread",
    "ctor_opens_file": "load.opens_no_file",
    "ctor_takes_signal": "load.leaves_signals_alone",
    "ctor_sets_umask": "load.leaves_settings_alone",
    "ctor_prints": "load.writes_nothing",
    "null_entry": "entry.is_there",
    "short_entry": "entry.is_long_enough",
    "null_create": "entry.has_all_slots",
    "minor_too_high": "entry.minor_is_served",
    "manifest_differs": "entry.manifest_is_the_note",
    "init_fails": "entry.init_succeeds",
    "uses_newer_host": "entry.init_succeeds",
    "init_only_once": "entry.init_is_counted",
    "create_fails": "create.succeeds",
    "create_slow": "create.returns_in_a_second",
    "no_interface": "create.offers_its_kind",
    "wrong_kind": "create.offers_its_kind",
    "short_table": "create.kind_table_is_long_enough",
    "null_submit": "create.kind_table_has_all_slots",
    "knows_every_id": "create.unknown_interfaces_are_null",
    "config_as_text": "create.config_is_not_read_past_its_end",
    "create_leaks_file": "create.leaves_nothing",
    "start_never": "life.start_ends",
    "start_fails": "life.start_succeeds",
    "drain_never": "life.drain_ends",
    "keeps_config": "life.keeps_nothing_of_create",
    "step_touched_late": "life.steps_are_not_touched_after_their_end",
    "start_prints": "life.writes_nothing",
    "throws": "ops.nothing_is_thrown",
    "never_completes": "ops.every_op_ends",
    "completes_twice": "ops.no_op_ends_twice",
    "unknown_status": "ops.the_status_is_known",
    "late_touch": "ops.no_op_is_touched_after_its_end",
    "input_as_text": "ops.inputs_are_not_read_past_their_end",
    "writes_input": "ops.inputs_are_not_written",
    "keeps_input": "ops.inputs_are_not_used_after_the_end",
    "changes_header": "ops.the_header_stays",
    "unknown_ops_are_ok": "ops.unknown_ops_are_unsupported",
    "start_alone": "swap.starts_beside_another",
    "drain_without_lanes": "swap.drains_with_open_lanes",
    "stuck_after_quiesce": "swap.goes_on_after_quiesce",
    "handoff_no_schema": "swap.handoff_table_is_whole",
    "handoff_reads_none": "swap.handoff_is_read",
    "handoff_never_last": "swap.handoff_ends",
    "handoff_loses": "swap.handoff_brings_everything",
    "handoff_forgets": "swap.handoff_leaves_the_old_one",
    "handoff_goes_on": "swap.handoff_begins_again",
    "handoff_takes_all": "swap.handoff_refuses_what_is_none",
}


def run(*arguments):
    return subprocess.run([CHECK, *map(str, arguments)], capture_output=True, text=True,
                          timeout=LIMIT_S, check=False)


def results(plugin, *arguments):
    """Id -> the test's entry in the JSON report."""
    done = run(plugin, "--json", "-", *arguments)
    assert done.returncode in (0, 1), done.stderr
    report = json.loads(done.stdout)
    tests = {one["id"]: one for one in report["tests"]}
    bad = [i for i, one in tests.items() if one["verdict"] in ("failed", "crashed", "timed_out")]
    assert report["failed"] == len(bad)
    assert done.returncode == (1 if bad else 0)
    return tests, bad


def fixture(name):
    return BUILD / "fixtures" / name / "plugin.so"


def told(tests, ids):
    return [f"{i}: {tests[i]['verdict']}: {tests[i]['text']} {tests[i]['output']}" for i in ids]


def test_every_hostile_fixture_is_here():
    built = {p.parent.name for p in (BUILD / "fixtures").glob("*/plugin.so")}
    assert built == set(FOUND_BY) | {"good_c", "hostile", "hostile_blocking"}


@pytest.mark.parametrize("name", FOUND_BY)
def test_a_hostile_fixture_fails_the_test_meant_for_it_and_no_other(name):
    # The contract of the kind is for good_c, whose tables these are.
    tests, bad = results(fixture(name), "--patience", 1500, "--jobs", 6,
                         "--exclude", "statestore.*")
    assert bad == [FOUND_BY[name]], told(tests, bad)
    assert tests[FOUND_BY[name]]["text"]


def test_a_correct_plugin_in_plain_c_fails_nothing():
    tests, bad = results(fixture("good_c"))
    assert not bad, told(tests, bad)
    assert tests["statestore.model.equals_the_reference"]["verdict"] == "passed"
    assert tests["statestore.history.by_count"]["verdict"] == "skipped"


def own_plugins():
    """Those that need no server: kind, name."""
    return [("statestore", "memory"), ("statestore", "sqlite"), ("transport", "memory"),
            ("workflow", "aggregator"), ("workflow", "broadcast"), ("workflow", "effect"),
            ("workflow", "forward"), ("workflow", "pipe"), ("workflow", "publish"),
            ("workflow", "saga"), ("workflow", "scatter-gather"), ("activator", "cron"),
            ("activator", "http"), ("actors", "counter")]


@pytest.mark.parametrize("kind, name", own_plugins())
def test_our_own_plugins_pass(kind, name):
    found = sorted(BUILD.glob(f"plugins/{kind}/{name}/*/plugin.so"))
    if not found:
        pytest.skip(f"{kind}/{name} was not built")
    config = ROOT / f"tests/fixtures/checks/{kind}-{name}.yaml"
    arguments = ["--config", config] if config.exists() else []
    if not NIGHTLY:  # contract.* of ctest runs these over the same plugins
        arguments += ["--exclude", "statestore.limit.*", "--exclude", "statestore.model.*"]
    tests, bad = results(found[-1], *arguments)
    assert not bad, told(tests, bad)


ACTORS_FOUND_BY = {  # rule of tests/fixtures/actors -> the test that has to find it
    "describe-fails": "actors.describe.is_a_registration",
    "describes-garbage": "actors.describe.is_a_registration",
    "live-and-stateful": "actors.live.types_keep_no_state",
    "dies-of-answers": "actors.live.strange_answers_are_survived",
    "needs-room": "actors.live.no_room_is_survived",
}


def fixture_actors(name):
    return BUILD / "fixture_actors" / "actors" / name / "1.0.0" / "plugin.so"


@pytest.mark.parametrize("rule", ACTORS_FOUND_BY)
def test_actors_that_break_a_rule_fail_the_test_meant_for_it(rule, tmp_path):
    config = tmp_path / "check.yaml"
    config.write_text(f"rule: {rule}\n")
    tests, bad = results(fixture_actors("bad-actors"), "--config", config, "--include", "actors.*")
    assert bad == [ACTORS_FOUND_BY[rule]], told(tests, bad)


def test_live_actors_pass():
    tests, bad = results(fixture_actors("live-fixture"))
    assert not bad, told(tests, bad)
    assert tests["actors.live.every_tell_is_taken"]["verdict"] == "passed"
    assert tests["ops.every_op_ends"]["verdict"] == "skipped"


def test_an_activator_is_checked_through_its_driver():
    plugin = BUILD / "fixture_activators/sample_source/plugin.so"
    driver = BUILD / "bin/fixture_folder_driver"
    config = ROOT / "tests/fixtures/checks/activator-sample_source.yaml"
    narrow = [] if NIGHTLY else ["--include", "activator.delivery.*", "--include",
                                 "activator.again.after_a_kill", "--include",
                                 "activator.sink.a_message_arrives_whole", "--include", "life.*"]
    tests, bad = results(plugin, "--config", config, "--driver", driver, *narrow)
    assert not bad, told(tests, bad)
    assert tests["activator.again.after_a_kill"]["verdict"] == "passed"
    without, bad = results(plugin, "--config", config, "--include", "activator.delivery.*")
    assert not bad
    assert {one["verdict"] for one in without.values()} == {"skipped"}
    assert "--driver" in without["activator.delivery.everything_arrives_once"]["text"]


def test_a_driver_that_is_none_is_a_failure_not_a_hang():
    plugin = BUILD / "fixture_activators/sample_source/plugin.so"
    for driver in ("true", "cat", "no-such-command-anywhere"):
        _, bad = results(plugin, "--driver", driver, "--patience", 1000, "--include",
                         "activator.window.at_zero_nothing_is_offered")
        assert bad, driver


def listed():
    lines = run("--list").stdout.splitlines()
    return dict(re.fullmatch(r"(\S+)\s\s+(.+)", line).groups() for line in lines)


def test_the_list_is_of_distinct_promises():
    tests = listed()
    assert len(tests) >= 200
    assert len(run("--list").stdout.splitlines()) == len(tests)
    assert all(re.fullmatch(r"[a-z]+(\.[a-z_0-9]+)+", i) for i in tests)
    assert not [i for i, promise in tests.items() if len(promise) < 10]


def test_a_failed_gate_ends_the_run_unless_told_otherwise():
    tests, _ = results(fixture("no_note"))
    assert tests["load.opens"]["verdict"] == "not_run"
    assert "file.has_a_manifest" in tests["load.opens"]["text"]
    tests, _ = results(fixture("no_note"), "--keep-going", "--include", "file.*", "--include",
                       "load.opens")
    assert tests["load.opens"]["verdict"] == "passed"


def test_a_crash_and_a_hang_cost_one_test():
    tests, bad = results(fixture("create_slow"), "--limit", 1, "--include", "create.succeeds",
                         "--include", "file.*")
    assert bad == ["create.succeeds"]
    assert tests["create.succeeds"]["verdict"] == "timed_out"


def test_patterns_choose():
    tests, _ = results(fixture("good_c"), "--include", "file.*", "--include", "load.open?",
                       "--exclude", "*.has_*")
    assert "file.is_elf" in tests and "load.opens" in tests
    assert not [i for i in tests if i.startswith("ops.") or ".has_" in i]


def test_junit_says_what_failed(tmp_path):
    out = tmp_path / "results.xml"
    done = run(fixture("extra_export"), "--junit", out, "--include", "file.*")
    assert done.returncode == 1
    assert "fixture_leaked_helper" in done.stdout  # the text comes as well
    suite = xml.etree.ElementTree.parse(out).getroot()
    failed = [case.get("name") for case in suite if case.find("failure") is not None]
    assert failed == ["exports_nothing_else"]
    assert suite.get("failures") == "1"


def test_warnings_count_when_they_are_asked_to():
    found = sorted(BUILD.glob("plugins/activator/grpc/*/plugin.so"))
    if not found:
        pytest.skip("activator/grpc was not built")
    only = ["--include", "file.is_elf", "--include", "file.does_not_stay_loaded"]
    tests, bad = results(found[-1], *only)
    assert tests["file.does_not_stay_loaded"]["verdict"] == "warned" and not bad
    assert run(found[-1], "--strict", *only).returncode == 1
    assert run(fixture("good_c"), "--strict", *only).returncode == 0


def test_fuzzing_tells_its_seed():
    done = run(fixture("good_c"), "--include", "file.is_elf", "--fuzz", 1, "--seed", 41)
    assert done.returncode == 0, done.stdout
    assert "from seed 41 on" in done.stdout
    assert re.search(r"fuzz: [1-9][0-9]* rounds passed", done.stdout)


def test_exit_codes_of_what_can_not_be_run(tmp_path):
    assert run().returncode == 2
    assert run("--no-such-option", "x").returncode == 2
    broken = tmp_path / "broken.yaml"
    broken.write_text("path: [\n")
    done = run(fixture("good_c"), "--config", broken)
    assert done.returncode == 3 and "broken.yaml" in done.stderr
    done = run(tmp_path / "nobody.so")
    assert done.returncode == 1 and "file.can_be_read" in done.stdout


def test_one_test_runs_in_this_process_for_a_debugger(tmp_path):
    def alone(name, include, *options):
        return subprocess.run([CHECK, fixture(name), "--include", include, "--in-process", *options],
                              capture_output=True, text=True, timeout=LIMIT_S, check=False,
                              env=os.environ | {"TMPDIR": str(tmp_path)})

    good = alone("good_c", "statestore.record.first_save_then_load")
    assert (good.returncode, good.stdout) == (0, "passed\n"), (good.stdout, good.stderr)
    bad = alone("start_fails", "life.start_succeeds")
    assert bad.returncode == 1 and bad.stdout.startswith("failed\n"), bad.stdout
    assert len(bad.stdout.splitlines()) > 1, "it says why"
    blamed = alone("writes_input", "ops.inputs_are_not_written")
    assert blamed.returncode == 1 and blamed.stdout.startswith("failed\n"), blamed.stdout
    assert not good.stderr
    told = alone("good_c", "statestore.record.first_save_then_load", "--trace").stderr
    calls = [line.split()[2] for line in told.splitlines()]
    assert calls[:2] == ["init", "create"] and calls[-2:] == ["destroy", "deinit"], told
    assert {"start", "lane_open", "submit", "lane_close", "stop"} <= set(calls), told
    assert re.search(r"^ +[0-9.]+ us  create +[0-9.]+ us  status 0$", told, re.M), told
    many = alone("good_c", "statestore.record.*")
    assert many.returncode == 2 and "is for one test" in many.stderr
    left = [file.name for file in tmp_path.iterdir()]
    assert len(left) <= 1, left  # of the one that the processor stopped
