# SPDX-License-Identifier: GPL-2.0-or-later
"""kinds_machine.py - the machine around a run: its clock, other runs, its cgroups, its swap and its disk."""
import os
import shutil
import signal
import subprocess
import threading
import time

import stored
from fault import Failure, Skip
from kind import DONE, FAILED, FEW, LIVE, kind, next_run, run_whole, seconds_of

HERE = os.path.dirname(os.path.abspath(__file__))


# --- the clock ---

@kind("clock-back", "the clock is set back (for the run alone: a library in front of libc)")
def clock_back(fault):
    library = os.path.join(fault.world.scratch, "clock_back.so")
    if not os.path.exists(library):
        if not shutil.which("cc"):
            raise Skip("needs a C compiler")
        subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", library, os.path.join(HERE, "clock_back.c")], check=True)
    words = fault.rng.choice(LIVE)
    run = fault.start(words, env={
        "LD_PRELOAD": library,
        "CLOCK_BACK_AFTER_MS": str(int(1000 * fault.rng.uniform(0, seconds_of(fault.world, words)))),
        "CLOCK_BACK_S": str(int(10 ** fault.rng.uniform(0, 9))),
    })
    fault.wait(run)
    outcome = fault.judge(run, [DONE])
    # The next sorts before it, perhaps, and is another.
    second = run_whole(fault, words, results=run.results + "-next")
    if len(second.folders()) != 1:
        raise Failure("the next run has no folder of its own")
    return outcome


# --- two at once ---

@kind("two-in-folder", "two runs that store into one folder")
def two_in_folder(fault):
    first_words, second_words = fault.rng.choice(LIVE), fault.rng.choice(LIVE)
    results = os.path.join(fault.folder, "both")
    first = fault.start(first_words, results=results)
    time.sleep(fault.rng.choice([0, fault.rng.uniform(0, seconds_of(fault.world, first_words))]))
    second = fault.start(second_words, results=results)
    for run in (first, second):
        fault.wait(run)
        fault.judge_words(run)
        if run.status():
            raise Failure(f"exit status {run.status()}: {run.err()}")
    folders = first.folders()
    if len(folders) != 2:
        raise Failure(f"{len(folders)} runs are stored")
    for folder in folders:
        fault.judge_stored(folder)
        if stored.status(folder) != "complete":
            raise Failure(f"{folder}: {stored.status(folder)}")
    return "complete"


@kind("two-on-machine", "of two runs on the machine one is killed, with its runner or without; the other sweeps, and is left alone")
def two_on_machine(fault):
    words = fault.rng.choice(LIVE)
    with_runner = fault.rng.random() < 0.5

    def blow(run):
        runner = fault.find(run, "runner")
        if not runner:
            return False
        pids = [run.pid, runner, *fault.world.children(runner)] if with_runner else [run.pid]
        for pid in pids:
            fault.send(pid, signal.SIGSTOP)
        return all([fault.send(pid, signal.SIGKILL) for pid in reversed(pids)][-1:])

    other = fault.start(fault.rng.choice(LIVE))
    time.sleep(fault.rng.uniform(0, 0.3))
    killed = fault.strike(lambda: fault.start(words), seconds_of(fault.world, words), blow)
    fault.wait(killed)
    outcome = fault.judge(killed, [(137, "running"), (137, "complete"), (137, None)])
    fault.wait(other)
    fault.judge(other, [DONE])
    if with_runner:
        next_run(fault)
    return outcome


# --- cgroups ---

def freezers(world):
    """Where a group can be frozen, with the words for it."""
    found = []
    for path in world.cgroups:
        if os.path.exists(path + "/cgroup.controllers"):
            found.append((path, "cgroup.freeze", "1", "0"))
        elif os.path.basename(path) == "freezer":
            found.append((path, "freezer.state", "FROZEN", "THAWED"))
    return found


@kind("frozen", "memcgbench, its runner or a worker is frozen for a while by a cgroup, and perhaps told to stop meanwhile")
def frozen(fault):
    places = freezers(fault.world)
    if not places:
        raise Skip("no cgroup can be frozen here")
    words, who = fault.rng.choice(LIVE), fault.rng.choice(["memcgbench", "runner", "worker"])
    path, name, freeze, thaw = fault.rng.choice(places)
    is_stopped = fault.rng.random() < 0.3

    def blow(run):
        pid = fault.find(run, who)
        if not pid:
            return False
        group = fault.world.make_group(path)
        try:
            fault.world.write(group + "/cgroup.procs", str(pid))
        except OSError:
            return False
        fault.world.write(os.path.join(group, name), freeze)
        if is_stopped:
            fault.send(run.pid, signal.SIGTERM)
        time.sleep(fault.rng.uniform(0.02, 1.0))
        fault.world.write(os.path.join(group, name), thaw)
        return True

    run = fault.strike(lambda: fault.start(words), seconds_of(fault.world, words), blow)
    fault.wait(run)
    return fault.judge(run, [DONE, (143, "interrupted"), (143, None)] if is_stopped else [DONE])


@kind("removed", "somebody removes a memcg of the run's")
def removed(fault):
    words = fault.rng.choice(LIVE)

    def blow(run):
        # Between two blocks nobody is in it.
        while run.is_alive():
            groups = [group for group in fault.world.groups() if ".item" in group]
            for group in fault.rng.sample(groups, len(groups)):
                try:
                    os.rmdir(group)
                    return True
                except OSError:
                    pass
        return False

    run = fault.strike(lambda: fault.start(words), seconds_of(fault.world, words), blow)
    fault.wait(run)
    return fault.judge(run, [DONE, FAILED])


@kind("little-memory", "a run inside a memcg of little memory")
def little_memory(fault):
    hierarchy, file = fault.world.memory_hierarchy()
    group = fault.world.make_group(hierarchy)
    limit = int(2 ** fault.rng.uniform(20, 26))
    try:
        fault.world.write(os.path.join(group, file), str(limit))
    except OSError:
        raise Skip("a memcg of ours gets no limit here") from None
    words = fault.rng.choice(LIVE)
    run = fault.start(words, before=["sh", "-c", f'echo 0 >"{group}/cgroup.procs" && exec "$@"', "sh"])
    fault.wait(run)
    # Where the OOM killer had it: of memcgbench itself nothing else can be expected than of any SIGKILL.
    outcome = fault.judge(run, [DONE, FAILED, (5, "complete"), (5, None), (137, "running"), (137, "complete"), (137, None)])
    if run.status() == 137:
        next_run(fault)
    return outcome


# --- what benches need of the machine ---

def killed_with(fault, words, next_words):
    """SIGKILL to memcgbench, to its runner, or to both: then the next run of the kind cleans up."""
    who = fault.rng.choice(["memcgbench", "runner", "both"])

    def blow(run):
        runner = fault.find(run, "runner")
        pids = {"memcgbench": [run.pid], "runner": [runner], "both": [run.pid, runner]}[who]
        if not runner:
            return False
        for pid in pids:
            fault.send(pid, signal.SIGSTOP)
        return all([fault.send(pid, signal.SIGKILL) for pid in pids])

    run = fault.strike(lambda: fault.start(words), seconds_of(fault.world, words), blow)
    fault.wait(run)
    wanted = [FAILED, DONE] if who == "runner" else [(137, "running"), (137, "complete"), (137, None)]
    outcome = fault.judge(run, wanted)
    if who == "both":
        second = fault.start(next_words)
        fault.wait(second)
        if "of the highest priority" in second.err() and fault.world.has_others_swap():
            raise Skip("another run on this machine has swap on", is_for_all=False)
        fault.judge(second, [DONE])
    return outcome


@kind("swap-killed", "SIGKILL to a run whose bench has swap on zram")
def swap_killed(fault):
    words = ["reclaim_stream", "--kind=anon", "--size=4M", "--no-plots", *FEW]
    code, out, err = fault.read_verb("run", *words, "-b", "2", "-o", os.path.join(fault.folder, "try"))
    if code:
        raise Skip(f"no swap can be had here: {err.strip() or out.strip()}")
    return killed_with(fault, words, words)


@kind("dir-killed", "SIGKILL to a run whose bench has a folder on a disk")
def dir_killed(fault):
    # In the fault's folder: what is left there is found.
    words = ["reclaim_stream", "--dir=" + fault.world.scratch, "--size=4M", "--no-plots", *FEW]
    code, _, err = fault.read_verb("run", *words, "--dry-run")
    if code:
        raise Skip(f"no folder can be had here: {err.strip()}")
    return killed_with(fault, words, words)
