"""The .deb files of this build, without installing them: what is in them and what they ask for; and
unpacked into a folder, a kernel that runs from there, far from the build."""
import functools
import json
import os
import re
import shutil
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from bills import faults, linked
from harness.mesh import eventually
from harness.wire import BUILD, SOURCE
from shipped import ShippedKernel, clean_environment, run

sys.path.insert(2, str(SOURCE / "packaging" / "sbom"))

from licenses import expression, license_of, of_text  # noqa: E402

HEAVY = {"grpc": "libgrpc++1.51", "pubsub": "libgrpc++1.51", "kafka": "librdkafka1",
         "rabbitmq": "librabbitmq4", "postgres": "libpq5", "mysql": "libmariadb3",
         "mssql": "libodbc2"}
KEPT_OUT = set(HEAVY.values())  # libraries that no spawn-kernel may bring
EXPOSURE_MAX = 2.0              # of 10, as systemd-analyze security sees the unit


class Deb:
    def __init__(self, file, folder):
        self.file = file
        self.name = self.field("Package")
        self.folder = folder / self.name
        run(["dpkg-deb", "-R", file, self.folder])

    def field(self, name):
        return run(["dpkg-deb", "-f", self.file, name]).strip()

    def depends(self):
        return {each.split()[0] for each in self.field("Depends").split(",") if each.strip()}

    def files(self):
        return [file for file in self.folder.rglob("*")
                if file.is_file() and "DEBIAN" not in file.relative_to(self.folder).parts]

    def programs(self):
        return [file for file in self.files() if file.read_bytes()[:4] == b"\x7fELF"]

    def bill(self):
        file = self.folder / "usr/share/spawn/sbom" / f"{self.name}.spdx.json"
        return json.loads(file.read_text())


@pytest.fixture(scope="module")
def debs(packages, tmp_path_factory):
    folder = tmp_path_factory.mktemp("unpacked")
    made = [Deb(file, folder) for file in sorted(packages.glob("*.deb"))]
    return {each.name: each for each in made}


@pytest.fixture(scope="module")
def prefix(debs, tmp_path_factory):
    """All packages over each other, as on a machine that has them."""
    root = tmp_path_factory.mktemp("root")
    for each in debs.values():
        run(["dpkg-deb", "-x", each.file, root])
    return root


def needed(program):
    return set(re.findall(r"\(NEEDED\).*\[(.*)\]", run(["readelf", "-d", program])))


@functools.lru_cache(maxsize=None)
def _owners(libraries):
    # Exact names, with and without the /usr they may be known by: patterns take dpkg a second each.
    listed = re.findall(r"=> (/\S+)", run(["/sbin/ldconfig", "-p"]))
    asked = {path.removeprefix("/usr") for path in listed if Path(path).name in libraries}
    found = subprocess.run(["dpkg-query", "--search", *asked, *(f"/usr{each}" for each in asked)],
                           capture_output=True, text=True, check=False).stdout
    out = {each: set() for each in libraries}
    for line in found.splitlines():
        if not line.startswith("diversion"):
            out[line.rpartition("/")[2]].add(line.split(":")[0])
    return out


def owners_of_needed(debs):
    """Package to shared object it asks for to the Debian packages that have such a file."""
    asked = {each.name: {name for program in each.programs() for name in needed(program)}
             for each in debs.values()}
    found = _owners(frozenset().union(*asked.values()))
    return {name: {each: found[each] for each in sorted(asked[name])} for name in asked}


def test_there_is_a_package_for_the_kernel_each_heavy_plugin_and_authors(debs):
    built = {path.parent.parent.name for path in (BUILD / "plugins").glob("*/*/*/plugin.so")}
    heavy = {f"spawn-plugin-{name}" for name in HEAVY if name in built}
    sdk = {"spawn-sdk-dev"} if (BUILD / "sdk").exists() else set()
    assert set(debs) == {"spawn-kernel", "spawn-plugin-dev"} | sdk | heavy
    shipped = {str(file).split("lib/spawn/plugins/")[1] for each in debs.values()
               for file in each.programs() if file.name == "plugin.so"}
    # Native actors are somebody's own: those built here are examples and benchmarks.
    assert shipped == {str(file.relative_to(BUILD / "plugins"))
                       for file in (BUILD / "plugins").glob("*/*/*/plugin.so")
                       if file.relative_to(BUILD / "plugins").parts[0] != "actors"}


def test_no_file_is_in_two_packages(debs):
    names = [str(file.relative_to(each.folder)) for each in debs.values() for file in each.files()]
    assert sorted(set(names)) == sorted(names)


def test_programs_are_stripped_and_point_to_no_folder(debs):
    for program in [file for each in debs.values() for file in each.programs()]:
        assert not re.search(r"RPATH|RUNPATH", run(["readelf", "-d", program])), program
        assert ".debug_info" not in run(["readelf", "-SW", program]), program
    if "spawn-sdk-dev" in debs:
        library = debs["spawn-sdk-dev"].folder / "usr/lib/libspawn_sdk.a"
        assert ".debug_info" not in run(["readelf", "-SW", library])
        foreign = {name for name in run(["nm", "-C", library]).splitlines() if " boost::" in name}
        assert not foreign, "a program may use another Boost"


def test_what_is_linked_is_depended_on(debs):
    needs = owners_of_needed(debs)
    for each in debs.values():
        for library, owners in needs[each.name].items():
            # A virtual package may stand for the real one: libspdlog1.10-fmt9.
            assert any(d == o or d.startswith(f"{o}-") for d in each.depends() for o in owners), \
                f"{each.name} needs {library} of {owners}, but depends on {each.depends()}"


def test_heavy_libraries_come_with_their_plugin_alone(debs):
    assert not debs["spawn-kernel"].depends() & KEPT_OUT
    for name, library in HEAVY.items():
        if f"spawn-plugin-{name}" in debs:
            each = debs[f"spawn-plugin-{name}"]
            assert library in each.depends() and "spawn-kernel" in each.depends()
            assert f"spawn-kernel (= {each.field('Version')})" in each.field("Depends")


def test_each_plugin_has_its_manifest_beside_it(debs):
    for each in debs.values():
        for plugin in [file for file in each.programs() if file.name == "plugin.so"]:
            manifest = plugin.with_name("manifest.json").read_text().strip()
            kind, name, version = plugin.parts[-4:-1]
            said = json.loads(manifest)
            assert (said["kind"], said["name"], said["version"]) == (kind, name, version)
            assert manifest.encode() in plugin.read_bytes(), f"{plugin} says something else"


def test_the_configuration_belongs_to_the_operator(debs):
    kernel = debs["spawn-kernel"].folder
    assert (kernel / "DEBIAN/conffiles").read_text().split() == ["/etc/spawn/spawn.yaml"]
    text = (kernel / "etc/spawn/spawn.yaml").read_text()
    assert "/var/lib/spawn/spawn.db" in text and "address: 0.0.0.0" not in text
    for script in ("postinst", "prerm", "postrm"):
        run(["sh", "-n", kernel / "DEBIAN" / script])
        assert os.access(kernel / "DEBIAN" / script, os.X_OK)
    for file in [file for each in debs.values() for file in each.files()]:
        assert not file.stat().st_mode & (stat.S_ISUID | stat.S_ISGID | stat.S_IWOTH), file


def test_the_unit_is_good_and_shut_in(debs, tmp_path):
    unit = (debs["spawn-kernel"].folder / "usr/lib/systemd/system/spawn-kernel.service").read_text()
    assert "ExecStart=/usr/bin/spawnd --config /etc/spawn/spawn.yaml\n" in unit
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    here = tmp_path / "spawn-kernel.service"
    here.write_text(unit.replace("/usr/bin/spawnd", "/bin/true"))  # which is not installed
    assert run(["systemd-analyze", "verify", "--man=no", here]) == ""
    told = run(["systemd-analyze", "security", "--offline=true", here])
    score = float(re.search(r"exposure level for .*: ([\d.]+)", told).group(1))
    assert score <= EXPOSURE_MAX, told


def test_the_bills_of_materials_hold(debs):
    needs = owners_of_needed(debs)
    for each in debs.values():
        bill = each.bill()
        assert faults(bill) == [], each.name
        versions = {package["name"]: package["versionInfo"] for package in bill["packages"]}
        assert versions[each.name] == each.field("Version")
        for library, owners in needs[each.name].items():
            assert owners & linked(bill), f"{each.name}: {library} of {owners} is not in its bill"
        for name in linked(bill):
            known = run(["dpkg-query", "-W", "-f", "${Version}", name])
            assert versions[name] == known, name
        compiled_in = "libprotobuf-dev" if each.name == "spawn-sdk-dev" else "nlohmann-json3-dev"
        assert compiled_in in linked(bill, ["STATIC_LINK"])


def test_a_wrong_bill_is_noticed(debs):
    good = debs["spawn-kernel"].bill()

    def spoilt(change):
        bill = json.loads(json.dumps(good))
        change(bill)
        return faults(bill)

    assert spoilt(lambda bill: bill.pop("creationInfo"))
    assert spoilt(lambda bill: bill["packages"].append(bill["packages"][0]))
    assert spoilt(lambda bill: bill["packages"].pop())
    assert spoilt(lambda bill: bill["packages"][1].update(licenseDeclared="a bit of GPL"))
    assert spoilt(lambda bill: bill["packages"][1].update(SPDXID="SPDXRef-a b"))
    assert spoilt(lambda bill: bill["relationships"].pop())


def test_licences_are_read_and_never_guessed():
    assert expression("Expat") == "MIT"
    assert expression("GPL-2+ or Expat") == "GPL-2.0-or-later OR MIT"
    assert expression("LGPL-2.1, BSD-3-clause") == "NOASSERTION"  # and, or?
    assert expression("Expat and something-else") == "NOASSERTION"
    head = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\n"
    assert of_text(head + "Files: *\nCopyright: x\nLicense: Zlib\n") == "Zlib"
    assert of_text(head + "Files: debian/*\nLicense: Zlib\n") == "NOASSERTION"
    assert of_text("This is free software.\nLicense: Zlib\n") == "NOASSERTION"
    assert license_of("no-such-package") == "NOASSERTION"


@pytest.fixture
def kernel(prefix, tmp_path):
    """The unpacked kernel on its own configuration, but for the database and a short farewell."""
    made = ShippedKernel()
    config = (prefix / "etc/spawn/spawn.yaml").read_text()
    config = config.replace("/var/lib/spawn/spawn.db", str(tmp_path / "spawn.db"))
    config = config.replace("# drain_ms: 30000", "drain_ms: 1000")
    assert "  drain_ms: 1000\n" in config
    file = tmp_path / "spawn.yaml"
    file.write_text(config + f"admin: {{address: {tmp_path}/admin.sock}}\n")
    made.command = [prefix / "usr/bin/spawnd", "--config", file]
    made.env = clean_environment(SPAWN_PLUGIN_STORE=str(tmp_path / "store"), **made.variables())
    made.ctl = [prefix / "usr/bin/spawnctl", "--admin", tmp_path / "admin.sock"]
    yield made
    made.dispose()


def test_it_runs_from_where_it_was_unpacked(kernel, prefix, tmp_path):
    run([*kernel.ctl, "health"], env=kernel.env, code=4)
    kernel.start(kernel.command, kernel.env, tmp_path)
    kernel.call_an_actor()
    assert run([*kernel.ctl, "health"], env=kernel.env).strip() == "ready"
    maps = Path(f"/proc/{kernel.process.pid}/maps").read_text()
    assert str(tmp_path / "store") in maps and str(BUILD) not in maps
    kernel.stop()
    kernel.start(kernel.command, kernel.env, tmp_path)
    assert kernel.count() == 3
    kernel.stop()


def test_every_plugin_is_whole(prefix):
    for plugin in sorted(prefix.glob("usr/lib/spawn/plugins/*/*/*/plugin.so")):
        told = run([prefix / "usr/bin/spawnctl", "plugins", "lint", plugin])
        assert "\nerror" not in told, told
        # All symbols and libraries are there: the loader itself says so.
        assert "not found" not in run(["ldd", "-r", plugin]), plugin


def test_it_tells_systemd_how_far_it_is(kernel, tmp_path):
    heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    heard.bind(str(tmp_path / "notify"))
    heard.settimeout(10)
    kernel.start(kernel.command, kernel.env | {"NOTIFY_SOCKET": str(tmp_path / "notify")}, tmp_path)
    assert heard.recv(100) == b"READY=1"
    kernel.stop()
    assert heard.recv(100) == b"STOPPING=1"
    heard.close()


def test_a_service_manager_that_is_gone_stops_nothing(kernel, tmp_path):
    kernel.start(kernel.command, kernel.env | {"NOTIFY_SOCKET": str(tmp_path / "nobody")}, tmp_path)
    eventually(lambda: "the service manager was not told" in kernel.tail(), 5, "it warns")
    kernel.stop()


def test_a_plugin_is_written_with_the_kit(prefix, tmp_path):
    """docs/plugin-guide.md, in C, which compiles fastest; with nothing but the packages."""
    folder = tmp_path / "my-store"
    env = clean_environment(CMAKE_PREFIX_PATH=str(prefix / "usr"),
                            PATH=f"{prefix / 'usr/bin'}:{os.environ['PATH']}")
    run([prefix / "usr/bin/spawnctl", "plugins", "new", "--kind", "statestore", "--lang", "c",
         "my-store", "--dir", folder], env=env)
    told = run([folder / ".ci" / "run"], cwd=folder, env=env)  # builds, tests, and runs the checker
    assert "100% tests passed" in told and " 0 failed" in told, told
