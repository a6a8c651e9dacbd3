# SPDX-License-Identifier: GPL-2.0-or-later
"""
standin.py - in place of QEMU where a fault is none of the guest's: to memcgbench a boot is a process with a console and a result channel.
Takes about @SECONDS for a boot, says what one of Debian's 6.1 said (tests/data/bisect), and ends at signals as QEMU does.
"""
import json
import os
import re
import signal
import sys
import time

SECONDS = 0.8


def main():
    if "--version" in sys.argv:
        print("QEMU emulator version 7.2.22")
        return
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # At once, and with status 0: "terminating on signal 15".
        signal.signal(number, lambda *_: os._exit(0))
    words = " ".join(sys.argv)
    path = dict(re.findall(r"file,id=(\w+),path=(\S+)", words))
    name = "off" if "cgroup_disable=memory" in words else "on"
    with open(os.environ["STANDIN_DATA"] + f"/{name}.jsonl", encoding="utf-8") as file:
        records = [json.loads(line) for line in file]
    with open(path["console"], "w", encoding="utf-8") as console:
        for i in range(10):
            console.write(f"[    0.{i:06d}] a line of the console\r\n")
            console.flush()
            time.sleep(SECONDS / 2 / 10)
    with open(path["results"], "w", encoding="utf-8") as results:
        for record in records:
            if record["type"] == "boot":
                record["seed"] = int(sys.argv[sys.argv.index("-seed") + 1])
                record["facts"]["release"] = "6.12.0-fake"
            results.write(json.dumps(record, separators=(",", ":")) + "\n")
            results.flush()
            time.sleep(SECONDS / 2 / len(records))


main()
