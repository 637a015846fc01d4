"""The harness of the conformance tests, and one kernel per file."""
import os
import sys
from pathlib import Path

import pytest

SOURCE = Path(os.environ.get("SPAWN_SOURCE_DIR", Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(SOURCE / "tests" / "conformance"))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from harness.mesh import Mesh  # noqa: E402


@pytest.fixture(scope="module")
def mesh(request):
    made = Mesh(getattr(request.module, "CONFIG", None))
    yield made
    try:
        made.kernel.stop()
    finally:
        made.dispose()


@pytest.fixture
def fresh():
    made = []

    def make(*arguments, **options):
        made.append(Mesh(*arguments, **options))
        return made[-1]

    yield make
    for one in made:
        one.dispose()


@pytest.fixture(autouse=True)
def kernel_stays_up(request):
    yield
    if "mesh" in request.fixturenames:
        shared = request.getfixturevalue("mesh")
        assert shared.kernel.alive, f"the kernel ended:\n{shared.kernel.tail()}"
