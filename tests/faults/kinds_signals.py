# SPDX-License-Identifier: GPL-2.0-or-later
"""kinds_signals.py - signals to memcgbench, its runner, a worker, and to all of them."""
import signal

from kind import DONE, FAILED, LIVE, kind, next_run, seconds_of

# By who gets the signal: what may become of the run. Any may also come when all is measured already.
SIGNALS = {
    "memcgbench": {
        "KILL": [(137, "running"), (137, "complete"), (137, None)],
        # None: before it could be caught, or begin.
        "INT": [(130, "interrupted"), (130, None), DONE],
        "TERM": [(143, "interrupted"), (143, None), DONE],
        "HUP": [(129, "interrupted"), (129, None), DONE],
        "STOP": [DONE],
        "PIPE": [DONE, (141, None)],
    },
    # To the runner they mean "stop"; that nobody asked memcgbench to makes it a failure.
    "runner": {"KILL": [FAILED, DONE], "INT": [FAILED, DONE], "TERM": [FAILED, DONE], "HUP": [FAILED, DONE], "STOP": [DONE], "PIPE": [DONE]},
    # ^C reaches all processes of a terminal: the runner decides.
    "worker": {"KILL": [FAILED, DONE], "INT": [DONE], "TERM": [FAILED, DONE], "HUP": [DONE], "STOP": [DONE], "PIPE": [DONE]},
}


def signal_live(who, name, wanted):
    def make(fault):
        words = fault.rng.choice(LIVE)

        def blow(run):
            pid = fault.find(run, who)
            if not pid:
                return False
            return fault.pause(pid) if name == "STOP" else fault.send(pid, getattr(signal, "SIG" + name))

        run = fault.strike(lambda: fault.start(words), seconds_of(fault.world, words), blow)
        fault.wait(run)
        return fault.judge(run, wanted)
    return make


for _who, _signals in SIGNALS.items():
    for _name, _wanted in _signals.items():
        _what = f"SIG{_name} to {_who if _who == 'memcgbench' else 'the ' + _who}" + (", and SIGCONT after a while" if _name == "STOP" else "")
        kind(f"{_who}-{_name.lower()}", _what)(signal_live(_who, _name, _wanted))


@kind("all-kill", "SIGKILL to memcgbench, runner and worker at once; the next run cleans up")
def all_kill(fault):
    words = fault.rng.choice(LIVE)

    def blow(run):
        runner = fault.find(run, "runner")
        if not runner:
            return False
        # Stopped first, so that none has the time to clean up.
        pids = [run.pid, runner]
        struck = all([fault.send(pid, signal.SIGSTOP) for pid in pids])
        pids += fault.world.children(runner)
        for pid in reversed(pids):
            fault.send(pid, signal.SIGKILL)
        return struck

    run = fault.strike(lambda: fault.start(words), seconds_of(fault.world, words), blow)
    fault.wait(run)
    outcome = fault.judge(run, [(137, "running"), (137, "complete"), (137, None)])
    next_run(fault)
    return outcome


@kind("terminal-int", "SIGINT to the process group, as ^C is")
def terminal_int(fault):
    words = fault.rng.choice(LIVE)
    run = fault.strike(lambda: fault.start(words), seconds_of(fault.world, words), lambda run: run.is_alive() and fault.send(-run.pid, signal.SIGINT))
    fault.wait(run)
    return fault.judge(run, SIGNALS["memcgbench"]["INT"])
