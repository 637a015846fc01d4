"""As somebody who has only the .deb files: a fresh Debian, apt, the service's own command, an actor;
then docs/plugin-guide.md with spawn-plugin-dev, to a kernel that runs the plugin, and sdk/cpp/README.md
with spawn-sdk-dev, to an actor that answers."""
import shutil
import subprocess
from pathlib import Path

import pytest
from debian_root import base, within
from harness.mesh import eventually
from harness.wire import text
from sdk_project import of_the_readme
from shipped import ShippedKernel, run

APT_SECONDS = 900
# What the unit sets; there is no systemd in a chroot.
SERVICE = {"HOME": "/var/lib/spawn"}


class Machine:
    """The Debian. Everything in it is gone with the folder."""

    def __init__(self, root, packages):
        self.root = root
        run(["tar", "--extract", "--file", base(), "--directory", root, "--exclude", "./dev/*"])
        shutil.copy("/etc/resolv.conf", root / "etc" / "resolv.conf")
        (root / "debs").mkdir()
        for file in packages.glob("*.deb"):
            shutil.copy(file, root / "debs")

    def run(self, *command, user="0:0", seconds=240, **env):
        return run(within(self.root, command, env, user=user), seconds=seconds)

    def install(self, *names):
        return self.run("apt-get", "install", "-y", "-qq", "--no-install-recommends", *names,
                        seconds=APT_SECONDS, DEBIAN_FRONTEND="noninteractive")

    def id_of(self, user):
        for line in (self.root / "etc" / "passwd").read_text().splitlines():
            name, _, uid, gid, *_ = line.split(":")
            if name == user:
                return f"{uid}:{gid}"
        raise AssertionError(f"there is no user {user}")


@pytest.fixture(scope="module")
def machine(packages, tmp_path_factory):
    made = Machine(tmp_path_factory.mktemp("machine"), packages)
    try:
        made.run("apt-get", "update", "-qq", seconds=APT_SECONDS)
    except AssertionError as why:
        pytest.skip(f"no packages' mirror from here: {str(why)[-300:]}")
    yield made
    shutil.rmtree(made.root, ignore_errors=True)


@pytest.fixture
def kernel():
    made = ShippedKernel()
    yield made
    made.dispose()


def start(machine, kernel, config, user="spawn", cwd="/var/lib/spawn", **env):
    command = ["/bin/sh", "-c", 'cd "$1" && exec /usr/bin/spawnd --config "$2"', "service", cwd, config]
    kernel.start(within(machine.root, command, SERVICE | kernel.variables() | env,
                        user=machine.id_of(user)))


def test_apt_installs_the_kernel_and_the_service_runs(machine, kernel):
    machine.install("/debs/" + next((machine.root / "debs").glob("spawn-kernel_*.deb")).name)
    folder = machine.root / "var/lib/spawn"
    uid, gid = (int(each) for each in machine.id_of("spawn").split(":"))
    assert (folder.stat().st_uid, folder.stat().st_gid) == (uid, gid) and uid != 0
    assert folder.stat().st_mode & 0o777 == 0o700
    # RuntimeDirectory= of the unit.
    machine.run("install", "-d", "-o", "spawn", "-g", "spawn", "-m", "0700", "/run/spawn")
    start(machine, kernel, "/etc/spawn/spawn.yaml")
    kernel.call_an_actor()
    assert machine.run("spawnctl", "health").strip() == "ready"
    assert "sqlite" in machine.run("spawnctl", "plugins", "list")
    kernel.stop()
    start(machine, kernel, "/etc/spawn/spawn.yaml")
    assert kernel.count() == 3
    kernel.stop()


def test_all_plugin_packages_install_beside_it(machine):
    files = sorted((machine.root / "debs").glob("spawn-plugin-[!d]*.deb"))
    machine.install(*(f"/debs/{file.name}" for file in files))
    plugins = sorted((machine.root / "usr/lib/spawn/plugins").glob("*/*/*/plugin.so"))
    assert len(plugins) >= len(files) + 10
    for plugin in plugins:
        inside = "/" + str(plugin.relative_to(machine.root))
        assert "not found" not in machine.run("ldd", inside)
        assert "\nerror" not in machine.run("spawnctl", "plugins", "lint", inside)


def test_a_plugin_from_nothing_to_a_kernel_that_runs_it(machine, kernel):
    dev = next((machine.root / "debs").glob("spawn-plugin-dev_*.deb")).name
    machine.install("/debs/" + dev, "cmake", "make", "gcc", "g++", "libc6-dev")
    machine.run("useradd", "--create-home", "author")
    author = machine.id_of("author")
    machine.run("sh", "-ec", "cd /home/author && spawnctl plugins new --kind statestore --lang c my-store"
                " && cd my-store && .ci/run", user=author, HOME="/home/author")
    plugin = "/home/author/my-store/build/plugins/statestore/my-store/0.1.0/plugin.so"
    assert "no findings" in machine.run("spawnctl", "plugins", "lint", plugin)
    assert " 0 failed" in machine.run("spawn-plugin-check", plugin, user=author)
    config = Path(machine.root / "home/author/spawn.yaml")
    config.write_text("plugins: {path: [my-store/build/plugins, /usr/lib/spawn/plugins]}\n"
                      "statestores: {main: {use: my-store, config: {max_records: 1000}}}\n"
                      "durability: {allow_volatile: true}\n"
                      "admin: {address: /home/author/admin.sock}\n")
    start(machine, kernel, "/home/author/spawn.yaml", user="author", cwd="/home/author",
          HOME="/home/author")
    kernel.call_an_actor()
    told = machine.run("spawnctl", "--admin", "/home/author/admin.sock", "plugins", "list")
    assert "my-store" in told and "sqlite" not in told
    kernel.stop()


def test_an_actor_host_from_nothing(machine, kernel):
    """The project of the SDK's README, beside the installed kernel."""
    of_the_readme(machine.root / "home/author/my-actors")
    machine.install("/debs/" + next((machine.root / "debs").glob("spawn-sdk-dev_*.deb")).name)
    author = machine.id_of("author")
    machine.run("chown", "-R", author, "/home/author/my-actors")
    machine.run("sh", "-ec", "cd /home/author/my-actors && cmake -B build && cmake --build build",
                user=author, HOME="/home/author")
    start(machine, kernel, "/home/author/spawn.yaml", user="author", cwd="/home/author",
          HOME="/home/author")
    kernel.host.stop()  # its port is the program's
    program = subprocess.Popen(within(machine.root, ["/home/author/my-actors/build/my-actors"],
                                      kernel.variables(), user=author))
    try:
        eventually(lambda: kernel.client.invoke("counter", "Get").ok, seconds=20, what="registered")
        two = text(b"\x08\x02", "type.googleapis.com/counter.AddRequest")
        assert kernel.client.invoke("counter", "Add", two).expect_ok().message.value.value == b"\x08\x02"
    finally:
        program.terminate()
        program.wait(20)
    kernel.stop()


def test_removing_takes_all_but_the_states(machine):
    machine.run("sh", "-c", "dpkg --purge $(dpkg-query -W -f '${Package} ' 'spawn-*')")
    assert (machine.root / "var/lib/spawn/spawn.db").exists()
    left = [str(each.relative_to(machine.root)) for top in ("usr", "etc")
            for each in (machine.root / top).rglob("spawn*")]
    assert left == ["usr/include/spawn.h"]  # of the C library
