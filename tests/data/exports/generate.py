#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Make the synthetic run beside this file: input for the tests of the exports, and no measurement."""
import json
import os

HERE = os.path.dirname(os.path.abspath(__file__))
NOTE = "synthetic test data, not a measurement"
KERNELS = ["v1.0", 'v1.1 "memcg: <a> & b", rfc']
SEEDS = [1, 2, 3, 4, 5]
ARMS = [("off", 0), ("root", 0), ("child", 1)]


def metric(name, op, unit, kind="time", better="lower"):
    return {"name": name, "help": NOTE, "op": op, "unit": unit, "kind": kind, "better": better}


ITEMS = [
    ("fault_storm", {"map": "anon", "size": "8M"}, 1, [
        metric("fault", "page", "insn/page"), metric("free", "page", "insn/page")]),
    ("fault_storm", {"map": "anon", "size": "64M"}, 2, [
        metric("fault", "page", "insn/page"), metric("free", "page", "insn/page")]),
    # What would break a format that did not escape it.
    ("odd", {"pattern": 'a/b "c" <d>=e#\u00e9', "rate": "1.5"}, 1, [
        metric("lookups", "op", "steps/op", kind="count"),
        metric("hits", "op", "hits/op", kind="count", better="higher")]),
    ("odd", {"pattern": "a/b 'c' <d>=e#\u00e9", "rate": "1.5"}, 1, [
        metric("lookups", "op", "steps/op", kind="count"),
        metric("hits", "op", "hits/op", kind="count", better="higher")]),
    ("broken", {}, 1, [metric("op", "op", "insn/op")]),
]
# What the cost per op is: by item, metric, kernel, arm, and what each seed adds to the child of the second kernel.
COST = {
    (0, "fault"): ([[2000, 2300, 2772], [2000, 2300, 2773]], [0, 0, 0, 0, 0]),
    (0, "free"): ([[400, 450, 500], [400, 450, 560]], [0, 0, 0, 0, 0]),
    (1, "fault"): ([[2000.5, 2300, 2772.25], [2010.5, 2310, 2700]], [0, 0.5, 1, 0.75, 0.25]),
    (1, "free"): ([[400, 450, 500], [400, 450, 500]], [-30, 5, 40, -12, 22]),
    (2, "lookups"): ([[3, 3, 3.5], [3, 3, 3.5]], [0, 0, 0, 0, 0]),
    (2, "hits"): ([[0.5, 0.5, 0.5], [0.5, 0.5, 0.25]], [0, 0, 0, 0, 0]),
    (3, "lookups"): ([[0, 0, 0], [0, 0, 2]], [0, 0, 0, 0, 0]),
    (3, "hits"): ([[0.5, 0.5, 0.5], [0.5, 0.5, 0.75]], [0, 0, 0, 0, 0]),
    (4, "op"): ([[10, 10, 10], [10, 10, 10]], [0, 0, 0, 0, 0]),
}
OPS = 4000


def boot_facts(kernel):
    return {"release": ["1.0.0-synthetic", "1.1.0-rc1-synthetic"][kernel], "version": NOTE, "arch": "x86_64",
            "cpu_model": "synthetic processor", "page_bytes": 4096, "memory_bytes": 1 << 30}


def item_record(boot, number, arms):
    bench, params, workers, metrics = ITEMS[number]
    return {"type": "item", "boot": boot, "item": number, "bench": bench, "version": 1, "op": "op", "params": params,
            "mode": "processes", "place": "compact", "memory": "default", "oversubscribed": False,
            "workers": [{"pu": i, "core": i, "node": 0, "package": 0} for i in range(workers)], "metrics": metrics,
            "arms": [{"arm": a, "state": ARMS[a][0], "depth": ARMS[a][1], "limit_bytes": None} for a in arms],
            "nr_memcgs": 1, "passes": 1}


def sample_record(boot, number, kernel, seed, arm, rep):
    metrics = {}
    for entry in ITEMS[number][3]:
        cost, per_seed = COST[(number, entry["name"])]
        value = cost[kernel][arm] + (per_seed[seed] if kernel == 1 and arm == 2 else 0)
        metrics[entry["name"]] = {"ops": OPS, "count" if entry["kind"] == "count" else "ns": round(value * OPS)}
    return {"type": "sample", "boot": boot, "item": number, "arm": arm, "block": rep, "pos": 0, "rep": rep, "warmup": False,
            "passes": 1, "metrics": metrics}


def main():
    lines, boots = [], []
    for seed_at, seed in enumerate(SEEDS):
        for kernel, name in enumerate(KERNELS):
            for arms in ([0], [1, 2]):
                boot = len(boots)
                head = {"schema": "memcgbench-samples", "schema_version": 1, "memcgbench": "0.0", "revision": NOTE,
                        "kernel": name, "seed": seed, "clock": "insn", "clock_cost_ns": 20, "facts": boot_facts(kernel),
                        "cgroup": {"version": "v2" if len(arms) > 1 else "none"},
                        "topology": {"pus": 2, "cores": 2, "nodes": 1, "packages": 1, "smt": False}}
                lines.append({"type": "boot", "boot": boot, **head})
                boots.append({"boot": boot, "executor": "qemu", **head})
                for number in range(len(ITEMS)):
                    lines.append(item_record(boot, number, arms))
                    if number == 4 and kernel == 1:
                        lines.append({"type": "error", "boot": boot, "item": number, "bench": "broken",
                                      "text": "it broke: # not ok 1 \u2013 <LAVA_SIGNAL_X y>"})
                        continue
                    for rep in range(3):
                        for arm in arms:
                            lines.append(sample_record(boot, number, kernel, seed_at, arm, rep))
                lines.append({"type": "end", "boot": boot, "status": "complete"})
    run = {"schema": "memcgbench-run", "schema_version": 1, "run": "2026-01-02-030405-made-up", "status": "complete",
           "started": "2026-01-02T03:04:05Z", "ended": "2026-01-02T03:14:05Z", "command": ["memcgbench", "run"],
           "memcgbench": {"version": "0.0", "revision": NOTE, "compiler": "none", "cflags": ""}, "clock": "insn",
           "plan": {"seed": 1}, "boots": boots}
    os.makedirs(os.path.join(HERE, "run"), exist_ok=True)
    with open(os.path.join(HERE, "run", "run.json"), "w") as out:
        json.dump(run, out, indent=1)
        out.write("\n")
    with open(os.path.join(HERE, "run", "samples.jsonl"), "w") as out:
        for line in lines:
            out.write(json.dumps(line, separators=(",", ":")) + "\n")


main()
