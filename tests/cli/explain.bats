#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# run --profile and explain, on Debian's 6.12. Skips where that, or QEMU, is not to be had.
# shellcheck disable=SC2154 # what bats and verbs.bash set

load verbs.bash

setup_file()
{
	command -v qemu-system-x86_64 >/dev/null || skip "there is no qemu-system-x86_64"
	export RESULTS=$BATS_FILE_TMPDIR/results BOOTED=$BATS_FILE_TMPDIR/booted
	memcgbench run -k deb:6.12.117-1 --seeds=1 --blocks=2 --quiet --profile -o "$RESULTS" fault_storm --free=munmap \
		>"$BATS_FILE_TMPDIR/table" 2>"$BATS_FILE_TMPDIR/err" || {
		grep -q -e 'did not answer' -e 'apt-get' "$BATS_FILE_TMPDIR/err" && skip "Debian's archive is not to be had"
		cat "$BATS_FILE_TMPDIR/err" >&2
		return 1
	}
	touch "$BOOTED"
}

setup()
{
	[ -e "$BOOTED" ] || skip "no kernel was booted"
	run_dir=$(echo "$RESULTS"/*)
}

# copy: a run of its own to damage.
copy()
{
	cp -r "$run_dir" "$BATS_TEST_TMPDIR/run"
	echo "$BATS_TEST_TMPDIR/run"
}

@test "a profiled run says nothing but its table, and its repetition without the probe said the same" {
	[ ! -s "$BATS_FILE_TMPDIR/err" ]
	[ "$(jq -r .status "$run_dir/run.json")" = complete ]
	grep -q -- -plugin "$run_dir/boots/0/command"
	run ! grep -q -- -plugin "$run_dir/boots/0-again/command"
	cmp "$run_dir/boots/0/results.jsonl" "$run_dir/boots/0-again/results.jsonl"
	[ "$(wc -c <"$run_dir/boots/1/profile")" -lt 5000000 ]
}

@test "the rows add up to what was measured, in both arms" {
	for metric in fault munmap; do
		memcgbench explain "$run_dir" --metric=$metric -f json >"$BATS_TEST_TMPDIR/json"
		jq -e --slurpfile s <(jq -s . "$run_dir/samples.jsonl") --arg m $metric '
			def least(boot; arm): [$s[0][] | select(.type == "sample" and .boot == boot and .arm == arm and (.warmup | not))
				| .metrics[$m] | .ns / .ops] | min;
			def near(a; b): ((a - b) | fabs) < 0.05;
			near(.new_cost; least(1; 2)) and near(.old_cost; least(0; 0)) and
			near([.rows[].change] | add; least(1; 2) - least(0; 0)) and
			near([.new.with.functions[].self] | add; .new_cost)' "$BATS_TEST_TMPDIR/json"
	done
}

@test "four workers in the same phase of one CPU: the functions add up to what their clocks counted together" {
	memcgbench run -k deb:6.12.117-1 --seeds=1 --blocks=2 --quiet --profile -o "$BATS_TEST_TMPDIR/results" -w 4 swapin_race --faults=race
	dir=$(echo "$BATS_TEST_TMPDIR/results"/*)
	memcgbench explain "$dir" --metric=race -f json >"$BATS_TEST_TMPDIR/json"
	jq -e --slurpfile s <(jq -s . "$dir/samples.jsonl") '
		def near(a; b): ((a - b) | fabs) < 0.05;
		([$s[0][] | select(.type == "sample" and .boot == 1 and .arm == 2 and (.warmup | not)) | .metrics.race | .ns / .ops] | min) as $least |
		near(.new_cost; $least) and near([.new.with.functions[].self] | add; .new_cost) and (.new.with.shared_clock | not) and
		([.new.with.functions[] | select(.name == "[idle]")] == []) and
		([.new.with.functions[] | select(.name == "[clock reading]")][0].self < 1)' "$BATS_TEST_TMPDIR/json"
}

@test "memcg's functions run in the child alone, and its charge is called once a page" {
	memcgbench explain "$run_dir" -f json | jq -e '
		[.rows[] | select(.name == "try_charge_memcg")][0] | .old == 0 and .new > 10'
	memcgbench explain "$run_dir" -f json | jq -e '.new.slowpaths | .__mem_cgroup_charge == 1 and .shrink_node == 0 and
		has("css_rstat_updated") and .css_rstat_updated == null'
}

@test "every form is made" {
	[[ $(memcgbench explain "$run_dir" -f folded) == *"asm_exc_page_fault;"*";__mem_cgroup_charge "* ]]
	memcgbench explain "$run_dir" -f svg >"$BATS_TEST_TMPDIR/x.svg"
	python3 -c 'import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.argv[1])' "$BATS_TEST_TMPDIR/x.svg"
	[[ $(memcgbench explain "$run_dir" -f md) == *'try_charge_memcg'*' |'* ]]
	run ! grep -qE '.{73}' <(memcgbench explain "$run_dir" -f lkml)
	[[ $(memcgbench explain "$run_dir" --function=try_charge_memcg) == *"called by"*"__mem_cgroup_charge"* ]]
	memcgbench explain "$run_dir" "$run_dir" -f json | jq -e '.change == 0'
}

@test "a damaged profile, symbols that are missing and a profile of another kernel are one line, which has the number" {
	dir=$(copy)
	truncate -s -1 "$dir/boots/1/profile"
	run --separate-stderr memcgbench explain "$dir"
	[ "$status" -eq 6 ]
	[[ $stderr == "memcgbench explain: no explanation: $dir/boots/1/profile: the profile is cut short or damaged (memcg's cost, median over 1 seed: +"*" instructions per op)" ]]
	[ -z "$output" ]
	rm "$dir/boots/1/profile"
	run --separate-stderr memcgbench explain "$dir"
	[ "$status" -eq 6 ]
	[[ $stderr == *"boot 1 of "*" was not profiled; memcgbench run --profile does (memcg's cost"* ]]
	# JSON's readers get nothing rather than a sentence.
	run --separate-stderr memcgbench explain "$dir" -f json
	[ "$status" -eq 6 ] && [ -z "$output" ]
	dir=$(rm -r "$dir" && copy)
	jq '.kernels[0].sha256 = "00000000000000000000"' "$run_dir/run.json" >"$dir/run.json"
	run --separate-stderr memcgbench explain "$dir"
	[ "$status" -eq 6 ]
	[[ $stderr == *"no explanation: the profile of boot "*" is of the image "*", but the boot was of 0000000000000000 ("*") (memcg's cost"*" instructions per op)" ]]
	dir=$(rm -r "$dir" && copy)
	sed -i 's/^# release .*/# release 5.4.0/' "$dir"/symbols/*
	run --separate-stderr memcgbench explain "$dir"
	[ "$status" -eq 6 ]
	[[ $stderr == *"is of kernel 5.4.0, but the boot was of 6.12."* ]]
	truncate -s -1 "$dir"/symbols/*
	run --separate-stderr memcgbench explain "$dir"
	[ "$status" -eq 6 ]
	[[ $stderr == *"no explanation: $dir/symbols/"*": the symbols are cut short ("* ]]
	rm "$dir"/symbols/*
	run --separate-stderr memcgbench explain "$dir"
	[ "$status" -eq 6 ]
	[[ $stderr == *"no explanation: open $dir/symbols/"*"No such file or directory ("*" instructions per op)" ]]
}

@test "what is not in the run is a wrong command line" {
	run memcgbench explain "$run_dir" --bench=null
	[ "$status" -eq 2 ]
	[[ $output == *'has no bench "null"'* ]]
	run memcgbench explain "$run_dir" --metric=nothing
	[ "$status" -eq 2 ]
	run memcgbench explain "$run_dir" -k 9.9
	[ "$status" -eq 2 ]
	run memcgbench explain "$run_dir" --arm="depth 7"
	[ "$status" -eq 2 ]
	run memcgbench explain
	[ "$status" -eq 2 ]
}

@test "a QEMU without plugins gives the numbers, and one line" {
	mkdir "$BATS_TEST_TMPDIR/bin"
	cat >"$BATS_TEST_TMPDIR/bin/qemu-system-x86_64" <<-END
		#!/bin/sh
		case "\$*" in *-plugin*) echo "qemu-system-x86_64: -plugin: invalid option" >&2; exit 1 ;; esac
		exec $(command -v qemu-system-x86_64) "\$@"
	END
	chmod +x "$BATS_TEST_TMPDIR/bin/qemu-system-x86_64"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH run --separate-stderr memcgbench run -k deb:6.12.117-1 --seeds=1 --blocks=2 --quiet --profile \
		-o "$BATS_TEST_TMPDIR/results" null
	[ "$status" -eq 0 ]
	[[ $stderr == "memcgbench run: no profile: this QEMU does not take the plugin "*": qemu-system-x86_64: -plugin: invalid option" ]]
	[[ $output == *"  loop "* ]]
}
