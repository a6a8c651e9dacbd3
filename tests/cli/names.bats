#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Names are whole in every format, and the facts of a kernel are its own.

setup()
{
	top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	two=$top/tests/data/compare/two-kernels
	old=$(echo "$top"/results/reference/*-185308-6.12.117*) new=$(echo "$top"/results/reference/*-7.1.13*)
	cd "$BATS_TEST_TMPDIR"
}

@test "names: of kernels and metrics, in every format" {
	for format in text lkml md csv json lkp kcidb ktap; do
		(memcgbench compare --format=$format "$old" "$new" || [ $? -lt 5 ]) >out
		# All that begins as a release is the whole of it; commands name packages.
		grep -vE "command:|deb:" out >names
		run grep -nP '(?<![0-9.])(6\.12\.|7\.1\.)(?!(117|13)\\?\+deb13-cloud-amd64)' names
		echo "$format: $output"
		[ "$status" -eq 1 ]
	done
	(memcgbench compare --format=lkml "$old" "$new" || [ $? -lt 5 ]) >out
	grep -q "^ metric  *memcg  *base  *cand\. " out
	grep -q "^ follow-read " out
	[ "$(wc -L <out)" -le 75 ]
	# Where there is room, columns are called after the kernels.
	(memcgbench compare --format=lkml "$two" || [ $? -lt 5 ]) | grep -q "^ metric  *memcg  *old  *new "
}

@test "names: of 127 letters and their boot arguments tell two kernels apart" {
	name=$(printf 'k%.0s' {1..120})
	cp -r "$two" long
	sed -i "s/\"new\"/\"${name}-new\"/g; s/\"old\"/\"${name}-old\"/g" long/run.json long/samples.jsonl
	for format in text lkml md csv json lkp kcidb ktap; do
		(memcgbench compare --format=$format long || [ $? -lt 5 ]) >out
		if [[ $format != csv && $format != ktap ]]; then
			tr -d '[:space:]\134' <out | grep -q -- "$name-new"
		fi
	done
	memcgbench overhead long | grep -q -- "$name-old"
}

@test "names: the state of MGLRU is that of each kernel, unless the items set it" {
	(memcgbench compare --format=lkml "$two" || [ $? -lt 5 ]) | tr -s ' \n' ' ' >out
	grep -q "base [^;]* MGLRU 0x0000, .*; candidate [^;]* MGLRU 0x0007, " out
	grep -q "warning: MGLRU differs: 0x0000 and 0x0007" out
	cp -r "$two" set
	jq -c 'if .type == "item" then .params["lru-gen"] = "off" else . end' "$two/samples.jsonl" >set/samples.jsonl
	(memcgbench compare --format=lkml set || [ $? -lt 5 ]) | tr -s ' \n' ' ' >out
	grep -q "MGLRU as --lru-gen sets it" out
	run grep -E "MGLRU (differs|0x)" out
	[ "$status" -eq 1 ]
}
