"""The author's kit as somebody outside this repository has it: installed, and projects made, built and
checked with nothing else."""
import os
import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from harness.wire import BUILD
from tools import ctl

STRICT = "-Wall -Wextra -Wpedantic -Werror"
COMPILERS = {"c++": "g++", "c": "gcc", "rust": "cargo"}
VERDICTS = re.compile(r": (\d+) passed, (\d+) failed, (\d+) warned, \d+ skipped, (\d+) not run$", re.M)


def run(command, cwd=None, env=None, seconds=240):
    done = subprocess.run([str(each) for each in command], cwd=cwd, env=env, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=seconds,
                          check=False)
    assert done.returncode == 0, f"{command} ended with {done.returncode}:\n{done.stdout[-6000:]}"
    return done.stdout


def install(prefix: Path, *components) -> Path:
    """The author's kit, or those components."""
    for component in components or ["plugin-dev"]:
        run(["cmake", "--install", BUILD, "--component", component, "--prefix", prefix])
    return prefix


def outside(kit: Path) -> dict:
    """An environment in which nothing points into this repository but the kit."""
    clean = {k: v for k, v in os.environ.items()
             if not k.startswith(("SPAWN_", "PROXY_", "CMAKE_", "CARGO_TARGET"))}
    return clean | {"CMAKE_PREFIX_PATH": str(kit), "PATH": f"{kit}/bin:{os.environ['PATH']}"}


class Project:
    """One made by `plugins new`."""

    def __init__(self, folder: Path, kind: str, lang: str, compiler: str = None):
        self.folder, self.kind, self.lang, self.name = folder, kind, lang, folder.name
        self.compiler = compiler or COMPILERS[lang]
        if shutil.which(self.compiler) is None:
            pytest.skip(f"{self.compiler} is not installed")
        ctl("plugins", "new", "--kind", kind, "--lang", lang, self.name, "--dir", str(folder)).ok()

    @property
    def plugins(self) -> Path:
        return self.folder / "build" / "plugins"

    @property
    def file(self) -> Path:
        return self.plugins / self.kind / self.name / "0.1.0" / "plugin.so"

    def passes(self, kit: Path):
        """Its .ci/run: built without a warning, unit tests and the checker passed, nothing left."""
        scratch = self.folder.with_suffix(".tmp")
        scratch.mkdir()
        env = outside(kit) | {"TMPDIR": str(scratch)}
        if self.lang != "rust":
            of = "CXX" if self.lang == "c++" else "C"
            env |= {"CXX" if of == "CXX" else "CC": self.compiler, f"{of}FLAGS": STRICT}
        told = run([self.folder / ".ci" / "run"], cwd=self.folder, env=env)
        if self.lang == "rust":
            tests = 4 if self.kind == "actors" else 3
            assert f"test result: ok. {tests} passed" in told and "warning" not in told, told
        else:
            assert "100% tests passed, 0 tests failed out of 1" in told, told
            cache = (self.folder / "build" / "CMakeCache.txt").read_text()
            assert f"SpawnPlugin_DIR:PATH={kit}/share/cmake/SpawnPlugin" in cache
        passed, failed, warned, not_run = (int(n) for n in VERDICTS.search(told).groups())
        assert (failed, warned, not_run) == (0, 0, 0) and passed > 100, told[-6000:]
        left = list(scratch.iterdir())
        assert not left, left
        assert "no findings" in ctl("plugins", "lint", str(self.file)).ok().out
        checked = run([BUILD / "bin" / "spawnd", "--check", "--config", "spawn.yaml"],
                      cwd=self.folder, env=env | {"SPAWN_PLUGIN_PATH": str(BUILD / "plugins")})
        assert "configuration is good" in checked


def pass_all(projects, kit: Path):
    """All of them, as many at a time as there are processors."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for done in [pool.submit(each.passes, kit) for each in projects]:
            done.result()
