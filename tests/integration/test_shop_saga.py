"""The example shop-saga, from start to end: `examples/shop-saga/run` judges itself."""
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from harness.wire import BUILD, SOURCE

RUN = Path(SOURCE) / "examples" / "shop-saga" / "run"
STATES = {"order-1": "COMPLETED", "order-2": "COMPENSATED", "order-3": "COMPENSATED"}


def skip(reason: str):
    print(f"shop-saga skipped: {reason}")
    pytest.skip(reason)


def test_the_shop_ships_one_order_and_undoes_two():
    if shutil.which("node") is None:
        skip("no node on this machine")
    done = subprocess.run([RUN], capture_output=True, text=True, timeout=180, check=False,
                          env=os.environ | {"SPAWN_BUILD_DIR": str(BUILD)})
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    orders = done.stdout.split("\norder-")[1:]
    assert len(orders) == len(STATES)
    for (name, state), shown in zip(STATES.items(), orders):
        assert f"order-{shown}".startswith(name)
        assert f"await -> {state}" in shown
    assert "the shop is right" in done.stdout


def test_what_is_missing_is_named(tmp_path):
    done = subprocess.run([RUN], capture_output=True, text=True, timeout=60, check=False,
                          env=os.environ | {"SPAWN_BUILD_DIR": str(tmp_path)})
    assert done.returncode == 1
    assert "no spawnd is built" in done.stderr
