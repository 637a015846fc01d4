#!/usr/bin/env python3
"""Puts messages into the activator's source and looks what is left, for spawn-plugin-check: one JSON
object a line comes in, one goes out. Needs Python 3 alone."""
import itertools
import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(tempfile.mkdtemp(prefix="driver-"))
TRAITS = {"headers": False, "lag": False,  # what a file does not have
          "forgets": False,                # there is no connection that could end
          "quiet_ms": 200}
numbers = itertools.count(1)
folder = ROOT


def fresh_config(_):
    global folder
    come_back(_)
    folder = ROOT / f"queue{next(numbers)}"
    folder.mkdir()
    return {"folder": str(folder), "poll_ms": 5}


def publish(asked):
    for letter in asked["letters"]:
        made = ROOT / "next"
        made.write_bytes(bytes.fromhex(letter["body"]))
        made.rename(folder / f"{next(numbers):08}-{letter['key']}")


def files(where):
    return sorted(file for file in where.glob("*") if file.is_file())


def go_away(_):
    folder.rename(f"{folder}.away")
    return True


def come_back(_):
    if Path(f"{folder}.away").exists():
        os.rename(f"{folder}.away", folder)


DOES = {
    "traits": lambda _: TRAITS,
    "fresh_config": fresh_config,
    "publish": publish,
    "waiting": lambda _: len(files(folder)),
    "dead_letters": lambda _: [file.read_bytes().hex() for file in files(folder / "dead")],
    "go_away": go_away,
    "come_back": come_back,
    "pass": lambda asked: time.sleep(asked["ms"] / 1000),
    "config_of_nobody": lambda _: {"folder": str(ROOT / "nobody")},
    "bad_configs": lambda _: [{"config": {}, "names": "folder"}],
    # It is no sink.
    "fresh_destination": lambda _: None,
    "missing_destination": lambda _: None,
    "too_large": lambda _: None,
}

try:
    for line in sys.stdin:
        wanted = json.loads(line)
        does = DOES.get(wanted["do"])
        answer = {"value": does(wanted)} if does else {"error": "this driver does not know it"}
        print(json.dumps(answer), flush=True)
finally:
    shutil.rmtree(ROOT, ignore_errors=True)
