"""A root folder that a command runs in, with mounts that nobody else sees and that end with it."""
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from harness.wire import SOURCE

BASE_SECONDS = 600


def need(*programs):
    """Skips the test, and says why, where it can not run."""
    if os.geteuid() != 0:
        pytest.skip("mounts and other users' files need root")
    for program in programs:
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")


def base():
    """The tar file of a fresh Debian, from the cache or from the mirror."""
    need("mmdebstrap", "unshare", "chroot")
    mounts = subprocess.run(["unshare", "--mount", "--propagation", "private", "mount", "-t",
                             "tmpfs", "none", "/mnt"], capture_output=True, text=True, check=False)
    if mounts.returncode != 0:
        pytest.skip(f"nothing can be mounted here: {mounts.stderr.strip()}")
    done = subprocess.run([SOURCE / "packaging" / "debian-base"], capture_output=True, text=True,
                          timeout=BASE_SECONDS, check=False)
    if done.returncode != 0:
        pytest.skip(f"no Debian to be had: {done.stderr.strip()[-300:]}")
    return Path(done.stdout.strip())


# $1 root, $2 "ro" or "rw", $3 a folder that is a disk of its own or "-", $4 user:group; then the
# command. It replaces the shell, so that signals reach it.
_ENTER = """
set -eu
root=$1 mode=$2 disk=$3 user=$4
shift 4
mount --bind "$root" "$root"
mount --rbind /dev "$root/dev"
mount -t proc none "$root/proc"
if [ "$disk" != - ]; then mount --bind "$disk" "$root/var/lib/spawn"; fi
if [ "$mode" = ro ]; then mount -o remount,bind,ro "$root"; fi
cd "$root"
exec chroot --userspec="$user" "$root" "$@"
"""


def within(root, command, env=None, writable=True, disk=None, user="0:0"):
    """The command line that runs `command` in there, with `env` and nothing else around it."""
    variables = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/tmp"} | (env or {})
    return ["unshare", "--mount", "--propagation", "private", "sh", "-c", _ENTER, "enter", root,
            "rw" if writable else "ro", disk or "-", user, "/usr/bin/env", "-i",
            *(f"{key}={value}" for key, value in variables.items()), *command]
