# SPDX-License-Identifier: GPL-2.0-or-later
# fake_boot.bash - kernels whose costs are made up, for tests that need many of them. $BIN: the folder of the programs, to be put
# into PATH; $DATA: tests/data/bisect, which has a boot of Debian's 6.1 with memcg off and one with memcg on.
# shellcheck shell=bash

# build-image packs the file "cost" of the folder that it runs in into what passes for an image, out/bzImage, and writes what it
# packed to the file $BUILDS. A cost is a number (so many instructions more per fault in a child), a number and "?" (in every other
# boot), "broken" (does not build), "truncated", "panic" (behind 99 lines on the console), "panic on" (with memcg on only), "slow N" (a boot
# that takes a minute), "liar" (its console has all records, and bytes of any kind; its result channel the first), "stranger TEXT" (a record more,
# behind the second), "tainted N" (with memcg on: the kernel's taint), "impostor" (another release than the image's), or "again WHAT" (the repetition of a boot differs, is short, or panics).
#
# qemu-system-x86_64 answers as a boot of such an image. Of its arguments the kernel knows "everybody=N", which makes every fault N
# instructions dearer, also with memcg off, and zswap.enabled, which stays off; none that begins with "nosuch".
make_fakes()
{
	cat >"$BIN/build-image" <<-'END'
		#!/usr/bin/env python3
		import os, sys
		cost = open("cost").read().strip()
		with open(os.environ["BUILDS"], "a") as builds:
		    builds.write(cost + "\n")
		if cost == "broken":
		    sys.exit("cost.c:1: error: it does not compile")
		image = bytearray(0x1000)
		image[0x1fe:0x200] = b"\x55\xaa"
		image[0x202:0x206] = b"HdrS"
		image[0x206:0x208] = b"\x0f\x02"
		image[0x1f1] = 1
		image[0x1f4:0x1f8] = (0xc0).to_bytes(4, "little")
		image[0x20e:0x210] = (0x100).to_bytes(2, "little")
		image[0x236] = 1
		image[0x300:0x30b] = b"6.12.0-fake"
		image[0x800:0x800 + len(cost)] = cost.encode()
		os.makedirs("out", exist_ok=True)
		open("out/bzImage", "wb").write(image[:0x210] if cost == "truncated" else image)
	END
	cat >"$BIN/qemu-system-x86_64" <<-'END'
		#!/usr/bin/env python3
		import json, os, re, sys
		if "--version" in sys.argv:
		    print("QEMU emulator version 7.2.22")
		    sys.exit()
		words = " ".join(sys.argv)
		path = {id: p for id, p in re.findall(r"file,id=(\w+),path=(\S+)", words)}
		image = open(sys.argv[sys.argv.index("-kernel") + 1], "rb").read()
		seed = int(sys.argv[sys.argv.index("-seed") + 1])
		cost = image[0x800:].split(b"\0")[0].decode()
		if cost.startswith("slow"):
		    open(os.environ["BUILDS"] + ".slow", "w").close()
		    import time
		    time.sleep(60)
		memcg = "off" if "cgroup_disable=memory" in words else "on"
		args = sys.argv[sys.argv.index("-append") + 1].split()
		everybody = sum(int(arg[10:]) for arg in args if arg.startswith("everybody="))
		again = cost[6:] if cost.startswith("again") and "-again/" in path["results"] else ""
		if cost == "panic" or cost == "panic " + memcg or again == "panics":
		    with open(path["console"], "w") as out:
		        for i in range(1, 100):
		            out.write("line %d of the console, %s\r\n" % (i, "x" * 60))
		        out.write("Kernel panic - not syncing: made up\r\n---[ end Kernel panic ]---\r\n")
		    sys.exit()
		if cost == "liar":
		    lines = open(os.environ["DATA"] + "/" + memcg + ".jsonl", "rb").readlines()
		    lines[0] = lines[0].replace(b'"release":"', b'"release":"6.12.0-fake","was":"')
		    open(path["console"], "wb").write(b"\r\n".join(lines) + bytes(range(1, 256)) + b"\r\n" + b"\n".join(lines))
		    open(path["results"], "wb").write(lines[0])
		    sys.exit()
		with open(path["results"], "w") as out:
		    for line in open(os.environ["DATA"] + "/" + memcg + ".jsonl"):
		        record = json.loads(line)
		        if record["type"] == "boot":
		            record["seed"] = seed
		            record["facts"]["release"] = "6.11.0-other" if cost == "impostor" else "6.12.0-fake"
		        if record["type"] == "sample":
		            fault = record["metrics"]["fault"]
		            extra = seed % 3 + everybody
		            if record["arm"] == 2 and cost.strip("?").isdigit():
		                # "3" is 3 more in every boot, "3?" in every other one: inconclusive
		                extra += int(cost.strip("?")) if "?" not in cost or seed % 2 else -4 * int(cost.strip("?"))
		            fault["ns"] += extra * fault["ops"]
		            if again == "differs" and record["rep"] == 5:
		                fault["ns"] += 7
		        if record["type"] == "item" and cost.startswith("stranger"):
		            out.write(cost[9:] + "\n")
		        if record["type"] == "end" and memcg == "on" and cost.startswith("tainted"):
		            record["tainted"] = int(cost[8:])
		        if record["type"] == "end":
		            record["args"] = {"unknown": [arg for arg in args if arg.startswith("nosuch")],
		                              "values": {"zswap.enabled": "N"} if "zswap.enabled=1" in args else {}}
		        if record["type"] == "noise" and again == "is short":
		            continue
		        out.write(json.dumps(record, separators=(",", ":")) + "\n")
	END
	chmod +x "$BIN"/*
}
