# SPDX-License-Identifier: GPL-2.0-or-later
"""kinds_guests.py - runs in guests, and kernels that are fetched for them."""
import glob
import hashlib
import io
import os
import signal
import sys
import tarfile
import time

from fault import Failure, Fault, Skip
from kind import DONE, FAILED, kind, seconds_of

HERE = os.path.dirname(os.path.abspath(__file__))

FEW = ["--seeds=1", "-j1", "-b", "2", "-t", "1ms", "--latency-ops", "0", "--quiet", "--no-plots"]
# One package, so that the run is the same tomorrow; it is fetched once. A shard of one boot, which counting makes twice.
REAL = ["null", "-k", "deb:6.12.117-1", "--shard=1/2", *FEW]


def real_guest(world):
    """Words and environment of a run that boots a kernel; None where none can be booted."""
    if "can boot" not in world.seconds:
        fault = Fault(world, "no-guest", 0, None)
        run = fault.start([*REAL, "--accel=tcg"])
        fault.wait(run)
        world.seconds["can boot"] = run.status() == 0
    return (REAL, {}) if world.seconds["can boot"] else None


def standin_guest(world):
    """The same of a run whose QEMU is a stand-in, for all three boots of a seed."""
    programs = os.path.join(world.scratch, "standin")
    if not os.path.exists(programs):
        os.mkdir(programs)
        with open(programs + "/qemu-system-x86_64", "w", encoding="utf-8") as file, open(HERE + "/standin.py", encoding="utf-8") as text:
            file.write(f"#!{os.path.realpath(sys.executable)}\n{text.read()}")
        os.chmod(file.name, 0o755)
    return ["fault_storm", "--size=1M", "-k", "k=" + world.image(), *FEW], {
        "PATH": programs + ":" + os.environ["PATH"], "STANDIN_DATA": os.path.join(HERE, "..", "data", "bisect"),
        "XDG_CACHE_HOME": os.path.join(world.scratch, "cache"),
    }


def signal_guest(who, name, accel, wanted):
    def make(fault):
        real = real_guest(fault.world)
        words, env = real or standin_guest(fault.world)
        # The stand-in tells counts.
        words = [*words, "--accel=" + (accel if real else "icount")]

        def blow(run):
            pid = fault.find(run, who)
            if not pid:
                return False
            return fault.pause(pid) if name == "STOP" else fault.send(pid, getattr(signal, "SIG" + name))

        run = fault.strike(lambda: fault.start(words, env=env), seconds_of(fault.world, words, env), blow)
        fault.wait(run)
        # The end of the console is told.
        outcome = fault.judge(run, wanted, most_lines=60)
        left = [path for path in glob.glob(run.results + "/*/boots/**/initramfs.cpio", recursive=True) if name != "KILL" or who != "memcgbench"]
        if left:
            raise Failure(f"is left: {left}")
        return ("" if real else "(stand-in) ") + outcome
    return make


for _name in ("KILL", "INT", "TERM", "HUP"):
    # It comes behind the end record, perhaps: all is there then.
    kind(f"qemu-{_name.lower()}", f"SIG{_name} to a QEMU")(signal_guest("qemu", _name, "tcg", [FAILED, DONE]))
kind("qemu-pipe", "SIGPIPE to a QEMU")(signal_guest("qemu", "PIPE", "tcg", [DONE]))
# Which counts twice, and has to find the same.
kind("qemu-stop", "SIGSTOP to a QEMU that counts, and SIGCONT after a while: the count stays exact")(signal_guest("qemu", "STOP", "icount", [DONE]))
for _name, _status in (("KILL", 137), ("INT", 130), ("TERM", 143)):
    _wanted = [(137, "running"), (137, "complete"), (137, None)] if _name == "KILL" else [(_status, "interrupted"), (_status, None), DONE]
    kind(f"guests-{_name.lower()}", f"SIG{_name} to memcgbench while a guest runs")(signal_guest("memcgbench", _name, "icount", _wanted))


# --- fetching ---

NAME = "linux-image-6.12.1+deb13-cloud-amd64"
FILE = NAME + "_6.12.1-1_amd64.deb"

# An apt that knows one kernel, and takes its time.
APT = {
    "apt-config": "echo x",
    "apt-cache": 'cat "$ARCHIVE/dump"',
    "apt-get": f'echo download >>"$ARCHIVE/asked"\nfor i in 1 2 3 4; do\n\tdd if="$ARCHIVE/deb" of={FILE} bs=1M count=1 skip=$((i - 1)) seek=$((i - 1)) '
               'conv=notrunc 2>/dev/null\n\tsleep 0.05\ndone',
}


def ar_member(name, data):
    head = f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(data):<10}`\n".encode()
    return head + data + b"\n" * (len(data) % 2)


def make_deb(image, rng):
    """A package with an image that is no kernel, and 3 MB that do not get smaller."""
    tar_file = io.BytesIO()
    with tarfile.open(fileobj=tar_file, mode="w:gz") as tar:
        for name, data in (("boot/vmlinuz-6.12.1", image), ("boot/config-6.12.1", b"CONFIG_MEMCG=y\n"),
                           ("usr/lib/modules/6.12.1/kernel/lib/x.ko", rng.randbytes(3 << 20))):
            member = tarfile.TarInfo("./" + name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return b"!<arch>\n" + ar_member("debian-binary", b"2.0\n") + ar_member("data.tar.gz", tar_file.getvalue())


def make_archive(fault):
    """Environment of a memcgbench whose apt is ours, and whose cache is empty."""
    folder = os.path.join(fault.folder, "archive")
    os.makedirs(folder)
    with open(fault.world.image(), "rb") as file:
        deb = make_deb(file.read(), fault.rng)
    with open(folder + "/deb", "wb") as file:
        file.write(deb)
    with open(folder + "/dump", "w", encoding="utf-8") as file:
        file.write(f"Package: {NAME}\nVersion: 6.12.1-1\nFilename: pool/{FILE}\nSize: {len(deb)}\nSHA256: {hashlib.sha256(deb).hexdigest()}\n\n")
    for name, text in APT.items():
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write("#!/bin/sh\n" + text + "\n")
        os.chmod(file.name, 0o755)
    cache = os.path.join(fault.folder, "cache")
    os.makedirs(cache + "/memcgbench/apt/lists")
    for name in ("updated", "lists/a_Packages"):
        with open(os.path.join(cache, "memcgbench/apt", name), "w", encoding="utf-8"):
            pass
    return {"ARCHIVE": folder, "XDG_CACHE_HOME": cache, "PATH": folder + ":" + os.environ["PATH"]}


def fetch(fault, env):
    return fault.start(["fetch", "6.12.1", "--quiet"], verb="kernel", env=env)


def judge_fetch(fault, run):
    fault.wait(run)
    if "no Debian source" in run.err():
        raise Skip("this machine's apt has no Debian source")
    if run.status() or not run.out().strip().endswith("/vmlinuz"):
        raise Failure(f"fetch: exit status {run.status()}: {run.err()}{run.out()}")
    return run.out()


def judge_cache(env, most_downloads):
    left = glob.glob(env["XDG_CACHE_HOME"] + "/**/*.tmp", recursive=True) + glob.glob(env["XDG_CACHE_HOME"] + "/**/*.deb", recursive=True)
    if left:
        raise Failure(f"is left in the cache: {left}")
    with open(env["ARCHIVE"] + "/asked", encoding="utf-8") as file:
        nr = len(file.readlines())
    if nr > most_downloads:
        raise Failure(f"downloaded {nr} times")


@kind("two-fetches", "a kernel is fetched by two at once")
def two_fetches(fault):
    env = make_archive(fault)
    first = fetch(fault, env)
    time.sleep(fault.rng.uniform(0, 0.4))
    second = fetch(fault, env)
    if judge_fetch(fault, first) != judge_fetch(fault, second):
        raise Failure("they say that it is in two places")
    judge_cache(env, 1)
    return "fetched"


@kind("fetch-killed", "SIGKILL, SIGINT or SIGTERM to a fetch; the next has it whole, and cleans up")
def fetch_killed(fault):
    env = make_archive(fault)
    name = fault.rng.choice(["KILL", "INT", "TERM"])
    run = fetch(fault, env)
    time.sleep(fault.rng.uniform(0, 0.6))
    was_alive = fault.send(run.pid, getattr(signal, "SIG" + name)) if run.is_alive() else False
    fault.wait(run)
    judge_fetch(fault, fetch(fault, env))
    judge_cache(env, 2)
    return "killed" if was_alive and run.status() else "fetched before"
