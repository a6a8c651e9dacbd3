# SPDX-License-Identifier: GPL-2.0-or-later
"""kind.py - what kinds of faults are made of: a name, a function, and the runs that they happen to."""
import time

from fault import Failure, Fault

KINDS = []


class Kind:
    def __init__(self, name, what, make):
        self.name = name
        self.what = what
        self.make = make


def kind(name, what):
    def add(make):
        KINDS.append(Kind(name, what, make))
        return make
    return add


# --- runs that faults happen to: all a whole run, of a second or two ---

FEW = ["--quiet", "--quick", "-b", "24", "-t", "1ms", "--latency-ops", "100"]
LIVE = [
    ["null", *FEW],
    ["fault_storm", "--size=1M", "-w", "2", "--no-plots", *FEW],
    ["fault_storm", "--size=1M", "-w", "2", "--threads", "-d", "1,2", "--no-plots", *FEW],
]


def seconds_of(world, words):
    """What such a run takes here without a fault. Measured once, and it has to be complete."""
    key = " ".join(words)
    if key not in world.seconds:
        fault = Fault(world, "no-fault", len(world.seconds), None)
        begin = time.monotonic()
        run = fault.start(words)
        fault.wait(run)
        world.seconds[key] = time.monotonic() - begin
        fault.judge(run, [(0, "complete")])
        left = world.what_is_left(fault)
        if left:
            raise Failure("is left without any fault: " + "; ".join(left))
    return world.seconds[key]


DONE = (0, "complete")
FAILED = (5, "failed")


def run_whole(fault, words, **how):
    """A run that nothing happens to: it has to be complete."""
    run = fault.start(words, **how)
    fault.wait(run)
    fault.judge(run, [DONE])
    return run


def next_run(fault):
    """Removes what killed ones left."""
    run_whole(fault, ["null", *FEW, "--no-plots"])
