"""One run of the bank: host, kernel, callers, faults by a seed, snapshots, the last audit."""
import collections
import dataclasses
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

from bank import sagas
from bank.books import BRANCH, TYPE, UNDO, Manners, account, type_of
from bank.callers import Callers
from bank.checker import Checker
from bank.ledger import Ledger
from harness.client import Client
from harness.kernel import Kernel, merge
from harness.wire import NOOP, UNNAMED, actor, actor_id, protocol_pb
from servers import processes

ACCOUNTS, CALLERS = 1000, 96
SNAPSHOT_S = 0.25
STATUSES = 50  # sagas that are asked how they ended
DRAIN_S = 30.0
SAGA_WAITS_S = 5.0  # with no row on its way, a saga goes on sooner than that, or never
AUDITS_SHARE = 0.2  # of the time: an audit takes longer and longer
CONFIG = {"runtime": {"lane_stall_ms": 5000}, "host": {"retry_ms": 300},
          "workflows": ["forward", "pipe", "effect", "broadcast", sagas.workflow()],
          "timeouts": {"request_ms": 1500, "deactivate_ms": 1500, "deactivate_jitter_ms": 500,
                       "drain_ms": 10000}}


class Violated(AssertionError):
    """The store is not as it must be."""


class HostProcess:
    def __init__(self, manners: Manners):
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("host.py")),
             json.dumps(dataclasses.asdict(manners))],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            preexec_fn=processes.end_with_parent(signal.SIGKILL))
        self.port = int(self.process.stdout.readline())

    def order(self, line: str) -> dict:
        """Obeyed when this returns; what the host has done so far."""
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def dispose(self):
        self.process.stdin.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(5)
        self.process.stdout.close()


class Bank:
    """Context manager. store: of bank.places, where the money is and how its store can fail."""

    def __init__(self, seed: int, store, config=None, env=None, accounts=ACCOUNTS,
                 callers=CALLERS, snapshots=True, **manners):
        self.seed, self.store, self.accounts, self.callers = seed, store, accounts, callers
        self.snapshots = snapshots
        self.branches = store.branches
        self.rng = random.Random(f"{seed}/faults")
        self.ledger = Ledger()
        self.checker = Checker(accounts, Manners(seed, **manners))
        self.told = collections.Counter()  # faults
        self.host = HostProcess(self.checker.manners)
        self.kernel = Kernel(self.host.port, merge(CONFIG, config or {}), env)
        self.kernel.config = merge(self.kernel.config, store.config(self.kernel.folder))
        self.over = threading.Event()
        self.kills = self.missed = 0
        self.auditing = self.drained = self.seconds = 0.0
        self.began = time.monotonic()

    def __enter__(self):
        try:
            self.kernel.start()
            client = Client(self.kernel.port)
            actions = ["transfer", "deposit", *sagas.STEPS, *UNDO]
            client.register(*[actor(name, actions, kind=UNNAMED)
                              for name in ((TYPE, BRANCH) if self.branches else (TYPE,))])
            names = [account(number, self.branches) for number in range(self.accounts)]
            for first in range(0, self.accounts, 200):
                status, answer = client.spawn(*[actor_id(name, parent=type_of(name))
                                                for name in names[first:first + 200]])
                assert status == 200, answer
            client.close()
            self.view = self.store.view(self.kernel)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.host.dispose()
        if getattr(self, "view", None):
            self.view.close()
        self.kernel.dispose()

    # --- the run ------------------------------------------------------------------------------
    def run(self, seconds: float, every=(2.0, 4.0)):
        """Until the time is over or a violation is found."""
        watch = threading.Thread(target=self._watch)
        watched = self.snapshots and self.store.one_look
        self.began = time.monotonic()
        until = self.began + seconds
        with Callers(self.kernel.port, self.ledger, self.seed, self.accounts,
                     self.callers, self.branches, self.store.later_across) as callers:
            if watched:
                watch.start()
            try:
                while time.monotonic() < until and not self.checker.broken:
                    self._cycle(every)
            finally:
                self.over.set()
                if watched:
                    watch.join(60)
        assert not callers.errors, callers.errors
        self.seconds = time.monotonic() - self.began
        return self

    def _cycle(self, every):
        """A life of the kernel: mostly one with a fault in it, now and then one that ends while it
        has hardly begun."""
        if self.rng.random() < 0.2:
            self.over.wait(self.rng.uniform(0.0, 0.5))
        else:
            pause = self.rng.uniform(*every)
            fault = self.rng.uniform(0.1, 0.9) * pause
            self.over.wait(fault)
            began = time.monotonic()
            name, act = self.rng.choice([*self.store.faults(), ("frozen", freeze)])
            self.told[name] += 1
            act(self)
            self.over.wait(max(0.0, pause - fault - (time.monotonic() - began)))
        self._end_of_life()

    def _end_of_life(self):
        if self.rng.random() < 0.1:
            self.told["clean stop"] += 1
            self.kernel.stop()
        else:
            self.kernel.kill9()
            self.kills += 1
        now = time.monotonic()
        if self.snapshots and self.auditing <= AUDITS_SHARE * (now - self.began):
            self.audit(f"after kill {self.kills}, at {now - self.began:.2f} s")
            self.auditing += time.monotonic() - now
        if self.rng.random() < 0.3:
            self.host.order(f"refuse {self.rng.choice((0.2, 0.8))}")
            self.told["host refuses"] += 1
        self.kernel.start()

    def audit(self, when: str, final: bool = False):
        entries = self.ledger.so_far()  # told before the look
        self.checker.audit(self.view.look(), entries, when, final)

    def _watch(self):
        while not self.over.wait(SNAPSHOT_S):
            try:
                found = self.view.money()
            except sqlite3.OperationalError as problem:
                assert "locked" in str(problem), problem
                self.missed += 1
                continue
            self.checker.money(*found, f"at {time.monotonic() - self.began:.2f} s")

    def settle(self):
        """Faults are over: all that waits is done within DRAIN_S, and the whole is judged."""
        self.kernel.kill9()
        self.host.order("behave")
        self.kernel.start()
        began = busy = time.monotonic()
        while any(left := self.view.counts()):
            now = time.monotonic()
            busy = now if any(left[:2]) else busy
            if now > began + DRAIN_S or now > busy + SAGA_WAITS_S:
                break
            time.sleep(0.1)
        self.drained = time.monotonic() - began
        self.checker.settled_ms = time.time_ns() // 1_000_000
        self._compare_sagas()
        self.kernel.stop()
        self.audit("at the end", final=True)
        for problem in self.ledger.problems[:20]:
            self.checker.found("answer", problem)
        return self

    def _compare_sagas(self):
        """What sagas say of themselves is what is stored of them."""
        ended = [one.books for one in self.view.look().sagas.values()
                 if one.books.name == "transfer"]
        client = Client(self.kernel.port)
        for saga in self.rng.sample(ended, min(len(ended), STATUSES)):
            answer = client.invoke(saga.id, "status", NOOP, ref=sagas.PREFIX + saga.name)
            said = answer.ok and json.loads(protocol_pb.JSONType.FromString(
                answer.message.value.value).content)
            if not said or (said["state"], said["id"]) != (saga.state, saga.id):
                self.checker.found("answer", f"saga {saga.id} is {saga.state} and says"
                                             f" {said or answer.text}")
        client.close()

    # --- what it was --------------------------------------------------------------------------
    def figures(self) -> str:
        done = self.host.order("count")
        return (f"seed {self.seed}: {self.ledger.acknowledged} transfers acknowledged of"
                f" {len(self.ledger.entries)} ({self.ledger.acknowledged / self.seconds:.0f}/s),"
                f" {self.kills} kills, {self.checker.snapshots} snapshots ({self.missed} not to be"
                f" had), {self.checker.audits} audits, {len(self.checker.died)} dead letters,"
                f" drained in {self.drained:.1f} s; sagas {self.sagas()}; faults {dict(self.told)},"
                f" host {done}, callers were told {dict(self.ledger.told)}")

    def sagas(self) -> dict:
        """How they ended, as last seen, without those that are forgotten."""
        return dict(collections.Counter(one.books.state for name, one in self.checker.last.items()
                                        if name in self.checker.last_sagas))

    def judge(self, keep: Path):
        """Raises with what was found, and keeps the store and the log for a look."""
        if not self.checker.broken:
            return
        keep.mkdir(parents=True, exist_ok=True)
        self.store.keep(self.kernel, keep)
        (keep / "kernel.log").write_text("".join(self.kernel.log))
        (keep / "violations.txt").write_text("\n".join(self.checker.violations) + "\n")
        raise Violated(
            f"{dict(self.checker.kinds())}; {self.figures()}; SPAWN_BANK_SEED={self.seed};"
            f" kept in {keep}\n" + "\n".join(self.checker.violations[:20]))


def freeze(bank):
    """Longer and shorter than the callers' deadlines."""
    os.kill(bank.kernel.process.pid, signal.SIGSTOP)
    bank.over.wait(bank.rng.choice((0.1, 0.5, 2.5)))
    os.kill(bank.kernel.process.pid, signal.SIGCONT)
