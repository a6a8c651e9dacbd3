#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Make the run directories of this folder: synthetic test data, measured nowhere.

    tests/data/runs/generate.py DIR [small|interrupted|large]

small        a complete run: two items, root and child, 8 blocks, a latency pass
interrupted  the same, killed inside block 5 of its second item: no end record, last line cut
large        100,000 samples, for the speed of the reader (not committed)

The figures are a fixed base plus a seeded pseudo-random part: easy to tell from a measurement, and the same in
every Python.
"""
import json
import os
import sys

SYNTHETIC = "synthetic test data, not a measurement"


class Random:
    """The generator of POSIX.1-2001's rand() example: no library's, so the data never change."""

    def __init__(self, seed):
        self.state = seed

    def below(self, limit):
        self.state = (self.state * 1103515245 + 12345) % 2**32
        return (self.state >> 16) % limit


def boot_record():
    return {
        "type": "boot", "boot": 0, "schema": "memcgbench-samples", "schema_version": 1, "memcgbench": "0.0",
        "revision": SYNTHETIC, "clock": "ns", "seed": 1, "clock_cost_ns": 20,
        "facts": {
            "release": "0.0.0-synthetic", "version": SYNTHETIC, "arch": "x86_64", "cmdline": "", "config_hash": "",
            "config_source": "", "cpu_model": SYNTHETIC, "hypervisor": "", "memory_bytes": 4294967296,
            "page_bytes": 4096, "thp_bytes": 2097152, "thp_enabled": "never", "thp_shmem": "never",
            "lru_gen": "", "swap_bytes": 0, "governor": "", "smt": "off", "online_cpus": "0-1",
            "clocksource": "tsc"},
        "cgroup": {"version": "v2", "hybrid": False, "can_enter_root": True, "top": "/", "top_depth": 0, "why": ""},
        "topology": {"pus": 2, "cores": 2, "nodes": 1, "packages": 1, "smt": False}}


def metric(name, op, text):
    return {"name": name, "help": text, "op": op, "unit": "ns/" + op, "better": "lower"}


ARMS = [{"arm": 0, "state": "root", "depth": 0, "limit_bytes": None},
        {"arm": 1, "state": "child", "depth": 1, "limit_bytes": None}]

ITEMS = [
    {"bench": "null", "version": 1, "op": "op", "params": {}, "mode": "processes", "place": "cores",
     "memory": "local", "oversubscribed": False, "workers": [{"pu": 0, "core": 0, "node": 0, "package": 0}],
     "metrics": [metric("op", "op", "one turn of an empty loop")], "arms": ARMS, "passes": 1},
    {"bench": "fault_storm", "version": 1, "op": "page", "params": {"map": "anon", "size": "8M"},
     "mode": "processes", "place": "cores", "memory": "local", "oversubscribed": False,
     "workers": [{"pu": 0, "core": 0, "node": 0, "package": 0}, {"pu": 1, "core": 1, "node": 0, "package": 0}],
     "metrics": [metric("fault", "page", "the first write to a page"), metric("free", "page", "munmap")],
     "arms": ARMS, "passes": 4}]

# ns per 1000 ops by item, metric and arm.
COST = {0: {"op": (350, 350)}, 1: {"fault": (500000, 540000), "free": (90000, 99000)}}


def sample(item, arm, block, pos, rep, warmup, random):
    metrics, workers = {}, {}
    nr_workers = len(ITEMS[item]["workers"])
    for name, cost in COST[item].items():
        ops = [4096] * nr_workers
        ns = [cost[arm] * 4096 // 1000 + random.below(1 + cost[arm] // 20) for _ in ops]
        metrics[name] = {"ops": sum(ops), "ns": sum(ns)}
        workers[name] = {"ops": ops, "ns": ns}
    record = {"type": "sample", "boot": 0, "item": item, "arm": arm, "block": block, "pos": pos, "rep": rep,
              "warmup": warmup, "passes": ITEMS[item]["passes"], "metrics": metrics,
              "elapsed_ns": sum(m["ns"] for m in metrics.values()),
              "evidence": {"minflt": 4096, "majflt": 0, "nvcsw": 0, "nivcsw": 1}}
    if arm == 1:
        record["evidence"].update(usage_before_bytes=65536, usage_after_bytes=131072)
    if nr_workers > 1:
        record["workers"] = workers
    return record


def blocks(item, nr_blocks, random):
    rep = 0
    for pos, arm in enumerate((0, 1, 1, 0)):
        yield sample(item, arm, 0, pos, rep, True, random)
        rep += 1
    for block in range(1, nr_blocks + 1):
        first = random.below(2)
        for pos, arm in enumerate((first, 1 - first, 1 - first, first)):
            yield sample(item, arm, block, pos, rep, False, random)
            rep += 1


def latency(arm, round_):
    histogram = [[400 + 8 * i, 100 - 10 * i] for i in range(10)] + [[4096, 3 + arm]]
    return {"type": "latency", "boot": 0, "item": 1, "arm": arm, "round": round_, "metric": "fault",
            "count": sum(c for _, c in histogram), "clock_cost_ns": 20, "min_ns": 401, "max_ns": 4140,
            "histogram": histogram}


def noise(item):
    return {"type": "noise", "boot": 0, "item": item, "seconds": 2.0,
            "cpu_seconds": {"user": 1.0, "system": 1.0, "idle": 2.0, "iowait": 0.0, "irq": 0.0, "steal": 0.0},
            "procs_running": 1, "load": 0.5, "context_switches": 100, "swap_in_pages": 0, "swap_out_pages": 0}


def records(nr_blocks):
    random = Random(1)
    yield boot_record()
    for item, plan in enumerate(ITEMS):
        yield {"type": "item", "boot": 0, "item": item, **plan}
        if item == 1:
            yield {"type": "proof", "boot": 0, "item": 1, "arm": 1, "claimed_bytes": 8388608,
                   "charged_bytes": 8396800, "stat": {"anon": 8388608}}
        yield from blocks(item, nr_blocks, random)
        if item == 1:
            yield {"type": "counters", "boot": 0, "item": 1, "arm": 1, "round": 0,
                   "metrics": {"fault": {"ops": 4096, "counters": {"page-faults": 4096}, "scaled": False}},
                   "why": SYNTHETIC}
            yield from (latency(arm, round_) for round_ in range(2) for arm in range(2))
        yield noise(item)
    yield {"type": "warning", "boot": 0, "code": "synthetic", "text": SYNTHETIC}
    yield {"type": "skip", "boot": 0, "item": 2, "bench": "reclaim_depth", "text": "needs swap: " + SYNTHETIC}
    yield {"type": "end", "boot": 0, "status": "complete"}


def run_json(name, status, nr_blocks):
    boot = boot_record()
    del boot["type"]
    run = {"schema": "memcgbench-run", "schema_version": 1, "run": name, "status": status,
           "started": "2000-01-01T00:00:00Z", "command": ["memcgbench", "run"],
           "memcgbench": {"version": "0.0", "revision": SYNTHETIC, "compiler": "", "cflags": ""}, "clock": "ns",
           "plan": {"seed": 1, "blocks": nr_blocks, "rep_ns": 20000000, "items": []},
           "boots": [{"boot": 0, "executor": "live", **boot}]}
    if status != "running":
        run["ended"] = "2000-01-01T00:01:00Z"
    return run


def write(parent, name, status, nr_blocks, lines):
    directory = os.path.join(parent, name)
    os.makedirs(directory, exist_ok=True)
    with open(os.path.join(directory, "run.json"), "w", encoding="utf-8") as f:
        json.dump(run_json(name, status, nr_blocks), f, indent=2)
        f.write("\n")
    with open(os.path.join(directory, "samples.jsonl"), "w", encoding="utf-8") as f:
        f.write("".join(lines))


def line(record):
    return json.dumps(record, separators=(",", ":")) + "\n"


def interrupted(lines):
    """Everything up to the second rep of block 5 of item 1, and half of the third."""
    last = [i for i, text in enumerate(lines)
            if '"type":"sample"' in text and '"item":1' in text and '"block":5,' in text][2]
    return lines[:last] + [lines[last][:len(lines[last]) // 2]]


def main():
    parent, which = sys.argv[1], sys.argv[2:] or ["small", "interrupted"]
    small = [line(r) for r in records(8)]
    if "small" in which:
        write(parent, "small", "complete", 8, small)
    if "interrupted" in which:
        write(parent, "interrupted", "running", 8, interrupted(small))
    if "large" in which:
        write(parent, "large", "complete", 12500, (line(r) for r in records(12500)))


main()
