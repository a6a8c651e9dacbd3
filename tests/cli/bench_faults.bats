#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154,SC2030,SC2031 # what bats and verbs.bash set; each test is a subshell of its own
# What benches need of a machine that it has not, or that goes away while they run: a skip or an error that names it, and the machine as before.
load verbs

quick=(--quick -b 2 -t 1ms --latency-ops 100 --no-plots --no-counters --quiet)
endless=(--quick -b 100000 -t 40ms --latency-ops 0 --no-plots --no-counters --quiet)

setup_file()
{
	cd "$BATS_FILE_TMPDIR" || return 1
	memcgbench run null "${quick[@]}" >try.out 2>&1 || cp try.out cannot
}

setup()
{
	cd "$BATS_TEST_TMPDIR" || return 1
	[ ! -e "$BATS_FILE_TMPDIR/cannot" ] || skip "no run is possible here: $(cat "$BATS_FILE_TMPDIR/cannot")"
	cat /proc/swaps >swaps
	# On a disk, if the sources are.
	disk=$(mktemp -d "$build/disk-XXXXXX")
	! stat -f -c %T "$disk" | grep -qx 'tmpfs\|ramfs' || skip "$build is on no disk"
}

teardown()
{
	[ ! -e started ] || ! grep -qs '^memcgbench$' "/proc/$(cat started)/comm" || kill -KILL "$(cat started)"
	[ -z "$disk" ] || rmdir "$disk"
}

# "$@" says $2, in one line or more, ends with status $1 (or one of several), and leaves nothing.
says()
{
	local want=$1 sentence=$2 got=0 pid
	shift 2

	"$@" >out 2>err </dev/null 3>&- &
	pid=$!
	echo "$pid" >started
	wait "$pid" || got=$?
	echo "$* -> $got: $(cat err)"
	[[ " $want " == *" $got "* ]]
	grep -q -- "$sentence" err
	left_nothing
}

left_nothing()
{
	local i

	[ -z "$(ls -A "$disk")" ]
	cmp /proc/swaps swaps
	# The runner's number is in the names.
	while read -r i; do
		[ -z "$(find /sys/fs/cgroup -type d -name "memcgbench.$i.*" -prune 2>/dev/null)" ]
	done < <(sed -n 's/.*memcgbench\.\([0-9]*\)\..*/\1/p' err)
}

needs_root()
{
	[ "$(id -u)" -eq 0 ] || skip "$1 takes root"
}

@test "one memory node: what takes two is refused" {
	[ "$(cat /sys/devices/system/node/has_memory)" = 0 ] || skip "this machine has memory nodes to choose from"
	says 2 'memory policy "remote" needs two memory nodes' memcgbench run charge_scaling "${quick[@]}" --memory-bind=remote
	says 2 'memory policy "interleave" needs two memory nodes' memcgbench run charge_scaling "${quick[@]}" --memory-bind=interleave
	says 2 'this machine has no memory node 1' memcgbench run charge_scaling "${quick[@]}" --place=node:1
}

@test "reclaim of the whole machine is for guests" {
	says 6 'needs guest: it takes pages of the whole machine: in guests only' \
		memcgbench run reclaim_depth "${quick[@]}" --way=global --dir="$disk"
	says 6 'needs guest: it takes pages of the whole machine: in guests only' \
		memcgbench run reclaim_pressure "${quick[@]}" --dir="$disk"
	says 6 'the multi-generational LRU is a switch of the whole machine' \
		memcgbench run reclaim_depth "${quick[@]}" --lru-gen=off --dir="$disk"
}

@test "no disk behind --dir, and one that is full" {
	needs_root "a mount"
	command -v mkfs.ext4 >/dev/null || skip "there is no mkfs.ext4"
	mkdir place
	# shellcheck disable=SC2016 # for the inner shell
	says 2 'place is on tmpfs, which has no disk behind it' unshare -m sh -c 'mount -t tmpfs none place && exec "$@"' sh \
		memcgbench run reclaim_depth "${quick[@]}" --dir=place
	truncate -s 2M image
	mkfs.ext4 -q -F image
	unshare -m mount -o loop image place 2>/dev/null || skip "no image can be mounted here"
	for bench in "reclaim_depth" "pagecache_share --backing=dir"; do
		# shellcheck disable=SC2016,SC2086 # for the inner shell; words
		says '5 6' 'make the folder .*: No space left on device' unshare -m sh -c 'mount -o loop image place && {
			for file in a b; do dd if=/dev/zero of=place/$file bs=1k 2>/dev/null; sync; done
			"$@"; status=$?; [ "$(echo $(ls place))" = "a b lost+found" ] || exit 99; exit $status; }' sh \
			memcgbench run $bench "${quick[@]}" --dir=place
	done
}

@test "a limit that leaves too little: the OOM killer, or nothing to reclaim" {
	says 5 'worker 0 .*was killed by the OOM killer: the limit of .* is too small for this bench' \
		memcgbench run pagecache_share "${quick[@]}" --limit=2M
	says 5 'are to be taken back from .* are charged to it: --limit, or a limit above, is too small for --size' memcgbench run reclaim_depth "${quick[@]}" --dir="$disk" --limit=2M
}

# Kill a worker of what is started, until that is seen.
dies_with()
{
	local pid runner worker got=0 want=$1
	shift

	env --default-signal "$build/memcgbench" run "$@" "${endless[@]}" >out 2>err 3>&- &
	pid=$!
	echo "$pid" >started
	while kill -0 "$pid" 2>/dev/null && ! grep -qs '"type":"sample"' results/*/samples.jsonl; do
		sleep 0.05
	done
	while kill -0 "$pid" 2>/dev/null && [ ! -s err ]; do
		runner=$(pgrep -P "$pid" | head -n 1) || continue
		worker=$(pgrep -P "$runner" | head -n 1) || continue
		kill -KILL "$worker" 2>/dev/null || :
		sleep 0.1
	done
	wait "$pid" || got=$?
	echo "$* -> $got: $(cat err)"
	[ "$got" -eq 5 ]
	grep -q "$want" err
	left_nothing
}

@test "a worker that dies: of a bench with a folder" {
	dies_with 'reclaim_depth .*was killed by signal 9' reclaim_depth --dir="$disk"
}

@test "a worker that dies: of a bench with swap" {
	needs_root "swap"
	memcgbench list --json | jq -e '.benches[] | select(.name == "swapin_race").runs_here' || skip "no swap can be had here"
	dies_with 'swapin_race .*was killed by signal 9' swapin_race --size=1M
}

@test "swapin_own: latencies that end within a pass" {
	needs_root "swap"
	memcgbench list --json | jq -e '.benches[] | select(.name == "swapin_race").runs_here' || skip "no swap can be had here"
	# 256 pages a pass.
	memcgbench run swapin_own --size=1M -b 2 -t 1ms --latency-ops=300 --no-plots --no-counters --quiet >out
	jq -se '[.[] | select(.type == "latency")] | length > 0' results/*/samples.jsonl
	left_nothing
}
