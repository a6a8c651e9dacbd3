# SPDX-License-Identifier: GPL-2.0-or-later
"""kinds_limits.py - too little of something: disk, files, memory, processes, a place for temporary files."""
import glob
import math
import os
import resource
import shutil
import stat
import time

import stored
from fault import TRIES, Failure, Skip
from kind import DONE, FAILED, LIVE, NULL, STORM, kind, run_whole

PAGE = os.sysconf("SC_PAGESIZE")
NO_SPACE = "No space left on device"


# --- a full disk ---

def pages_of(folder, without=()):
    """What a run takes of a tmpfs, without the names @without."""
    nr = 1
    for path in glob.glob(os.path.join(folder, "**"), recursive=True):
        if os.path.isfile(path) and not any(name in path for name in without):
            nr += math.ceil(os.path.getsize(path) / PAGE)
    return nr


def size_of(world, fault, words, without=()):
    key = "pages " + " ".join([*words, *without])
    if key not in world.seconds:
        world.seconds[key] = pages_of(run_whole(fault, words).folders()[0], without)
    return world.seconds[key]


def mount_disk(fault, pages, name):
    disk = os.path.join(fault.folder, name)
    os.makedirs(disk)
    fault.world.mount("-t", "tmpfs", "-o", f"size={pages * PAGE}", "none", disk)
    return disk


def whole_files(run):
    """What a full disk leaves of a table or a picture: all of it, or nothing."""
    for folder in run.folders():
        for path in glob.glob(os.path.join(folder, "plots", "*")) + glob.glob(os.path.join(folder, "table.txt")):
            with open(path, "rb") as file:
                text = file.read()
            if not text or (path.endswith(".svg") and not text.rstrip().endswith(b"</svg>")) or (path.endswith(".png") and b"IEND" not in text[-16:]):
                raise Failure(f"{path} is a part of a file, of {len(text)} bytes")


@kind("disk-samples", "a disk that is full before all is measured")
def disk_samples(fault):
    words = fault.rng.choice(LIVE)
    most = size_of(fault.world, fault, words, ["plots/", "table.txt"]) - 2
    for number in range(TRIES):
        size = fault.rng.randint(1, most)
        run = fault.start(words, results=mount_disk(fault, size, f"disk-{number}") + "/results")
        fault.wait(run)
        outcome = fault.judge(run, [FAILED, (5, "running"), (5, None), (5, "complete"), DONE], may_be_torn=True)
        if not outcome.startswith("complete"):
            if NO_SPACE not in run.err():
                raise Failure(f"of the full disk it says nothing: {run.err()}")
            return outcome
        # As many reps as it takes to warm up, which are not always as many: this time all had room.
        most = size - 1
    raise Skip("the disk was always large enough", is_for_all=False)


def fill(folder):
    """From now on there is no room. In small steps, so that what is open for writing gets no byte more."""
    with open(os.path.join(folder, "filler"), "ab", buffering=0) as file:
        try:
            while file.write(bytes(512)) == 512:
                pass
        except OSError:
            pass


def disk_after(fault, words, seconds, has_hit):
    """A disk that fills up once run.json says that all is measured, at most @seconds later."""
    size = size_of(fault.world, fault, words) + 64
    for number in range(TRIES):
        disk = mount_disk(fault, size, f"disk-{number}")
        run = fault.start(words, results=disk + "/results")
        while run.is_alive() and not any(stored.status(folder) == "complete" for folder in run.folders()):
            time.sleep(0.0005)
        time.sleep(fault.rng.uniform(0, seconds))
        fill(disk)
        fault.wait(run)
        outcome = fault.judge(run, [DONE, (5, "complete")])
        whole_files(run)
        if has_hit(run):
            return outcome
    raise Skip("the run always ended before the disk was full", is_for_all=False)


@kind("disk-table", "a disk that is full when the table is to be written")
def disk_table(fault):
    def has_hit(run):
        if os.path.exists(run.folders()[0] + "/table.txt"):
            return False
        if run.status() != 5 or "what was measured is stored, but not its table" not in run.err() or "ns per op" not in run.out():
            raise Failure(f"the table is not stored; exit status {run.status()}, and it says: {run.err()}{run.out()}")
        return True
    return disk_after(fault, fault.rng.choice([[*NULL, "--no-plots"], STORM]), 0.005, has_hit)


@kind("disk-plots", "a disk that is full while the pictures are drawn")
def disk_plots(fault):
    def has_hit(run):
        if os.path.exists(run.folders()[0] + "/plots/overhead.png"):
            return False
        if "no pictures: " not in run.out():
            raise Failure(f"there are no pictures, and it says: {run.err()}{run.out()}")
        return True
    return disk_after(fault, NULL, 0.2, has_hit)


# --- limits of a process ---

def is_of_loader(run):
    """The dynamic loader or the kernel could not even start it: that is no run of memcgbench."""
    return run.status() in (127, 139, 137) and not run.folders() and "memcgbench run: " not in run.err()


def limited(fault, what, draw):
    words = fault.rng.choice(LIVE)
    for _ in range(40):
        limit = draw()
        run = fault.start(words, limits=[(what, limit)])
        fault.wait(run)
        if not is_of_loader(run):
            # What is left out because of it is said in the table, and is no fault of the samples.
            return fault.judge(run, [DONE, FAILED, (5, "running"), (5, "complete"), (5, None)])
    raise Skip("under no limit that was drawn could it be loaded", is_for_all=False)


@kind("nofile", "RLIMIT_NOFILE: few open files")
def nofile(fault):
    return limited(fault, resource.RLIMIT_NOFILE, lambda: fault.rng.randint(3, 24))


@kind("address-space", "RLIMIT_AS: little address space")
def address_space(fault):
    return limited(fault, resource.RLIMIT_AS, lambda: int(2 ** fault.rng.uniform(23, 28.5)))


# --- an ordinary user, in a cgroup of his own ---

def as_user(fault, uid):
    """Words before a command of the user @uid, who may run memcgbench, in a memcg of his."""
    if not shutil.which("setpriv"):
        raise Skip("needs setpriv (Debian: util-linux)")
    hierarchy, file = fault.world.memory_hierarchy()
    if file != "memory.limit_in_bytes":
        raise Skip("the memory controller is not on cgroup v1 here")
    group = fault.world.make_group(hierarchy)
    for folder, _, files in os.walk(group):
        for path in [folder, *(os.path.join(folder, name) for name in files)]:
            os.chown(path, uid, uid)
    os.chown(fault.folder, uid, uid)
    return ["sh", "-c", f'echo 0 >"{group}/cgroup.procs" && exec "$@"', "sh",
            "setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups"]


def may_user_read(path):
    while path != "/":
        if not os.stat(path).st_mode & stat.S_IXOTH:
            return False
        path = os.path.dirname(path)
    return True


@kind("nproc", "RLIMIT_NPROC: an ordinary user who may have few processes")
def nproc(fault):
    if not may_user_read(fault.folder):
        raise Skip("other users may not enter the build folder")
    # A user whom nothing else belongs to.
    before = as_user(fault, 2_000_000_000 + fault.rng.randrange(1_000_000))
    words = fault.rng.choice(LIVE)
    limit = fault.rng.randint(1, 6)
    # Root, who sets it, is not held to it; whom setpriv makes of him is.
    run = fault.start(words, before=before, limits=[(resource.RLIMIT_NPROC, limit)])
    fault.wait(run)
    return fault.judge(run, [DONE, FAILED, (5, None)])


# --- no place for temporary files ---

# A QEMU whose guest could not begin.
FAKE_QEMU = """#!/bin/sh
case "$*" in
*--version*) echo "QEMU emulator version 7.2.0"; exit ;;
esac
results=${*#*id=results,path=}
printf '{"type":"error","text":"it lacks CONFIG_X"}\\n{"type":"end","status":"failed"}\\n' >"${results%% *}"
"""


def without_tmp(fault, before, env):
    """What might want a temporary file, at random."""
    programs = os.path.join(fault.folder, "programs")
    os.mkdir(programs)
    with open(os.path.join(programs, "qemu-system-x86_64"), "w", encoding="utf-8") as file:
        file.write(FAKE_QEMU)
    os.chmod(file.name, 0o755)
    env = {**env, "XDG_CACHE_HOME": fault.folder + "/cache", "PATH": programs + ":" + os.environ["PATH"]}
    kernel = ["-k", "k=" + fault.world.image(), "null"]
    what, verb, words, want, sentence = fault.rng.choice([
        ("live", "run", fault.rng.choice(LIVE), 0, ""),
        ("guest", "run", [*kernel, "--seeds=1", "--quiet"], 5, "it lacks CONFIG_X"),
        ("plan", "plan", ["--shards=2", "--", *kernel], 0, ""),
        ("bisect", "bisect", ["--good=a", "--bad=b", "--tree", "/usr"], 2, "a is no revision of the git tree"),
    ])
    run = fault.start(words, verb=verb, before=before, env=env)
    fault.wait(run)
    if run.status() != want or sentence not in run.err() or "/tmp" in run.err():
        raise Failure(f"{what}: exit status {run.status()}: {run.err()}")
    if verb == "run":
        fault.judge(run, [DONE, FAILED])
    return what


@kind("no-tmp", "/tmp is read-only, and TMPDIR names nothing")
def no_tmp(fault):
    fault.world.mount("-t", "tmpfs", "-o", "ro", "none", "/tmp")
    return without_tmp(fault, [], {"TMPDIR": "/nonexistent"})


@kind("foreign-tmp", "an ordinary user, and /tmp and TMPDIR are another's")
def foreign_tmp(fault):
    if not may_user_read(fault.folder):
        raise Skip("other users may not enter the build folder")
    fault.world.mount("-t", "tmpfs", "-o", "mode=700", "none", "/tmp")
    return without_tmp(fault, as_user(fault, 2_000_000_000 + fault.rng.randrange(1_000_000)), {"TMPDIR": "/tmp"})
