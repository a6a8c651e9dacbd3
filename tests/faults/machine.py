# SPDX-License-Identifier: GPL-2.0-or-later
"""machine.py - this machine as the runs find it: where they work, which processes there are, and what they left."""
import contextlib
import glob
import os
import re
import shutil
import signal
import struct
import subprocess
import tempfile
import time

from fault import Skip

# How long what a fault has ended may take to clean up.
LEAVE_S = 15


def read(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def mounts():
    return [line.split()[:4] for line in read("/proc/self/mounts").splitlines()]


class World:
    def __init__(self, top):
        build = os.path.abspath(os.environ.get("O", os.path.join(top, "build")))
        if not os.access(os.path.join(build, "memcgbench"), os.X_OK):
            raise SystemExit(f"tests/faults/run: there is no {build}/memcgbench: run make, or set O")
        os.makedirs(os.path.join(build, "faults"), exist_ok=True)
        self.scratch = tempfile.mkdtemp(prefix="at-", dir=os.path.join(build, "faults"))
        os.chmod(self.scratch, 0o755)
        self.keep_program(build, top)
        # /tmp of our own: all that is ever in it was left there. What lies in the machine's is not to be seen here.
        if self.scratch.startswith("/tmp/"):
            raise SystemExit("tests/faults/run: the build folder lies in /tmp, which is replaced here: build elsewhere")
        subprocess.run(["mount", "-t", "tmpfs", "none", "/tmp"], check=True)
        self.pid_ns = int(re.search(r"\d+", os.readlink("/proc/self/ns/pid")).group())
        self.cgroups = [words[1] for words in mounts() if words[2] in ("cgroup", "cgroup2")]
        self.note_zrams()
        self.mounts = mounts()
        self.to_put_back = []
        self.seconds = {}

    def note_zrams(self):
        """Devices that are there before a fault: what one left is not blamed on the next."""
        self.zrams = set(glob.glob("/sys/block/zram*"))

    def keep_program(self, build, top):
        """A copy, that nobody builds anew meanwhile."""
        self.bin = os.path.join(self.scratch, "bin")
        os.mkdir(self.bin)
        for name in ("memcgbench", "memcgbench-runner", "memcgbench-probe.so"):
            shutil.copy2(os.path.join(build, name), self.bin)
        shutil.copytree(os.path.join(top, "plots"), os.path.join(self.bin, "plots"))
        self.memcgbench = os.path.join(self.bin, "memcgbench")

    def image(self):
        """What passes for a kernel as long as nobody boots it: a bzImage's header, and a release (harness/guest/kernel_image.c)."""
        path = os.path.join(self.scratch, "bzImage")
        header = {0x1f1: b"\x01", 0x1f4: struct.pack("<I", (4096 - 1024) // 16), 0x1fe: b"\x55\xaa", 0x202: b"HdrS\x0f\x02",
                  0x20e: b"\x00\x01", 0x236: b"\x01", 0x300: b"6.12.0-fake"}
        image = bytearray(4096)
        for at, text in header.items():
            image[at:at + len(text)] = text
        with open(path, "wb") as file:
            file.write(image)
        return path

    def close(self, keep):
        if not keep:
            shutil.rmtree(self.scratch)

    def memory_hierarchy(self):
        """Where the memory controller is mounted, and the name of the file with a group's limit."""
        for _, path, kind, options in mounts():
            if kind == "cgroup" and "memory" in options.split(","):
                return path, "memory.limit_in_bytes"
        for _, path, kind, _ in mounts():
            if kind == "cgroup2" and "memory" in read(path + "/cgroup.subtree_control"):
                return path, "memory.max"
        raise Skip("the memory controller cannot be reached here")

    # --- processes ---

    def processes(self):
        """pid -> (parent, state, name) of all in this namespace but ourselves. Takes the zombies that nobody else will."""
        found = {}
        for name in os.listdir("/proc"):
            match = name.isdigit() and re.match(r"\d+ \((.*)\) (\S) (\d+)", read(f"/proc/{name}/stat"), re.DOTALL)
            if match and int(name) != os.getpid():
                found[int(name)] = int(match.group(3)), match.group(2), match.group(1)
        return found

    def reap(self):
        """Orphans come to process 1, which is us."""
        for pid, (parent, state, _) in self.processes().items():
            if state == "Z" and parent == os.getpid():
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(pid, os.WNOHANG)

    def children(self, parent, name=None):
        return [pid for pid, (of, state, is_called) in self.processes().items()
                if of == parent and state not in "ZX" and name in (None, is_called)]

    def command(self, pid):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                return file.read()
        except OSError:
            return b""

    def describe_processes(self):
        return ", ".join(f"{pid} {name} ({state}, child of {parent}, {read(f'/proc/{pid}/wchan') or '?'})"
                         for pid, (parent, state, name) in self.processes().items()) or "there are no processes"

    def end_all(self):
        """After a failure: whatever is here is ours."""
        for _ in range(100):
            self.thaw()
            pids = [pid for pid, (_, state, _) in self.processes().items() if state not in "ZX"]
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self.reap()
            if not pids:
                break
            time.sleep(0.05)

    def thaw(self):
        for path in self.cgroups:
            for group in glob.glob(path + "/memcgbench-faults-*"):
                for name, value in (("freezer.state", "THAWED"), ("cgroup.freeze", "0")):
                    if os.path.exists(os.path.join(group, name)):
                        self.write(os.path.join(group, name), value)

    # --- what a fault changes, and is changed back after it ---

    def write(self, path, value):
        with open(path, "w", encoding="utf-8") as file:
            file.write(value)

    def make_group(self, hierarchy):
        path = os.path.join(hierarchy, f"memcgbench-faults-{self.pid_ns}-{len(self.to_put_back)}")
        os.mkdir(path)
        self.to_put_back.append(lambda: self.remove_group(path))
        return path

    def remove_group(self, path):
        self.thaw()
        for _ in range(200):
            try:
                os.rmdir(path)
                return
            except OSError:
                self.reap()
                time.sleep(0.02)

    def mount(self, *words):
        subprocess.run(["mount", *words], check=True)
        self.to_put_back.append(lambda: subprocess.run(["umount", words[-1]], check=True))

    def put_back(self):
        while self.to_put_back:
            self.to_put_back.pop()()
        for name in os.listdir("/tmp"):
            path = os.path.join("/tmp", name)
            shutil.rmtree(path) if os.path.isdir(path) else os.unlink(path)

    # --- what is left ---

    def groups(self):
        """Cgroups of runs of this pid namespace, wherever they are."""
        ours = re.compile(rf"memcgbench\.\d+\.\d+\.{self.pid_ns}(\.|$)")
        found = []
        for top in self.cgroups:
            for folder, names, _ in os.walk(top):
                found += [os.path.join(folder, name) for name in names if ours.match(name)]
                names[:] = [name for name in names if not ours.match(name)]
        return found

    def swap(self):
        """zram of runs of this namespace (harness/machine/swap_header.c), and devices that are new here and have no size."""
        found = []
        for path in set(glob.glob("/sys/block/zram*")):
            device = "/dev/" + os.path.basename(path)
            if read(path + "/disksize").strip() == "0":
                if path not in self.zrams:
                    found.append(f"{device}, without a size")
                continue
            try:
                with open(device, "rb") as file:
                    page = file.read(1100)
            except OSError:
                continue
            if page[1052:1062] == b"memcgbench" and struct.unpack("<I", page[:4])[0] == self.pid_ns:
                found.append(device)
        return found

    def has_others_swap(self):
        ours = self.swap()
        return any(line.startswith("/dev/zram") and line.split()[0] not in ours for line in read("/proc/swaps").splitlines())

    def look(self, fault):
        self.reap()
        left = [f"process {pid} {name}" for pid, (_, state, name) in self.processes().items() if state not in "ZX"]
        left += [f"cgroup {path}" for path in self.groups()]
        left += [f"swap {device}" for device in self.swap()]
        left += [f"/tmp/{name}" for name in os.listdir("/tmp") if name not in fault.own_in_tmp]
        left += [f"folder {path}" for path in glob.glob(os.path.join(fault.folder, "**", "memcgbench.*"), recursive=True)]
        return left

    def what_is_left(self, fault):
        """Once it has had its time to go."""
        end = time.monotonic() + LEAVE_S
        left = self.look(fault)
        while left and time.monotonic() < end:
            time.sleep(0.02)
            left = self.look(fault)
        return left
