"""docs/plugin-guide.md as a reader does it: its commands, read out of the page, in one shell, in an empty
home, beside a folder that has nothing of this repository but its build."""
import os
import re

from harness.kernel import free_port
from harness.wire import BUILD, SOURCE
from kit import VERDICTS, outside, run

BLOCK = re.compile(r"^```sh\n(.*?)^```", re.M | re.S)


def test_every_command_of_the_guide_does_what_the_page_says(tmp_path):
    page = (SOURCE / "docs" / "plugin-guide.md").read_text()
    commands = BLOCK.findall(page)
    assert len(commands) == page.count("```") // 2 == 8, "all its blocks are commands"
    checkout, home = tmp_path / "checkout", tmp_path / "home"
    (checkout / "build").mkdir(parents=True)
    (checkout / "build" / "release").symlink_to(BUILD)
    home.mkdir()
    env = outside(home / "spawn-kit") | {"HOME": str(home), "PROXY_HTTP_PORT": str(free_port()),
                                         "PATH": os.environ["PATH"]}
    del env["CMAKE_PREFIX_PATH"]
    told = run(["bash", "-euo", "pipefail", "-c", "\n".join(commands)], cwd=checkout, env=env,
               seconds=400)
    checks = [tuple(map(int, found)) for found in VERDICTS.findall(told)]
    assert len(checks) == 7, told[-6000:]
    first, broken, mended, *others = checks
    assert first[0] > 100 and first[1:] == (0, 0, 0)
    assert broken[1] > 0 and mended[1] == 0, told[-6000:]
    assert "failed     statestore.record.compares_revision_and_writer" in told
    assert all(each[0] > 100 and each[1:] == (0, 0, 0) for each in others)
    assert "100% tests passed" in told and "no findings" in told
    assert re.search(r"^statestore +main +my-store +0\.1\.0 ", told, re.M), told[-6000:]
