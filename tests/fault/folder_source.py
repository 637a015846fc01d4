"""The sample activator (tests/fixtures/activators) seen from its other end: a broker made of files."""
import itertools
import os
import tempfile
from pathlib import Path

from harness.kernel import merge
from harness.wire import BUILD

PLUGIN = BUILD / "fixture_activators" / "sample_source" / "plugin.so"


def _packed(*texts) -> bytes:
    return b"".join(f"{len(each)}\n".encode() + each
                    for each in (t if isinstance(t, bytes) else str(t).encode() for t in texts))


def _unpacked(data: bytes) -> list:
    out = []
    while data:
        size, _, rest = data.partition(b"\n")
        out.append(rest[:int(size)])
        data = rest[int(size):]
    return out


class FolderSource:
    """publish() is the broker's confirm: what it returned from is there until it is acknowledged."""

    def __init__(self, name="orders", **config):
        self.root = Path(tempfile.mkdtemp(prefix="spawn-source-"))
        for place in ("queue", "dead", "attempts", "sink", "new"):
            (self.root / place).mkdir()
        self._plugins = Path(tempfile.mkdtemp(prefix="spawn-plugins-"))
        version = self._plugins / "activator" / "sample_source" / "1.0.0"
        version.mkdir(parents=True)
        (version / "plugin.so").symlink_to(PLUGIN)
        self.name = name
        self._config = config
        self._numbers = itertools.count(1)

    def config(self, *more, **keys) -> dict:
        """Of a kernel: this source as its activator, with those keys, over other configuration."""
        out = {"plugins": {"path": [str(BUILD / "plugins"), str(self._plugins)]},
               "activators": [{"name": self.name, "use": "sample_source",
                               "config": {"folder": str(self.root)} | self._config,
                               "retry": {"first_ms": 20, "max_ms": 100}} | keys]}
        for each in more:
            out = merge(out, each)
        return out

    def publish(self, body="", key="", id="", content_type="application/json", **headers) -> int:
        number = next(self._numbers)
        flat = [text for pair in headers.items() for text in pair]
        fresh = self.root / "new" / f"{number:08}"
        fresh.write_bytes(_packed(key, id, content_type, body, len(headers), *flat))
        os.rename(fresh, self.root / "queue" / f"{number:08}")
        return number

    def waiting(self) -> list:
        """Numbers of what is not acknowledged."""
        return sorted(int(each.name) for each in (self.root / "queue").iterdir())

    def dead(self) -> list:
        return sorted(int(each.name) for each in (self.root / "dead").iterdir())

    def attempts(self, number: int) -> int:
        return int((self.root / "attempts" / f"{number:08}").read_text())

    def published(self, destination: str) -> list:
        """(key, id, content type, body, headers) of what came to the sink, in order."""
        folder = self.root / "sink" / destination
        out = []
        for each in sorted(folder.iterdir()) if folder.is_dir() else ():
            key, id, kind, body, _, *flat = [text for text in _unpacked(each.read_bytes())]
            out.append((key.decode(), id.decode(), kind.decode(), body,
                        {k.decode(): v.decode() for k, v in zip(flat[::2], flat[1::2])}))
        return out

    def leave(self):
        """The broker is away: nothing of it answers."""
        self.root.rename(self.root.with_name(self.root.name + ".away"))

    def come_back(self):
        self.root.with_name(self.root.name + ".away").rename(self.root)
