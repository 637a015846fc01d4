"""The harness of the conformance tests, and the packages under test."""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "conformance"))
sys.path.insert(1, str(Path(__file__).resolve().parents[1]))
sys.path.insert(2, str(Path(__file__).resolve().parents[1] / "integration"))

import pytest  # noqa: E402
import shipped  # noqa: E402


@pytest.fixture(scope="session")
def packages(tmp_path_factory):
    """The folder with the .deb files."""
    return shipped.packages(tmp_path_factory)
