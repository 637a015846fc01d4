"""/metrics of the HTTP port and of the admin API."""
import http.client

import pytest
from exposition import read
from harness.mesh import eventually
from harness.wire import SYSTEM
from tools import ask, ctl

EXPECTED = """
spawn_requests_total spawn_refused_total spawn_actors_active spawn_mailbox_messages
spawn_activations_total spawn_passivations_total spawn_request_duration_seconds
spawn_mailbox_wait_seconds spawn_host_call_duration_seconds spawn_commit_duration_seconds
spawn_load_duration_seconds spawn_saves_total spawn_save_turns_total spawn_save_retries_total
spawn_save_conflicts_total spawn_save_unknown_total spawn_reloads_total spawn_journal_batches_total
spawn_journal_ops_total spawn_host_failures_total spawn_timers_fired_total spawn_broadcasts_total
spawn_plugin_serving spawn_plugin_calls_total spawn_plugin_call_p99_seconds
spawn_plugin_double_completions_total spawn_plugin_ops_in_flight spawn_lane_busy_seconds_total
spawn_lane_stalls_total spawn_lane_starved_total spawn_log_lines_dropped_total
spawn_request_failures_total spawn_slow_clients_total
spawn_inflight_bytes spawn_encryption_enabled spawn_build_info
process_resident_memory_bytes process_open_fds process_cpu_seconds_total
spawn_actor_inflight_messages_messages spawn_invoke_stop_duration
""".split()


def of_admin(mesh):
    answer = ask(mesh, "GET", "/metrics")
    assert answer.status == 200 and answer.headers["content-type"].startswith("text/plain")
    return read(answer.body.decode())


def of_port(mesh):
    connection = http.client.HTTPConnection("127.0.0.1", mesh.kernel.port, timeout=10)
    connection.request("GET", "/metrics")
    text = connection.getresponse().read().decode()
    connection.close()
    return read(text)


def test_both_pages_are_well_formed_and_complete(mesh):
    name = mesh.counter()
    mesh.invoke(name, "inc").expect_ok()
    for page in (of_admin(mesh), of_port(mesh)):
        assert not [each for each in EXPECTED if each not in page.types]
        assert all(page.helps.get(each) for each in page.types)
        assert page.value("process_resident_memory_bytes") > 1 << 20
        assert page.value("process_open_fds") > 3
        assert page.value("spawn_encryption_enabled") == 0
        assert all(value == 1 for value in page.named("spawn_plugin_serving").values())
        assert len(page.named("spawn_lane_busy_seconds_total")) == 2


def test_invocations_are_counted_by_type_and_outcome(mesh):
    name = mesh.counter()
    before = of_admin(mesh)
    for _ in range(5):
        mesh.invoke(name, "inc").expect_ok()
    mesh.invoke(name, "no-such-action")
    page = of_admin(mesh)
    assert page.value("spawn_invocations_total", system=SYSTEM, type=name, outcome="ok") == 5
    assert page.value("spawn_invocations_total", system=SYSTEM, type=name, outcome="error") == 1
    grown = page.value("spawn_saves_total") - before.value("spawn_saves_total")
    assert grown == 5
    assert page.value("spawn_journal_ops_total", store="main") >= 5
    count = "spawn_host_call_duration_seconds_count"
    assert page.value(count) - before.value(count) >= 5
    assert page.value("spawn_host_call_duration_seconds_sum") > 0


def test_a_new_type_shows_on_the_http_port_soon(mesh):
    name = mesh.counter()
    mesh.invoke(name, "inc").expect_ok()
    wanted = (("outcome", "ok"), ("system", SYSTEM), ("type", name))
    eventually(lambda: of_port(mesh).named("spawn_invocations_total").get(wanted) == 1)


def test_names_that_need_escaping_do_not_break_the_page(mesh):
    name = mesh.counter('odd "name" \\ with\nlines')
    mesh.invoke(name, "inc").expect_ok()
    types = {dict(labels)["type"] for labels in of_admin(mesh).named("spawn_invocations_total")}
    assert name.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"') in types


def test_spawnctl_prints_the_page(mesh):
    assert "spawn_build_info" in read(ctl("metrics", admin=mesh).ok().out).types


@pytest.mark.parametrize("text", [
    "a 1", "# TYPE a counter\na{x=1} 1\n", "# TYPE a counter\na 1\na 1\n",
    "# TYPE a counter\nb 1\n", "# TYPE a counter\na one\n",
    '# TYPE a histogram\na_bucket{le="1"} 2\na_bucket{le="+Inf"} 1\na_sum 1\na_count 1\n',
])
def test_the_reader_refuses_a_bad_page(text):
    with pytest.raises(AssertionError):
        read(text)
