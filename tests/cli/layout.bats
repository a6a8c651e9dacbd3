#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# memcgbench layout, on BTF that is made here.

load verbs.bash

setup()
{
	cd "$BATS_TEST_TMPDIR"
	make_btf old.btf 0 8 64
	make_btf new.btf 0 64 8
}

# make_btf FILE OFFSET…: struct page_counter with longs usage, max and parent at these bytes.
make_btf()
{
	python3 - "$@" <<'END'
import struct, sys
offsets = [int(x) for x in sys.argv[2:]]
names, strings = {}, b"\0"
for name in ("long", "page_counter", "usage", "max", "parent"):
    names[name] = len(strings)
    strings += name.encode() + b"\0"
types = struct.pack("<IIII", names["long"], 1 << 24, 8, 1 << 24 | 64)
types += struct.pack("<III", names["page_counter"], 4 << 24 | 3, 128)
for name, offset in zip(("usage", "max", "parent"), offsets):
    types += struct.pack("<III", names[name], 1, offset * 8)
header = struct.pack("<HBBIIIII", 0xEB9F, 1, 0, 24, 0, len(types), len(types), len(strings))
open(sys.argv[1], "wb").write(header + types + strings)
END
}

@test "layout OLD NEW names the field that changed its line" {
	run -0 memcgbench layout old=old.btf new=new.btf
	echo "$output"
	[ "${lines[0]}" = "Structures: old -> new, lines of 64 bytes" ]
	[ "${lines[1]}" = "page_counter: 128 bytes, 2 lines; 2 moved" ]
	[[ $output == *"max (line 0 -> 1)"* ]]
	[[ $output == *"joined    new line 0: usage | parent"* ]]
	[[ $output == *"parted    old line 0: usage | max"* ]]
}

@test "layout: same kernels are the same" {
	run -0 memcgbench layout --check old.btf old.btf
	[[ $output == *"same: page_counter (128 bytes)"* ]]
}

@test "layout --check: status 1 when something differs, 0 without it" {
	run -1 memcgbench layout --check old.btf new.btf
	run -0 memcgbench layout old.btf new.btf
	run -1 memcgbench layout --check --json old.btf new.btf
}

@test "layout --line=128 sees one line" {
	run -0 memcgbench layout --line=128 old.btf new.btf
	[[ $output != *joined* ]]
	[[ $output != *parted* ]]
}

@test "layout of one kernel is a declaration" {
	run -0 memcgbench layout old.btf
	echo "$output"
	[ "${lines[0]%% *}" = struct ]
	[[ $output == *"long usage;"*"/* --- line 1, from byte 64 --- */"*"long parent;"* ]]
	[[ $output == *"}; /* 128 bytes, 2 lines of 64 */"* ]]
}

@test "layout --json is JSON" {
	run -0 memcgbench layout --json old.btf new.btf
	jq -e '.schema == "memcgbench-layout-diff" and .structs[0].joined[0].groups == [["usage"], ["parent"]]' <<<"$output"
	run -0 memcgbench layout --json old.btf
	jq -e '.schema == "memcgbench-layout" and .structs[0].members[1].member == "max"' <<<"$output"
}

@test "layout --struct: a structure that nobody has is an error" {
	fails_with 5 'memcgbench layout: no structure "nothing" in the BTF of old.btf' memcgbench layout -s nothing old.btf
	run -0 memcgbench layout -s page_counter -s page_counter old.btf new.btf
}

@test "layout: bad input is one line" {
	head -c 30 old.btf >cut.btf
	fails_with 5 "memcgbench layout: cut.btf: truncated or damaged BTF (30 bytes)" memcgbench layout cut.btf
	fails_with 5 "memcgbench layout: none: No such file or directory" memcgbench layout none
	echo words >words
	fails_with 5 'memcgbench layout: words: not a kernel image (no "HdrS" at 0x202)' memcgbench layout words old.btf
	head -c 40 /bin/sh >elf
	fails_with 5 "memcgbench layout: elf: truncated ELF file: 40 bytes" memcgbench layout elf
	fails_with 5 "memcgbench layout: /bin/sh: no BTF in it: built without CONFIG_DEBUG_INFO_BTF" memcgbench layout /bin/sh
	fails_with 2 "memcgbench layout: one kernel is wanted, or two, such as deb:6.12.117-1 deb:7.1.13; try: memcgbench layout --help" \
		memcgbench layout
	fails_with 2 "memcgbench layout: --check compares two kernels; one was given; try: memcgbench layout --help" \
		memcgbench layout --check old.btf
}

@test "layout running: this machine's kernel" {
	[ -r /sys/kernel/btf/vmlinux ] || skip "this kernel has no BTF"
	run -0 memcgbench layout running --brief
	[[ $output == *"page_counter: "* ]]
}
