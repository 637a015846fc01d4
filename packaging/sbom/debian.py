"""What dpkg knows: which package a file is from, and of a package its version, licence and source.
`root` is where the packages are installed."""
import os
import subprocess
from pathlib import Path

from licenses import license_of

FIELDS = ("Package", "Version", "Architecture", "source:Package", "source:Version", "Homepage")


def run(command):
    done = subprocess.run([str(each) for each in command], capture_output=True, text=True,
                          check=False, env=os.environ | {"LC_ALL": "C.UTF-8"})
    if done.returncode != 0:
        raise SystemExit(f"sbom: {' '.join(map(str, command))}: {done.stderr.strip()}")
    return done.stdout


def needed(file):
    """The names of the shared objects that a file asks for itself."""
    out = run(["readelf", "-d", file])
    return {line.split("[")[1].split("]")[0] for line in out.splitlines() if "(NEEDED)" in line}


def loaded(file):
    """Name to path of all shared objects that the loader would bring for a file; none for a static
    library."""
    found = {}
    with open(file, "rb") as opened:
        if opened.read(8) == b"!<arch>\n":
            return found
    for line in run(["ldd", file]).splitlines():
        words = line.split()
        if "=>" in words:
            if words[2] == "not":
                raise SystemExit(f"sbom: {file}: {words[0]} is not found")
            found[words[0]] = words[2]
        elif words and words[0].startswith("/"):
            found[Path(words[0]).name] = words[0]
    return found


def packages_of(paths):
    """Path to package. A path may be known with or without its /usr (merged /usr)."""
    asked = {}
    for path in paths:
        for name in {path, os.path.realpath(path)}:
            asked[name] = path
            asked[name.removeprefix("/usr") if name.startswith("/usr/") else "/usr" + name] = path
    done = subprocess.run(["dpkg-query", "--search", *sorted(asked)], capture_output=True, text=True,
                          check=False)
    owners = {}
    for line in done.stdout.splitlines():
        names, _, file = line.rpartition(": ")
        if file in asked and not names.startswith("diversion"):
            owners[asked[file]] = names.split(",")[0].split(":")[0]
    for path in paths:
        if path not in owners:
            raise SystemExit(f"sbom: {path}: no Debian package has this file")
    return owners


def describe(names, root=Path("/")):
    """Package by name, with what the bill says of each. Without names: all that are installed."""
    form = "\\t".join("${" + field + "}" for field in FIELDS) + "\\t${db:Status-Status}\\n"
    out = run(["dpkg-query", f"--admindir={root}/var/lib/dpkg", "--show", f"--showformat={form}",
               *sorted(names)])
    found = {}
    for line in out.splitlines():
        *fields, status = line.split("\t")
        if status == "installed":
            entry = dict(zip(FIELDS, fields))
            entry["License"] = license_of(entry["Package"], root)
            found[entry["Package"]] = entry
    missing = set(names) - set(found)
    if missing:
        raise SystemExit(f"sbom: not installed: {', '.join(sorted(missing))}")
    return found
