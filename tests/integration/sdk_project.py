"""A project of somebody who has the C++ SDK installed: the one that sdk/cpp/README.md shows, made of the
blocks of that page."""
import re
from pathlib import Path

from harness.wire import SOURCE

FILES = {"cpp": "main.cpp", "proto": "counter.proto", "cmake": "CMakeLists.txt"}


def of_the_readme(folder: Path) -> Path:
    page = (SOURCE / "sdk" / "cpp" / "README.md").read_text()
    folder.mkdir()
    for language, name in FILES.items():
        found = re.findall(rf"^```{language}\n(.*?)^```", page, re.M | re.S)
        assert len(found) == 1, f"the README has {len(found)} blocks of {language}"
        (folder / name).write_text(found[0])
    return folder
