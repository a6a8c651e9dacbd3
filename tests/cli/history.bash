# SPDX-License-Identifier: GPL-2.0-or-later
# history.bash - stored runs of guests, made up for tests of histories. Not measurements.
# shellcheck shell=bash

# make_run DIR RELEASE COST [VERSION]: one complete run of three seeds, in which a fault costs 3000 instructions with memcg off
# and COST in a child.
make_run()
{
	python3 - "$@" <<'END'
import json, os, sys

folder, release, cost = sys.argv[1], sys.argv[2], float(sys.argv[3])
version = sys.argv[4] if len(sys.argv) > 4 else "#1 SMP"
os.makedirs(folder)
arms = [{"arm": 0, "state": "off", "depth": 0, "limit_bytes": None},
        {"arm": 1, "state": "child", "depth": 1, "limit_bytes": None}]
facts = {"release": release, "version": version, "arch": "x86_64", "cmdline": "", "config_hash": "", "config_source": "",
         "cpu_model": "made up", "hypervisor": "", "thp_enabled": "never", "thp_shmem": "never", "lru_gen": "",
         "governor": "", "smt": "", "online_cpus": "0", "clocksource": "tsc", "memory_bytes": 1 << 29,
         "page_bytes": 4096, "thp_bytes": 2097152, "swap_bytes": 0}
item = {"type": "item", "item": 0, "bench": "fault_storm", "version": 1, "op": "page", "params": {"size": "1M"},
        "nr_memcgs": 1, "mode": "processes", "place": "compact", "memory": "default", "oversubscribed": False,
        "workers": [{"pu": 0, "core": 0, "node": 0, "package": 0}], "arms": arms, "passes": 1,
        "metrics": [{"name": "fault", "help": "first touch", "kind": "time", "op": "page", "unit": "insn/page",
                     "better": "lower"}]}
boots, lines = [], []
for seed in (1, 2, 3):
    for arm in (0, 1):
        number = len(boots)
        boot = {"boot": number, "schema": "memcgbench-samples", "schema_version": 1, "memcgbench": "0.1",
                "revision": "made up", "clock": "insn", "seed": seed, "clock_cost_ns": 75, "facts": facts,
                "cgroup": {"version": "v2" if arm else "none", "hybrid": False, "can_enter_root": True, "top": "",
                           "top_depth": 0, "why": ""},
                "topology": {"pus": 1, "cores": 1, "nodes": 1, "packages": 1, "smt": False}, "kernel": "k"}
        boots.append(dict(boot, executor="qemu"))
        lines.append(dict(boot, type="boot"))
        lines.append(dict(item, boot=number))
        for rep in range(2):
            value = (cost if arm else 3000) + seed
            lines.append({"type": "sample", "boot": number, "item": 0, "arm": arm, "block": rep, "pos": 0, "rep": rep,
                          "warmup": False, "passes": 1, "metrics": {"fault": {"ops": 100, "ns": int(100 * value)}},
                          "elapsed_ns": 1000,
                          "evidence": {"minflt": 1, "majflt": 0, "nvcsw": 0, "nivcsw": 0}})
        lines.append({"type": "end", "boot": number, "status": "complete"})
with open(folder + "/samples.jsonl", "w") as out:
    for line in lines:
        out.write(json.dumps(line, separators=(",", ":")) + "\n")
run = {"schema": "memcgbench-run", "schema_version": 1, "run": os.path.basename(folder), "status": "complete",
       "started": "2026-01-01T00:00:00Z", "ended": "2026-01-01T00:01:00Z", "command": ["memcgbench", "run"],
       "memcgbench": {"version": "0.1", "revision": "made up", "compiler": "", "cflags": ""}, "clock": "insn",
       "plan": {"clock": "insn", "seed": 1, "blocks": 2, "rep_ns": 1, "items": []},
       "guest": {"accel": "tcg-icount", "qemu_version": "7.2", "cpu_model": "max", "append": None}, "boots": boots}
with open(folder + "/run.json", "w") as out:
    json.dump(run, out)
END
}
