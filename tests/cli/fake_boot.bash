# SPDX-License-Identifier: GPL-2.0-or-later
# fake_boot.bash - kernels whose costs are made up, for tests that need many of them. $BIN: the folder of the programs, to be put
# into PATH; $DATA: tests/data/bisect, which has a boot of Debian's 6.1 with memcg off and one with memcg on.
# shellcheck shell=bash

# build-image packs the file "cost" of the folder that it runs in into what passes for an image, out/bzImage, and writes what it
# packed to the file $BUILDS. A cost is a number (so many instructions more per fault in a child), a number and "?" (in every other
# boot), "broken" (does not build), "truncated", "panic", or "slow N" (a boot that takes a minute).
#
# qemu-system-x86_64 answers as a boot of such an image.
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
		if cost == "panic":
		    open(path["console"], "w").write("[    0.5] Kernel panic - not syncing: made up\n")
		    sys.exit()
		memcg = "off" if "cgroup_disable=memory" in words else "on"
		with open(path["results"], "w") as out:
		    for line in open(os.environ["DATA"] + "/" + memcg + ".jsonl"):
		        record = json.loads(line)
		        if record["type"] == "boot":
		            record["seed"] = seed
		        if record["type"] == "sample":
		            fault = record["metrics"]["fault"]
		            extra = seed % 3
		            if record["arm"] == 2:
		                # "3" is 3 more in every boot, "3?" in every other one: inconclusive
		                extra += int(cost.strip("?")) if "?" not in cost or seed % 2 else -4 * int(cost.strip("?"))
		            fault["ns"] += extra * fault["ops"]
		        out.write(json.dumps(record, separators=(",", ":")) + "\n")
	END
	chmod +x "$BIN"/*
}
