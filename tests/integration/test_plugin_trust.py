"""Signed plugins: a kernel with require_signed, every refusal in it, the verbs of spawnctl, and
minisign itself in both directions where it is installed."""
import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest
from harness.kernel import Kernel
from harness.wire import BUILD
from tools import SPAWNCTL, ask, ctl

MINISIGN = shutil.which("minisign")
needs_minisign = pytest.mark.skipif(MINISIGN is None, reason="minisign is not installed")
# What the password of a key costs minisign and us: 1 GiB each time.
needs_memory = pytest.mark.skipif(
    int(next(line for line in Path("/proc/meminfo").read_text().splitlines()
             if line.startswith("MemAvailable")).split()[1]) < 2_500_000,
    reason="less than 2.5 GB of memory are free")
USED = ("statestore/memory", "transport/memory", "workflow/forward")


class Pair:
    """A key pair in a folder; the secret half has no password."""

    def __init__(self, folder, name):
        self.public, self.secret = folder / f"{name}.pub", folder / f"{name}.key"
        told = ctl("--json", "plugins", "keygen", "--no-password", "-p", str(self.public), "-s",
                   str(self.secret)).ok().json
        self.id, self.line = told["key"], told["public"]

    def sign(self, *files, comment="by the test", more=()):
        ctl("plugins", "sign", "-s", str(self.secret), "--comment", comment, *more,
            *map(str, files)).ok()


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keys")
    return Pair(folder, "owner"), Pair(folder, "stranger")


@pytest.fixture
def plugins(tmp_path, keys):
    """A folder with the plugins a kernel needs, signed by the owner."""
    folder = tmp_path / "plugins"
    for name in USED:
        (file,) = (BUILD / "plugins" / name).glob("*/plugin.so")
        to = folder / name / file.parent.name / "plugin.so"
        to.parent.mkdir(parents=True)
        to.symlink_to(file)
    keys[0].sign(*folder.glob("*/*/*/plugin.so"))
    return folder


@pytest.fixture
def kernel(plugins, keys):
    made = []

    def make(required=True, trusted=None):
        trusted = [keys[0].line] if trusted is None else trusted
        config = {"plugins": {"path": [str(plugins)], "require_signed": required,
                              "trusted_keys": trusted},
                  "statestores": {"main": None, "m": {"use": "memory"}},
                  "workflows": ["forward"], "durability": {"allow_volatile": True}}
        made.append(Kernel(1, config))
        return made[-1]

    yield make
    for one in made:
        one.dispose()


def refused(kernel):
    """The log of a kernel that has to end while it starts."""
    kernel.launch()
    assert kernel.wait_exit() != 0, kernel.tail()
    return "".join(kernel.log)


def admin(kernel):
    return kernel.config["admin"]["address"]


def the_store(plugins):
    (file,) = plugins.glob("statestore/memory/*/plugin.so")
    return file, Path(f"{file}.minisig")


def own_copy(file):
    """The file itself in place of the link to the build's."""
    real = file.resolve()
    file.unlink()
    shutil.copyfile(real, file)


# --- the kernel -------------------------------------------------------------------------------
def test_a_kernel_that_wants_signatures_runs_what_is_signed(kernel, keys):
    one = kernel(trusted=[str(keys[0].public)]).start()
    told = ctl("--json", "plugins", "list", admin=admin(one)).ok().json["plugins"]
    assert len(told) == 3
    for each in told:
        assert each["signature"] == {"key": keys[0].id, "trusted": True,
                                     "trusted_comment": "by the test"}
    assert ctl("plugins", "list", admin=admin(one)).ok().out.count(keys[0].id) == 3
    shown = ctl("--json", "config", "show", admin=admin(one)).ok().json["plugins"]
    assert shown["require_signed"] is True and shown["trusted_keys"] == [keys[0].line]
    signed = [line for line in one.log if "the plugin is signed" in line]
    assert len(signed) == 3 and all(keys[0].id in line for line in signed), one.tail()
    assert one.stop() == 0


def unsigned(plugins, keys):
    the_store(plugins)[1].unlink()


def by_a_stranger(plugins, keys):
    keys[1].sign(the_store(plugins)[0])


def tampered(plugins, keys):
    file = the_store(plugins)[0]
    own_copy(file)
    with file.open("r+b") as inside:
        inside.seek(file.stat().st_size // 2)
        byte = inside.read(1)[0]
        inside.seek(-1, os.SEEK_CUR)
        inside.write(bytes([byte ^ 1]))


def swapped(plugins, keys):
    (other,) = plugins.glob("transport/memory/*/plugin.so.minisig")
    shutil.copyfile(other, the_store(plugins)[1])


def comment_altered(plugins, keys):
    signature = the_store(plugins)[1]
    signature.write_text(signature.read_text().replace("by the test", "by the boss"))


def no_signature_at_all(plugins, keys):
    the_store(plugins)[1].write_text("trust me\n")


REFUSALS = [(unsigned, "it is not signed: there is no {signature}", True),
            (by_a_stranger, "it is signed with the unknown key {stranger}; plugins.trusted_keys "
                            "has: {owner}", True),
            (tampered, "the file was changed after it was signed", False),
            (swapped, "the signature belongs to another file", False),
            (comment_altered, "the trusted comment was altered", False),
            (no_signature_at_all, "{signature} is not a signature", False)]


@pytest.mark.parametrize("spoil, words, only_where_required", REFUSALS,
                         ids=[each[0].__name__ for each in REFUSALS])
def test_a_refusal_names_file_cause_and_remedy(plugins, keys, kernel, spoil, words,
                                               only_where_required):
    spoil(plugins, keys)
    file, signature = the_store(plugins)
    names = {"signature": signature, "owner": keys[0].id, "stranger": keys[1].id}
    made = kernel(required=True)
    told = refused(made)
    assert f"{file} refused at signature: " in told and words.format(**names) in told, told
    assert "plugins sign" in told or "public half" in told, told
    checked = ctl("config", "check", str(made.folder / "spawn.yaml"))
    assert checked.code == 3 and words.format(**names) in checked.err, checked.err
    if only_where_required:
        one = kernel(required=False).start()
        shown = ctl("plugins", "list", admin=admin(one)).ok().out
        assert ("(not checked)" in shown) == (spoil is by_a_stranger), shown
        assert one.stop() == 0
    else:
        assert words.format(**names) in refused(kernel(required=False))


def test_a_key_that_is_none_is_an_error_of_the_configuration(kernel):
    told = refused(kernel(trusted=["missing.pub"]))
    assert "plugins.trusted_keys.0: neither a public key" in told and "missing.pub" in told, told
    assert "plugins.require_signed: needs plugins.trusted_keys" in refused(kernel(trusted=[]))


# --- spawnctl ---------------------------------------------------------------------------------
def test_verify_and_inspect_say_who_signed(plugins, keys, tmp_path):
    owner, stranger = keys
    file, signature = the_store(plugins)
    good = ctl("plugins", "verify", "-k", owner.line, str(file)).ok().out
    assert owner.id in good and "by the test" in good
    config = tmp_path / "spawn.yaml"
    config.write_text(f"plugins: {{trusted_keys: [{owner.public}]}}\n")
    told = ctl("--json", "plugins", "verify", "-c", str(config), str(file)).ok().json
    assert told["files"] == [{"file": str(file), "good": True, "key": owner.id,
                              "trusted_comment": "by the test"}]
    other = ctl("plugins", "verify", "-k", str(stranger.public), str(file))
    assert other.code == 1 and f"unknown key {owner.id}" in other.err
    assert ctl("plugins", "verify", str(file)).code == 2
    assert f"by {owner.id}, not checked" in ctl("plugins", "inspect", str(file)).ok().out
    shown = ctl("--json", "plugins", "inspect", "-k", owner.line, str(file)).ok().json
    assert shown["name"] == "memory" and shown["signature"]["state"] == "good"
    comment_altered(plugins, keys)
    bad = ctl("plugins", "inspect", "-k", owner.line, str(file))
    assert bad.code == 1 and "BAD" in bad.out and "comment was altered" in bad.out
    assert ctl("plugins", "verify", "-k", owner.line, str(file)).code == 1
    signature.unlink()
    gone = ctl("plugins", "verify", "-k", owner.line, str(file))
    assert gone.code == 1 and gone.err == f"spawnctl: {file}: there is no {signature}\n", gone.err
    assert ctl("--json", "plugins", "inspect", str(file)).ok().json["signature"] is None


def test_key_files_are_kept(tmp_path):
    pair = Pair(tmp_path, "k")
    assert stat.S_IMODE(pair.secret.stat().st_mode) == 0o600
    before = pair.secret.read_bytes()
    again = ctl("plugins", "keygen", "--no-password", "-p", str(tmp_path / "new.pub"), "-s",
                str(pair.secret))
    assert again.code == 1 and "there is one already" in again.err
    assert pair.secret.read_bytes() == before and not (tmp_path / "new.pub").exists()
    pair.secret.chmod(0o644)
    file = tmp_path / "f"
    file.write_text("x")
    open_key = ctl("plugins", "sign", "-s", str(pair.secret), str(file))
    assert open_key.code == 1 and "others may read; chmod 600" in open_key.err
    assert not Path(f"{file}.minisig").exists()
    missing = ctl("plugins", "sign", "-s", str(tmp_path / "no.key"), str(file))
    assert missing.code == 1 and "no.key" in missing.err


# --- minisign itself --------------------------------------------------------------------------
def run(*command, said=""):
    done = subprocess.run([str(each) for each in command], input=said, text=True, timeout=120,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return done.returncode, done.stdout


def run_ok(*command, said=""):
    code, told = run(*command, said=said)
    assert code == 0, f"{command}: {code}\n{told}"
    return told


@needs_minisign
def test_minisign_accepts_what_spawnctl_signs(tmp_path):
    pair = Pair(tmp_path, "ours")
    file = tmp_path / "plugin.so"
    file.write_bytes(os.urandom(100_000))
    for more in ((), ("--legacy",)):
        pair.sign(file, comment="two words", more=more)
        told = run_ok(MINISIGN, "-V", "-p", pair.public, "-m", file)
        assert "two words" in told
        assert "two words" in run_ok(MINISIGN, "-V", "-P", pair.line, "-m", file)
    ctl("plugins", "sign", "-s", str(pair.secret), str(file)).ok()
    assert "file:plugin.so" in run_ok(MINISIGN, "-V", "-p", pair.public, "-m", file)
    file.write_bytes(b"other")
    assert run(MINISIGN, "-V", "-p", pair.public, "-m", file)[0] != 0
    # It signs with the key itself, too.
    run_ok(MINISIGN, "-S", "-s", pair.secret, "-m", file)
    ctl("plugins", "verify", "-k", str(pair.public), str(file)).ok()


@needs_minisign
def test_spawnctl_accepts_what_minisign_signs(tmp_path):
    public, secret, file = tmp_path / "m.pub", tmp_path / "m.key", tmp_path / "plugin.so"
    run_ok(MINISIGN, "-G", "-W", "-p", public, "-s", secret)
    file.write_bytes(os.urandom(100_000))
    for legacy in ((), ("-l",)):
        run_ok(MINISIGN, "-S", *legacy, "-s", secret, "-m", file, "-t", "from minisign")
        told = ctl("plugins", "verify", "-k", str(public), str(file)).ok().out
        assert "from minisign" in told
    ctl("plugins", "sign", "-s", str(secret), "--comment", "by its key", str(file)).ok()
    assert "by its key" in run_ok(MINISIGN, "-V", "-p", public, "-m", file)


@needs_minisign
@needs_memory
def test_a_password_is_the_same_for_both(tmp_path):
    public, secret, file = tmp_path / "p.pub", tmp_path / "p.key", tmp_path / "plugin.so"
    file.write_bytes(b"a plugin")
    run_ok(SPAWNCTL, "plugins", "keygen", "-p", public, "-s", secret, said="correct horse\n")
    assert "encrypted secret key" in secret.read_text()
    run_ok(MINISIGN, "-S", "-s", secret, "-m", file, said="correct horse\n")
    ctl("plugins", "verify", "-k", str(public), str(file)).ok()
