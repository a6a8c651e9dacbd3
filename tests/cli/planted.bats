#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154,SC2030,SC2031 # what bats and verbs.bash set; each test is a subshell of its own
# Benches that skip their work (tests/planted/plants) are errors at their default sizes, here and in guests, on both versions of cgroups.
load verbs

quick=(--quick -b 2 -t 1ms --latency-ops 0 --no-plots --no-counters --quiet)

setup_file()
{
	cd "$(dirname "$BATS_TEST_FILENAME")/../.." || return 1
	make -s O="$build" "$build/tests/planted/memcgbench" "$build/tests/planted/memcgbench-runner"
}

setup()
{
	cd "$BATS_TEST_TMPDIR" || return 1
	planted=$build/tests/planted/memcgbench
	plants=$(dirname "$BATS_TEST_FILENAME")/../planted/plant
}

# The kernel keeps the bench from its work, or the proof sees that there was none; a crash, and a bench that cannot run, are neither.
sees='do not go to swap|are to be taken back from|were to be charged to|were charged to|still charged to|touched [0-9]+ pages|took [0-9]+ faults to prepare|File exists|pages that the owner touched|pages by [0-9]+ calls of pread|brought in [0-9]+ pages|minor faults|pages to be reclaimed only|were streamed|what was read back|(make|free) object [0-9]+ to [0-9]+: |to be swapped out only|pages were out'

@test "on this machine" {
	local name where got disk
	memcgbench run null "${quick[@]}" >out 2>&1 || skip "no run is possible here: $(cat out)"
	disk=$(mktemp -d "$build/disk-XXXXXX")
	while read -r name where; do
		[ "$where" != guests ] || continue
		[ "$where" != dir ] || ! stat -f -c %T "$disk" | grep -qx 'tmpfs\|ramfs' || continue
		got=0
		"$planted" run "$name" "${quick[@]}" --dir="$disk" >out 2>err </dev/null || got=$?
		echo "$name -> $got: $(cat err)"
		[ "$got" -eq 5 ]
		grep -qE "$sees" err
	done < <("$plants" names)
	rmdir "$disk"
	# What is not planted works in the same program.
	"$planted" run charge_depth "${quick[@]}" >out 2>err
}

# One boot with memcg on tries all of them; "$@": kernel and version of cgroups.
in_guest()
{
	local names name got=0
	command -v qemu-system-x86_64 >/dev/null || skip "there is no qemu-system-x86_64"
	mapfile -t names < <("$plants" names | cut -d' ' -f1)
	"$planted" run "$@" --seeds=1 --blocks=2 --quiet -o . null charge_depth pagecache_share "${names[@]}" >out 2>err || got=$?
	! grep -q -e 'did not answer' -e 'apt-get' err || skip "Debian's archive is not to be had"
	[ "$got" -eq 5 ]
	jq -r 'select(.type == "error" and .boot == 1) | "\(.bench) \(.text)"' ./*/samples.jsonl >errors
	cat errors
	for name in "${names[@]}"; do
		grep "^$name " errors | grep -qE "$sees" || { echo "no error of $name"; return 1; }
	done
	# And nothing but them.
	[ "$(cut -d' ' -f1 errors | sort -u | wc -l)" -eq "${#names[@]}" ]
}

@test "in a guest, cgroup v2" {
	in_guest -k 6.12=deb:6.12.117-1
}

@test "in a guest, cgroup v1" {
	in_guest -k 6.1=deb:6.1.192-3 --cgroup=v1
}
