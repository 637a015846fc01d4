"""The author's kit: installed, a project of each language made from the templates, built against the
installed kit only, tested as its README says, and loaded by a kernel that then uses it."""
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from harness.mesh import Mesh
from harness.wire import BUILD
from tools import ctl

SUITE = BUILD / "bin" / "statestore_file"
STRICT = "-Wall -Wextra -Wpedantic -Werror"
# Project, language, compiler.
STORES = [("store-gcc", "c++", "g++"), ("store-clang", "c++", "clang++-19"),
          ("store-c", "c", "gcc"), ("store-rust", "rust", "cargo")]
# Of the contract suite; the rest skip themselves where a capability is not announced.
SUITE_PASSED_MIN = 25


@pytest.fixture(scope="module")
def kit(tmp_path_factory):
    prefix = tmp_path_factory.mktemp("kit")
    run(["cmake", "--install", BUILD, "--component", "plugin-dev", "--prefix", prefix])
    return prefix


def run(command, cwd=None, env=None, seconds=240):
    done = subprocess.run([str(each) for each in command], cwd=cwd, env=env, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=seconds,
                          check=False)
    assert done.returncode == 0, f"{command} ended with {done.returncode}:\n{done.stdout[-6000:]}"
    return done.stdout


def outside(kit):
    """An environment in which nothing points into this repository but the kit."""
    clean = {k: v for k, v in os.environ.items()
             if not k.startswith(("SPAWN_", "PROXY_", "CMAKE_", "CARGO_TARGET"))}
    return clean | {"CMAKE_PREFIX_PATH": str(kit)}


def built(folder, lang, compiler, kit, kind="statestore"):
    """Makes the project, runs its .ci/run, and gives the plugin's file."""
    if shutil.which(compiler) is None:
        pytest.skip(f"{compiler} is not installed")
    ctl("plugins", "new", "--kind", kind, "--lang", lang, folder.name, "--dir", str(folder)).ok()
    env = outside(kit)
    if lang != "rust":
        env |= {"CXX": compiler, "CXXFLAGS": STRICT} if lang == "c++" else {
            "CC": compiler, "CFLAGS": STRICT}
    told = run([folder / ".ci" / "run"], cwd=folder, env=env)
    if lang == "rust":
        assert "test result: ok. 3 passed" in told and "warning" not in told, told
    else:
        assert "100% tests passed, 0 tests failed out of 1" in told, told
        cache = (folder / "build" / "CMakeCache.txt").read_text()
        assert f"SpawnPlugin_DIR:PATH={kit}/share/cmake/SpawnPlugin" in cache
    return folder / "build" / "plugins" / kind / folder.name / "0.1.0" / "plugin.so"


@pytest.mark.parametrize("name, lang, compiler", STORES, ids=[each[0] for each in STORES])
def test_a_statestore_from_the_template(tmp_path, kit, name, lang, compiler):
    folder = tmp_path / name
    file = built(folder, lang, compiler, kit)
    assert "no findings" in ctl("plugins", "lint", str(file)).ok().out
    told = run([SUITE, file])
    assert int(told.split("[  PASSED  ] ")[1].split()[0]) >= SUITE_PASSED_MIN, told
    checked = run([BUILD / "bin" / "spawnd", "--check", "--config", "spawn.yaml"], cwd=folder)
    assert "configuration is good" in checked
    mesh = Mesh({"plugins": {"path": [str(folder / "build" / "plugins"), str(BUILD / "plugins")]},
                 "statestores": {"main": {"use": name, "config": {"max_records": 1000,
                                                                  "path": None}}},
                 "durability": {"allow_volatile": True}})
    try:
        plugins = ctl("--json", "plugins", "list", admin=mesh).ok().json["plugins"]
        assert name in [each["plugin"] for each in plugins if each["kind"] == "statestore"]
        counter = mesh.counter()
        for expected in range(1, 4):
            assert int(mesh.invoke(counter, "inc").expect_ok().value) == expected
        assert ctl("state", "get", "spawn-system", counter, admin=mesh).ok().out
        mesh.kernel.stop()
    finally:
        mesh.dispose()


def test_a_config_beyond_the_schema_is_refused(tmp_path, kit):
    folder = tmp_path / "strict"
    built(folder, "c", "gcc", kit)
    config = {"plugins": {"path": [str(folder / "build" / "plugins"), str(BUILD / "plugins")]},
              "statestores": {"main": {"use": "strict", "config": {"max_records": 0,
                                                                   "path": None}}},
              "durability": {"allow_volatile": True}}
    with pytest.raises(AssertionError, match="max_records"):
        Mesh(config)


def test_the_headers_are_found_by_pkg_config(tmp_path, kit):
    env = outside(kit) | {"PKG_CONFIG_PATH": str(kit / "share" / "pkgconfig")}
    flags = run(["pkg-config", "--cflags", "spawn-plugin >= 1.0"], env=env).split()
    source = tmp_path / "all.c"
    source.write_text('#include "spawn/plugin/all.h"\nint answer = SPAWN_ABI_MAJOR;\n')
    run(["gcc", "-std=c11", *STRICT.split(), *flags, "-c", source, "-o", tmp_path / "all.o"])


@pytest.mark.parametrize("name", ["Store", "9lives", "a.b", "../up", "x" * 65, "", "a b", "-x"])
def test_a_bad_name_is_told_and_nothing_is_written(tmp_path, name):
    folder = tmp_path / "made"
    ended = ctl("plugins", "new", "--kind", "statestore", "--dir", str(folder), "--", name)
    assert ended.code == 2 and "is no name for a plugin" in ended.err, (ended.out, ended.err)
    assert not folder.exists()


def test_a_folder_that_is_there_is_left_alone(tmp_path):
    (tmp_path / "mine").write_text("precious")
    ended = ctl("plugins", "new", "--kind", "statestore", "mine", "--dir", str(tmp_path / "mine"))
    assert ended.code == 2 and "is there already" in ended.err
    assert (tmp_path / "mine").read_text() == "precious"


def test_no_placeholder_is_left(tmp_path):
    for lang in ("c++", "c", "rust"):
        folder = Path(tmp_path / ("l" + lang[0] + str(len(lang))))
        ctl("plugins", "new", "--kind", "statestore", "--lang", lang, "some-name", "--dir",
            str(folder)).ok()
        for file in filter(Path.is_file, folder.rglob("*")):
            text = file.read_text()
            assert not any(mark in text for mark in ("@name@", "@kind@", "@ident@")), file
