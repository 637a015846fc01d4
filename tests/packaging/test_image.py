"""The images by packaging/container/build: their size and configuration; then run as a container
runtime would: a read-only root, one writable folder, the image's user, its entry point.

SPAWN_IMAGES names those that are made (minimal,full).
"""
import json
import os
import re
import shutil
import tarfile
from pathlib import Path

import pytest
from bills import faults, linked
from debian_root import base, need, within
from harness.wire import SOURCE
from shipped import ShippedKernel, run

BUILD_SECONDS = 900
MEGABYTE = 1_000_000
LARGEST = {"full": 150 * MEGABYTE, "minimal": 60 * MEGABYTE}  # compressed
IMAGES = os.environ.get("SPAWN_IMAGES", "minimal,full").split(",")
DOCKERFILE = SOURCE / "packaging" / "container" / "Dockerfile"


class Image:
    """An OCI archive, and its layers laid over each other in a folder."""

    def __init__(self, archive, folder):
        self.archive = tarfile.open(archive)
        (manifest,) = self.document("index.json")["manifests"]
        self.manifest = self.blob(manifest["digest"])
        self.config = self.blob(self.manifest["config"]["digest"])
        self.run = self.config["config"]
        self.compressed = sum(layer["size"] for layer in self.manifest["layers"])
        self.root = folder
        for layer in self.manifest["layers"]:
            self._lay(layer["digest"])

    def document(self, name):
        return json.load(self.archive.extractfile(name))

    def blob(self, digest):
        return self.document("blobs/" + digest.replace(":", "/"))

    def _lay(self, digest):
        file = self.root / "layer.tar"
        with open(file, "wb") as out:
            shutil.copyfileobj(self.archive.extractfile("blobs/" + digest.replace(":", "/")), out)
        names = run(["tar", "--list", "--file", file], seconds=600).splitlines()
        for name in names:
            path = self.root / name
            if path.name.startswith(".wh."):
                gone = path.with_name(path.name.removeprefix(".wh."))
                shutil.rmtree(gone, ignore_errors=True) if gone.is_dir() else gone.unlink(True)
        run(["tar", "--extract", "--file", file, "--directory", self.root, "--exclude", ".wh.*",
             "--exclude", "./dev/*", "--exclude", "dev/*"], seconds=600)
        file.unlink()

    def environment(self):
        return dict(each.split("=", 1) for each in self.run["Env"])


@pytest.fixture(scope="module", params=IMAGES)
def image(request, packages, tmp_path_factory):
    need("buildah", "unshare", "chroot")
    base()
    folder = tmp_path_factory.mktemp(request.param)
    archive = folder / "image.tar"
    run([SOURCE / "packaging" / "container" / "build", "--target", request.param,
         "--packages", packages, archive], seconds=BUILD_SECONDS)
    (folder / "root").mkdir()
    made = Image(archive, folder / "root")
    made.name = request.param
    archive.unlink()
    yield made
    shutil.rmtree(folder, ignore_errors=True)


def test_it_is_small(image):
    print(f"\n{image.name}: {image.compressed / MEGABYTE:.1f} MB compressed")
    assert image.compressed < LARGEST[image.name]


def test_it_says_how_it_is_run(image):
    user, group = image.run["User"].split(":")
    assert int(user) > 0 and int(group) > 0, "a number, so that an orchestrator sees it is not root"
    assert image.run["Entrypoint"] == ["/usr/bin/spawnd"]
    assert image.run["Volumes"] == {"/var/lib/spawn": {}}
    assert "9001/tcp" in image.run["ExposedPorts"]
    text = DOCKERFILE.read_text()
    # OCI's format has no health check; docker's has the Dockerfile's.
    for stage in re.split(r"^FROM ", text, flags=re.M)[-2:]:
        check = re.search(r"^HEALTHCHECK .* CMD (\[.*\])$", stage, re.M)
        assert json.loads(check.group(1)) == ["/usr/bin/spawnctl", "health"]


def test_it_has_what_its_name_says(image):
    found = {"/".join(file.parts[-4:-2])
             for file in (image.root / "usr/lib/spawn/plugins").glob("*/*/*/plugin.so")}
    light = {"statestore/sqlite", "transport/nats", "workflow/saga", "workflow/forward"}
    heavy = {"activator/kafka", "activator/rabbitmq", "activator/pubsub", "activator/grpc",
             "statestore/postgres", "statestore/mysql", "statestore/mssql"}
    assert light <= found
    assert heavy <= found if image.name == "full" else not heavy & found
    assert not list((image.root / "var/lib/apt/lists").glob("*_Packages"))
    assert not (image.root / "usr/bin/gcc").exists() and not (image.root / "usr/bin/python3").exists()


def test_its_bill_has_every_package_in_it(image):
    bill = json.loads((image.root / "usr/share/spawn/sbom/image.spdx.json").read_text())
    assert faults(bill) == []
    status = (image.root / "var/lib/dpkg/status").read_text()
    installed = {re.search(r"^Package: (.*)$", each, re.M).group(1)
                 for each in status.split("\n\n") if "\nStatus: install ok installed\n" in each}
    assert linked(bill, ["CONTAINS"]) == installed and "spawn-kernel" in installed


def test_it_runs_with_a_read_only_root_and_calls_an_actor(image, tmp_path):
    user = image.run["User"]
    disk = tmp_path / "disk"
    disk.mkdir(mode=0o700)
    os.chown(disk, *(int(each) for each in user.split(":")))
    (image.root / "proc").mkdir(exist_ok=True)
    (image.root / "dev").mkdir(exist_ok=True)

    def inside(*command, **env):
        return within(image.root, command, image.environment() | env, writable=False, disk=disk,
                      user=user)

    assert "Read-only" in run(inside("/bin/sh", "-c", "touch /etc/x /usr/x /tmp/x"), code=1)
    run(inside("/usr/bin/spawnctl", "health"), code=4)
    kernel = ShippedKernel()
    try:
        for expected in (0, 3):
            kernel.start(inside(*image.run["Entrypoint"], **kernel.variables()))
            status = Path(f"/proc/{kernel.process.pid}/status").read_text()
            assert f"\nUid:\t{user.split(':')[0]}\t" in status
            assert run(inside("/usr/bin/spawnctl", "health")).strip() == "ready"
            if expected == 0:
                kernel.call_an_actor()
            else:
                assert kernel.count() == expected
            kernel.stop()
    finally:
        kernel.dispose()
    assert (disk / "spawn.db").exists()
