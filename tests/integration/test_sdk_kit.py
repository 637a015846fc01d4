"""The C++ SDK as somebody outside this repository has it: installed, a project that its README shows, and
examples/counter as a process and as a plugin, built with nothing else."""
import os
import shutil
import subprocess
from contextlib import contextmanager

import pytest
from harness.mesh import eventually
from harness.wire import BUILD, SOURCE, json_any, protocol_pb, text
from kit import STRICT, install, outside, run
from ports import free_port
from sdk_project import of_the_readme

COMPILERS = ["g++", "clang++-19"]


@pytest.fixture(scope="module")
def sdk(tmp_path_factory):
    """The SDK alone."""
    return install(tmp_path_factory.mktemp("sdk"), "sdk-dev")


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """With the author's kit beside it."""
    return install(tmp_path_factory.mktemp("both"), "sdk-dev", "plugin-dev")


def build(folder, kit, compiler="g++", *options):
    if shutil.which(compiler) is None:
        pytest.skip(f"{compiler} is not installed")
    env = outside(kit) | {"CXX": compiler, "CXXFLAGS": STRICT}
    run(["cmake", "-B", "build", *options], cwd=folder, env=env)
    run(["cmake", "--build", "build", "--parallel", os.cpu_count()], cwd=folder, env=env)
    return folder / "build"


@pytest.fixture(scope="module", params=COMPILERS)
def counter(request, both, tmp_path_factory):
    """The example, in a folder with nothing of this repository."""
    folder = tmp_path_factory.mktemp("outside") / "counter"
    shutil.copytree(SOURCE / "examples" / "counter", folder)
    return build(folder, both, request.param)


@contextmanager
def process(program, kernel, port, **env):
    clean = {key: value for key, value in os.environ.items()
             if not key.startswith(("PROXY_", "USER_FUNCTION_"))}
    places = {"PROXY_HTTP_PORT": str(kernel.port), "USER_FUNCTION_PORT": str(port)}
    started = subprocess.Popen([program], env=clean | places | env)
    try:
        yield started
    finally:
        started.terminate()
        assert started.wait(20) == 0


def answers(mesh):
    """A host registers when it is ready."""
    eventually(lambda: mesh.invoke("counter", "Get").ok, seconds=20, what="registered")


def add(mesh, amount):
    return mesh.invoke("counter", "Add", json_any(f'{{"amount": {amount}}}'))


def value_of(outcome):
    return protocol_pb.JSONType.FromString(outcome.expect_ok().message.value.value).content


def test_the_project_of_the_readme_serves(sdk, tmp_path, fresh):
    built = build(of_the_readme(tmp_path / "my-actors"), sdk)
    port = free_port()
    mesh = fresh({"host": {"port": port}})
    with process(built / "my-actors", mesh.kernel, port):
        answers(mesh)
        two = text(b"\x08\x02", "type.googleapis.com/counter.AddRequest")
        for expected in (b"\x08\x02", b"\x08\x04"):
            assert mesh.invoke("counter", "Add", two).expect_ok().message.value.value == expected


def test_a_link_leads_to_the_same_files(sdk, tmp_path):
    """As /lib leads into /usr."""
    (tmp_path / "lib").symlink_to(sdk / "lib")
    (tmp_path / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.25)\nproject(linked LANGUAGES CXX)\n"
        "find_package(SpawnSdk REQUIRED)\nget_target_property(file spawn::sdk IMPORTED_LOCATION)\n"
        "message(STATUS \"the library is ${file}.\")\n")
    told = run(["cmake", "-B", "build", "-D", f"SpawnSdk_DIR={tmp_path}/lib/cmake/SpawnSdk"],
               cwd=tmp_path)
    assert f"the library is {sdk}/lib/libspawn_sdk.a." in told


def refuses_more_than_100(mesh):
    assert value_of(add(mesh, 100)) == '{"value":100}'
    failed = add(mesh, 101).expect_error("HOST_ERROR")
    assert failed.text == "HOST_ERROR: the host answered HTTP 500: at most 100 at once"
    assert value_of(mesh.invoke("counter", "Show")) == '{"value":100}'


def test_the_example_is_a_process(counter, fresh):
    port = free_port()
    mesh = fresh({"host": {"port": port}})
    with process(counter / "counter", mesh.kernel, port, USER_FUNCTION_CONFIG='{"add_max": 100}'):
        answers(mesh)
        refuses_more_than_100(mesh)


def beside(tmp_path, folders):
    """A plugin folder with these kinds, and so without the build's own counter."""
    for folder in folders:
        (tmp_path / folder.name).symlink_to(folder)
    return [str(tmp_path)]


def test_the_example_is_a_plugin(counter, fresh, tmp_path):
    ours = [BUILD / "plugins" / kind for kind in ("statestore", "transport", "workflow", "activator")]
    assert (counter / "plugins/actors/counter/1.0.0/plugin.so").exists()
    mesh = fresh({"plugins": {"path": [str(counter / "plugins"), *beside(tmp_path, ours)]},
                  "native_actors": [{"use": "counter", "config": {"add_max": 100}}]})
    refuses_more_than_100(mesh)


def test_a_process_says_what_is_wrong_with_its_settings(counter):
    for wrong, why in [("[]", "the settings are no JSON object"), ("{", "the settings are no JSON object"),
                       ('{"add_max": "x"}', 'setting "add_max" is not a whole number')]:
        ended = subprocess.run([counter / "counter"], env=os.environ | {"USER_FUNCTION_CONFIG": wrong},
                               capture_output=True, text=True, timeout=20, check=False)
        assert (ended.returncode, ended.stderr) == (1, f"counter: {why}\n")


def test_without_the_authors_kit_there_are_hosts_alone(sdk, tmp_path):
    folder = tmp_path / "counter"
    shutil.copytree(SOURCE / "examples" / "counter", folder)
    # Not one that is installed on this machine, either.
    alone = ["-D", "CMAKE_DISABLE_FIND_PACKAGE_SpawnPlugin=ON"]
    refused = subprocess.run(["cmake", "-B", "build", *alone], cwd=folder, env=outside(sdk), text=True,
                             capture_output=True, timeout=120, check=False)
    assert refused.returncode != 0
    assert "a plugin is built with the author's kit, package SpawnPlugin" in \
        " ".join(refused.stderr.split())
    built = build(folder, sdk, "g++", "-D", "SPAWN_ACTORS_AS=host", *alone)
    assert (built / "counter").exists() and not (built / "plugins").exists()
