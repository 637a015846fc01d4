"""tools/check_includes.py finds what it is there for: each planted wrong include, and nothing else."""
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(os.environ.get("SPAWN_SOURCE_DIR", Path(__file__).resolve().parents[3]))

GOOD = {
    "kernel/base/hash.hpp": "#include <cstdint>\n",
    "kernel/lane/lane.hpp": '#include "base/hash.hpp"\n',
    "kernel/lane/asio_lane.hpp": "#include <boost/asio/io_context.hpp>\n",
    "kernel/plugin/manager.hpp": '#include "spawn/plugin/abi.h"\n',
    "kernel/plugin/ports/op.hpp": '#include "lane/lane.hpp"\n',
    "kernel/cell/cell.hpp": '#include "plugin/ports/op.hpp"\n',
    "kernel/ingress/http_server.hpp": '#include "cell/cell.hpp"\n',
    "kernel/config/yaml_tree.cpp": "#include <yaml-cpp/yaml.h>\n#include <nlohmann/json.hpp>\n",
    "plugins/statestores/x/x.cpp": '#include "hash.hpp"\n',
    "plugins/statestores/x/hash.hpp": "",
}


def run(root, files):
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return subprocess.run([sys.executable, str(ROOT / "tools/check_includes.py"), str(root)],
                          capture_output=True, text=True, check=False)


def test_a_good_tree_has_no_faults(tmp_path):
    ended = run(tmp_path, GOOD)
    assert ended.returncode == 0, ended.stdout


@pytest.mark.parametrize("name, text, told", [
    ("kernel/base/bad.hpp", '#include "lane/lane.hpp"', "kernel/base must not see kernel/lane"),
    ("kernel/cell/bad.cpp", '#include "ingress/http_server.hpp"', "must not see kernel/ingress"),
    ("kernel/cell/bad.cpp", '#include "plugin/manager.hpp"', "must not see kernel/plugin;"),
    ("kernel/config/bad.cpp", '#include "lane/lane.hpp"', "kernel/config must not see"),
    ("kernel/cell/bad.cpp", "#include <boost/asio/post.hpp>", "event loops"),
    ("kernel/app/bad.cpp", "#include <yaml-cpp/yaml.h>", "YAML"),
    ("kernel/admin/bad.hpp", "#include <nlohmann/json.hpp>", "not in headers"),
    ("kernel/plugin/bad.cpp", "#include <boost/dll.hpp>", "opened in one place"),
    ("kernel/router/bad.cpp", '#include "spawn/plugin/abi.h"', "plugin/ports"),
    ("kernel/new/bad.cpp", "#include <vector>", "has no layer yet"),
    ("plugins/statestores/x/bad.cpp", '#include "base/hash.hpp"', "must not include kernel/"),
    ("plugins/statestores/x/bad.cpp", '#include "../../../kernel/base/hash.hpp"', "must not"),
    ("sdk/cpp/bad.cpp", '#  include "base/hash.hpp"', "must not include kernel/"),
])
def test_a_planted_wrong_include_is_found(tmp_path, name, text, told):
    ended = run(tmp_path, GOOD | {name: f"// first line\n{text}\n"})
    assert ended.returncode == 1
    lines = ended.stdout.splitlines()
    assert len(lines) == 1 and lines[0].startswith(f"{name}:2: ") and told in lines[0], lines
