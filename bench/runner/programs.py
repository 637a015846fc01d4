"""(b), (c) and (e): programs that measure one part of the kernel in their own process."""
import json
import subprocess

from runner.processes import Lab
from runner.report import Table


def _lines(lab: Lab, name: str, *arguments) -> list:
    done = subprocess.run([lab.program(name), *map(str, arguments)], capture_output=True,
                          text=True, timeout=1800)
    if done.returncode != 0:
        raise RuntimeError(f"{name}: {done.stderr.strip()}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def journal(lab: Lab, options) -> list:
    table = Table("Journal: rows/s of the save path, against a batch written by hand",
                  ["rows per commit", "hand-written upsert", "hand-written CAS", "plugin",
                   "of upsert", "of CAS"])
    for row in _lines(lab, "bench_journal", "--seconds", options.seconds, "--dir", lab.folder):
        table.add(row["group"], f"{row['upsert_rows_s']:,.0f}", f"{row['cas_rows_s']:,.0f}",
                  f"{row['plugin_rows_s']:,.0f}", f"{row['ratio']:.2f}", f"{row['ratio_cas']:.2f}")
    table.note("Same schema, pragmas (WAL, synchronous FULL) and payload; median of turns. The "
               "upsert looks at nothing; the CAS checks revision and writer, as the kernel must.")
    return [table]


def actors(lab: Lab, options) -> list:
    table = Table("Memory: an idle activated actor",
                  ["actors", "bytes each", "beyond id and state", "cell", "RSS before MB",
                   "RSS after MB", "activations/s", "find ns"])
    count = 1_000_000 if options.full else 100_000
    row, = _lines(lab, "bench_actors", "--plugins", lab.build / "plugins", "--actors", count)
    table.add(f"{row['actors']:,}", f"{row['bytes_per_actor']:.0f}",
              f"{row['beyond_id_and_state']:.0f}", row["sizeof_cell"],
              f"{row['rss_before'] / 1e6:.0f}", f"{row['rss_after'] / 1e6:.0f}",
              f"{row['activations_s']:,.0f}", f"{row['find_ns']:.0f}")
    table.note(f"(RSS after - before) / N; ids of {row['id_bytes']} B, states of "
               f"{row['state_bytes']} B and a type URL of 33 B, which counts as overhead; loaded "
               "from the memory store, timers armed.")
    return [table]


def table_call(lab: Lab, options) -> list:
    table = Table("Plugin border: table call and completion",
                  ["store", "batch", "ns per op", "in a process of its own", "times"])
    in_kernel = {}
    for row in _lines(lab, "bench_table_call", "--plugins", lab.build / "plugins",
                      "--seconds", options.seconds):
        name = "does nothing" if row["store"] == "bench_null" else "memory, load of 64 B"
        took, key = row["ns_per_op"], (name, row["batch"])
        if not row["isolated"]:
            in_kernel[key] = took
        else:
            table.add(*key, f"{in_kernel[key]:.1f}", f"{took:.0f}", f"{took / in_kernel[key]:.0f}")
    table.note("Fill, submit through the port, complete, continuation on the lane; best of 15 "
               "rounds. A lane's turn (clock, timers) is in it, once for each batch.")
    return [table]
