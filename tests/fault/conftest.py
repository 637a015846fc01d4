"""The harness of the conformance tests, and its fixtures."""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "conformance"))
sys.path.insert(1, str(Path(__file__).resolve().parents[1]))

import pytest  # noqa: E402
from harness.mesh import Mesh  # noqa: E402


@pytest.fixture
def fresh(request):
    made = []

    def make(*arguments, **options):
        made.append(Mesh(*arguments, **options))
        return made[-1]

    yield make
    failed = getattr(request.node, "failed", False)
    for one in made:
        if failed:
            print(one.kernel.tail())
        one.dispose()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    if report.failed:
        item.failed = True
