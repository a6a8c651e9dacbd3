#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# tests/fuzz/seeds.py: write the first inputs of tests/fuzz/corpus/, NAME/seed-…, for all but rundata, whose are written by hand. Small, and whole:
# a fuzzer breaks them by itself. From the profiles and runs that are committed here, and made up where what is real is large.
import bz2, gzip, io, json, lzma, os, re, struct, subprocess, tarfile, tempfile

top = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
corpus = os.path.join(top, "tests", "fuzz", "corpus")


def seed(target, name, data):
    os.makedirs(os.path.join(corpus, target), exist_ok=True)
    with open(os.path.join(corpus, target, "seed-" + name), "wb") as out:
        out.write(data.encode() if isinstance(data, str) else data)


def packed(data, how):
    return {"plain": lambda d: d, "gz": lambda d: gzip.compress(d, 9, mtime=0), "xz": lzma.compress, "bz2": bz2.compress,
            "lzma": lambda d: lzma.compress(d, lzma.FORMAT_ALONE),
            "zst": lambda d: subprocess.run(["zstd", "-q", "-c"], input=d, stdout=subprocess.PIPE, check=True).stdout}[how](data)


# An ELF of sections {name: bytes}, and of one segment of notes.
def elf(sections, notes=b""):
    names, bodies = b"\0", b""
    at = 64 + 56
    headers = [struct.pack("<IIQQQQIIQQ", 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)]
    for name, body in list(sections.items()) + [(".shstrtab", None)]:
        offset = len(names)
        names += name.encode() + b"\0"
        body = names if body is None else body
        headers.append(struct.pack("<IIQQQQIIQQ", offset, 1, 0, 0, at + len(bodies), len(body), 0, 0, 1, 0))
        bodies += body
    notes_at = at + len(bodies)
    bodies += notes
    bodies += b"\0" * (-(at + len(bodies)) % 8)
    head = b"\x7fELF\x02\x01\x01" + b"\0" * 9 + struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, 0, 64, at + len(bodies), 0, 64, 56, 1, 64,
                                                            len(headers), len(headers) - 1)
    return head + struct.pack("<IIQQQQQQ", 4, 4, notes_at, 0, 0, len(notes), len(notes), 4) + bodies + b"".join(headers)


def note(name, kind, desc):
    pad = lambda b: b + b"\0" * (-len(b) % 4)
    return struct.pack("<III", len(name), len(desc), kind) + pad(name) + pad(desc)


# BTF: struct list_head, page_counter and mem_cgroup with an anonymous union, an array and a bit-field (Documentation/bpf/btf.rst).
def btf():
    strings, types = b"\0", []

    def text(s):
        nonlocal strings
        if not s:
            return 0
        strings += s.encode() + b"\0"
        return len(strings) - len(s) - 1

    def kind(name, kind, vlen, size, rest=b"", flag=0):
        types.append(struct.pack("<III", text(name), flag << 31 | kind << 24 | vlen, size) + rest)
        return len(types)

    member = lambda name, type, offset: struct.pack("<III", text(name), type, offset)
    long = kind("long", 1, 0, 8, struct.pack("<I", 64))
    pointer = kind("", 2, 0, 2 + 1)
    kind("list_head", 4, 2, 16, member("next", pointer, 0) + member("prev", pointer, 64))
    array = kind("", 3, 0, 0, struct.pack("<III", long, long, 4))
    counter = kind("page_counter", 4, 2, 40, member("usage", long, 0) + member("_pad1_", array, 64))
    union = kind("", 5, 2, 8, member("id", long, 0) + member("", counter - 2, 0))
    typedef = kind("counter_t", 8, 0, counter)
    kind("mem_cgroup", 4, 3, 64, member("memory", typedef, 0) + member("", union, 320) + member("oom", long, 1 << 24 | 384), flag=1)
    body = b"".join(types)
    return struct.pack("<HBBIIIII", 0xeb9f, 1, 0, 24, 0, len(body), len(body), len(strings)) + body + strings


def image(payload, how):
    data = packed(payload, how)
    if how not in ("gz", "plain"):
        data += struct.pack("<I", len(payload))
    head = bytearray(1024)
    head[0x1f1] = 1
    head[0x1f4:0x1f8] = struct.pack("<I", (len(data) + 15) // 16)
    head[0x1fe:0x206] = b"\x55\xaa\0\0HdrS"
    head[0x206:0x208] = b"\x0f\x02"
    head[0x20e:0x210] = struct.pack("<H", 0x170)
    head[0x236] = 1
    head[0x24c:0x250] = struct.pack("<I", len(data))
    head[0x370:0x3a0] = b"6.12.117+deb13-amd64 (debian) #1 SMP".ljust(0x30, b"\0")
    return bytes(head) + data + b"\0" * (-len(data) % 16)


def tar(files, format=tarfile.GNU_FORMAT):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=format) as t:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            t.addfile(info, io.BytesIO(data))
    return out.getvalue().rstrip(b"\0") + b"\0" * 1024


def deb(data, suffix):
    def member(name, body):
        return b"%-16s%-12d%-6d%-6d%-8s%-10d`\n" % (name, 0, 0, 0, b"100644", len(body)) + body + b"\n" * (len(body) % 2)
    return b"!<arch>\n" + member(b"debian-binary", b"2.0\n") + member(b"control.tar.xz", packed(tar({"./control": b"Package: x\n"}), "xz")) + \
        member(b"data.tar" + suffix, data)


def kernels():
    info = lambda *words: elf({".modinfo": b"".join(word + b"\0" for word in words)})
    zram = info(b"license=GPL", b"depends=zsmalloc,lzo-rle")
    files = {
        "./boot/vmlinuz-6.12": image(b"x", "gz")[:600], "./boot/config-6.12": b"CONFIG_MEMCG=y\n",
        "./lib/modules/6.12/kernel/drivers/block/zram.ko": zram,
        "./lib/modules/6.12/kernel/mm/zsmalloc.ko.xz": packed(info(b"depends="), "xz"),
        "./lib/modules/6.12/kernel/crypto/lzo-rle.ko": info(b"depends=", b"softdep=pre: lzo gone post: late"),
        "./usr/lib/modules/6.12/modules.builtin": b"kernel/lib/lzo.ko\n",
    }
    seed("package", "tar", b"t" + tar(files))
    seed("package", "pax", b"t" + tar({"./lib/modules/6.12/extra/" + "long" * 40 + ".ko": zram}, tarfile.PAX_FORMAT))
    seed("package", "tar-xz", b"t" + packed(tar(files), "xz"))
    seed("package", "deb", b"d" + deb(tar(files), b""))
    seed("package", "deb-xz", b"d" + deb(packed(tar(files), "xz"), b".xz"))
    seed("package", "deb-zst", b"d" + deb(packed(tar(files), "zst"), b".zst"))
    vmlinux = elf({".BTF": btf(), ".data": b"zswap.enabled\0"}, note(b"GNU\0", 3, b"1234") + note(b"Xen\0", 18, b"\0" * 8))
    for how in ("plain", "gz", "xz", "bz2", "lzma", "zst"):
        seed("image", how, image(vmlinux, how))
    seed("image", "vmlinux", vmlinux)
    seed("image", "btf", btf())
    seed("btf", "three", btf())
    seed("module", "zram", zram)
    seed("module", "two", elf({".text": b"x", ".modinfo": b"name=\0softdep=pre: a\0", ".gone": b""}))


def apt():
    stanza = "Package: %s\nVersion: %s\nArchitecture: amd64\nFilename: pool/main/l/linux/%s_%s_amd64.deb\nSize: 48000000\nSHA256: " + \
        64 * "a" + "\n\n"
    package = lambda name, version: stanza % (name, version, name, version)
    seed("apt", "packages", "p" + package("linux-image-6.1.0-56-cloud-amd64", "6.1.192-3") +
         package("linux-image-6.12.117+deb13-cloud-amd64", "6.12.117-1") + package("linux-image-6.19.6+deb13-cloud-amd64", "6.19.6-1~bpo13+1") +
         package("linux-binary-6.19.6+deb13-cloud-amd64", "6.19.6-1~bpo13+1") + package("linux-modules-6.19.6+deb13-cloud-amd64", "6.19.6-1~bpo13+1") +
         package("linux-base-6.19.6+deb13-cloud-amd64", "6.19.6-1~bpo13+1") + package("linux-image-cloud-amd64", "6.12.117-1"))
    seed("apt", "list", "l# a comment\ndeb [arch=amd64 signed-by=/usr/share/keyrings/debian.gpg] http://mirror.example/debian trixie main\n"
         "deb-src http://mirror.example/debian trixie main\ndeb http://security.example trixie-security main # behind\n")
    seed("apt", "sources", "sTypes: deb\nURIs: http://mirror.example/debian\nSuites: bookworm bookworm-updates\nComponents: main\n"
         "Signed-By: /usr/share/keyrings/debian.gpg\n\n# a comment\nTypes: deb deb-src\nEnabled: yes\nURIs: http://security.example/\n"
         "Suites: bookworm-security\nSigned-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n")


def u64(value):
    out = b""
    while value >= 0x80:
        out += bytes([value & 0x7f | 0x80])
        value >>= 7
    return out + bytes([value])


# A profile of two vCPUs with two lines that both touched (docs/EXPLAIN.md, "The profile file"), without its first word and its sum.
def profile():
    signed = lambda value: u64((value << 1 ^ value >> 63) & (1 << 64) - 1)
    words = lambda *values: b"".join(u64(v) for v in values)
    kernel = 0xffffffff81000000 - (1 << 64)
    out = words(1, 2) + b"id" + words(2)
    # nodes: the root, a system call, a call
    out += words(3) + words(0, 0) + signed(0) + signed(0) + words(2, 0) + signed(kernel) + signed(0) + words(4, 1) + signed(0x100) + signed(kernel)
    out += words(2) + signed(kernel) + signed(0x100)
    out += words(2) + signed(1) + signed(0) + signed(1) + signed(1)
    # item 0, arm 1, phase 0: three reps, one of them kept
    out += words(1, 1 << 8, 3) + words(1, 1, 30, 3, 1, 31, 5, 1, 32)
    out += words(1, 1, 30, 20, 10, 2) + signed(0) + words(1, 10) + signed(1) + words(2, 20)
    out += words(2)
    for line in (0x3fffffe0400000, 0x3fffffe0400001):
        out += words(line, 7, 3, 1, 2, 2) + words(1, 0, 3, 1) + words(*[0] * 12) + words(0xffffffff81000004, 5, 1) + words(*[0] * 15)
    return out


table = "# kernel k\n# release 6.12.1\nffffffff81000000 T charge\nffffffff81000100 t uncharge.isra.0\nffffffff81000200 t next.cold\n" \
        "ffffffff82000000 d a_variable\nffffffffc0000000 t mod_function zram\n# names 0123456789abcdef01234567\n"


def profiles():
    seed("profile", "two-cpus", (table + "%%\n").encode() + profile())
    run = os.path.join(top, "results", "reference", "profiles")
    run = os.path.join(run, sorted(os.listdir(run))[0])
    real = open(os.path.join(run, "boots", "0", "profile"), "rb").read()[8:-8]
    name = re.search(rb"[0-9a-f]{16}", real).group().decode()
    symbols = open(os.path.join(run, "symbols", name), "rb").read()
    seed("profile", "real", re.sub(rb"# release .*", b"# release 6.12.1", symbols) + b"%%\n" + real)
    seed("symbols", "run", table)
    seed("symbols", "two", table + "%%\n" + table.replace("charge", "other"))
    seed("symbols", "kallsyms", "ffffffff81000100 t beta.isra.0\nffffffff81000000 W weak\nffffffff81000000 T alpha\n"
         "ffffffff81000300 T __irqentry_text_start\nffffffff81000300 t delta\nffffffff82000000 d data\nffffffffc0000000 t f\t[zram]\n")



def guests():
    records = open(os.path.join(top, "tests", "data", "bisect", "on.jsonl")).read().splitlines()
    records = "\n".join(records[:3] + records[-2:]) + "\n"
    seed("console", "good", "[    0.000000] Linux version 6.12.117\r\n[    0.000000] Command line: memcgbench.pad=xxx panic=-1\r\n"
         "memcgbench: item 1 of 2\r\n[    3.1] Spectre V2 : WARNING: Unprivileged eBPF\r\nmemcgbench: item 2 of 2, 40 reps\r\n%%\n" + records)
    for name, line in {"panic": "[    1.2][    T1] Kernel panic - not syncing: Attempted to kill init!", "bug": "memcgbench: item 1BUG: bad page state",
                       "warn": "------------[ cut here ]------------\r\n[    2.0] WARNING: CPU: 0 PID: 1 at mm/page_counter.c:60 page_counter_cancel",
                       "new-warn": "[    2.0] WARNING: mm/page_counter.c:60 at page_counter_cancel+0x1/0x2, CPU#0: runner/1",
                       "forged": '{"type":"end","status":"complete"}'}.items():
        seed("console", name, line + "\r\n" + line + "\r\n%%\n" + records[:400])


def runs():
    boot = '{"type":"boot","boot":%d,"schema":"memcgbench-samples","schema_version":1,"clock":"insn","seed":%d,"clock_cost_ns":30}\n'
    end = '{"type":"end","boot":%d,"status":"complete"}\n'
    part = lambda n: json.dumps({"schema": "memcgbench-run", "schema_version": 1, "status": "complete", "clock": "insn", "plan": {"seed": 1},
                                 "shard": {"part": "%d/2" % n, "boots": 2},
                                 "boots": [{"boot": n - 1, "executor": "qemu"}]}) + "\n" + boot % (n - 1, n) + end % (n - 1)
    seed("merge", "two", part(1) + "%%\n" + part(2) + "%%\n" + table)
    with tempfile.TemporaryDirectory() as folder:
        compare = os.path.join(top, "tests", "data", "compare")
        for name in ("same-kernel", "live-1"):
            subprocess.run(["cp", "-r", os.path.join(compare, name), folder], check=True)
        memcgbench = os.environ.get("MEMCGBENCH", os.path.join(top, "build", "memcgbench"))
        subprocess.run([memcgbench, "trend", folder], stdout=subprocess.DEVNULL, check=True)
        lines = open(os.path.join(folder, ".index.jsonl")).read().splitlines()
    # As fuzz_index.c has the runs.
    stamp = "80@1000000000.000000000 %d@1000000000.000000000" % len(boot % (0, 1))
    known = [re.sub('"run":"[^"]*","stamp":"[^"]*"', '"run":"%s","stamp":"%s"' % (name, stamp), line) for name, line in zip("ab", lines[1:])]
    seed("index", "two", "\n".join([lines[0]] + known) + "\n")
    seed("index", "left-out", lines[0] + '\n{"run":"a","stamp":"%s","summary":{"left_out":"it is not complete"}}\n' % stamp)


kernels()
apt()
profiles()
guests()
runs()
