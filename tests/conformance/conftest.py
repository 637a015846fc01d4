"""Fixtures: `mesh` (one kernel per file, CONFIG and ENV of the file apply), `fresh` (as many
kernels of its own as a test wants). A failed test shows the kernel's log and what the host did."""
import pytest
from harness.mesh import Mesh

_meshes = []


def _track(mesh):
    _meshes.append(mesh)
    return mesh


@pytest.fixture(scope="module")
def mesh(request):
    module = request.module
    made = _track(Mesh(getattr(module, "CONFIG", None), getattr(module, "ENV", None)))
    yield made
    try:
        made.kernel.stop()
    finally:
        _meshes.remove(made)
        made.dispose()


@pytest.fixture
def fresh():
    made = []

    def make(*arguments, **options):
        made.append(_track(Mesh(*arguments, **options)))
        return made[-1]

    yield make
    for one in made:
        _meshes.remove(one)
        one.dispose()


@pytest.fixture(autouse=True)
def kernel_stays_up(request):
    """Whatever a test does to the shared kernel, it must be there afterwards."""
    yield
    if "mesh" in request.fixturenames:
        shared = request.getfixturevalue("mesh")
        assert shared.kernel.alive, f"the kernel ended:\n{shared.kernel.tail()}"


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    if report.failed:
        for mesh in _meshes:
            report.sections.append((f"spawnd on port {mesh.kernel.port}", mesh.kernel.tail()))
            if mesh.host.errors:
                report.sections.append(("errors in actions", repr(mesh.host.errors[-10:])))
