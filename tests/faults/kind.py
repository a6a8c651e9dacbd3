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

FEW = ["--quiet", "--quick", "-b", "8", "-t", "1ms", "--latency-ops", "100"]
NULL = ["null", *FEW]
STORM = ["fault_storm", "--size=1M", "-d", "1,2", "--no-plots", *FEW]
# Workers in step need a CPU each, and on a busy machine get it seldom: this one takes long there.
TWO = ["fault_storm", "--size=1M", "-w", "2", "--threads", "--no-plots", *FEW]
LIVE = [NULL, STORM, NULL, STORM, TWO]


def seconds_of(world, words, env=None):
    """What such a run takes here without a fault. Measured once, and it has to be complete."""
    key = " ".join(words)
    if key not in world.seconds:
        fault = Fault(world, "no-fault", len(world.seconds), None)
        begin = time.monotonic()
        run = fault.start(words, env=env)
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
