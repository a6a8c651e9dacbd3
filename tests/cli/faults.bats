#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154 # what bats and verbs.bash set
# What tests/faults found, and a sample of it; `make check-faults` makes all of them.
load verbs

setup()
{
	cd "$BATS_TEST_TMPDIR" || return 1
}

# /tmp is replaced for what is tried.
not_in_tmp()
{
	[[ $(realpath "$build") != /tmp/* ]] || skip "what is built lies in /tmp"
}

needs_mounts()
{
	unshare -m true 2>/dev/null || skip "needs root and a mount namespace"
}

@test "faults: a sample of them is survived" {
	needs_mounts
	unshare -p -f --mount-proc true 2>/dev/null || skip "needs a pid namespace"
	not_in_tmp
	memcgbench run null --quick -b 2 -t 1ms --latency-ops 0 --no-plots --quiet >try 2>&1 || skip "no run is possible here: $(cat try)"
	"$top/tests/faults/run" --list >kinds
	[ "$(grep -c . kinds)" -ge 20 ]
	O=$build run "$top/tests/faults/run" --seed="$RANDOM" --count=1 \
		--only=memcgbench-kill,runner-kill,worker-term,all-kill,disk-samples,nofile,no-tmp
	echo "$output"
	[ "$status" -eq 0 ]
	[[ ${lines[-1]} == "7 faults survived, 0 failed, 0 skipped; seed "* ]]
}

@test "faults: no part of a picture is left on a full disk, whatever gnuplot says of it" {
	local name

	needs_mounts
	command -v gnuplot >/dev/null || skip "needs gnuplot"
	mkdir disk copy
	# Enough for what the first pictures are drawn from, and not for the second.
	# shellcheck disable=SC2016 # for the inner shell
	unshare -m sh -c 'mount -t tmpfs none disk && cp -r "$1" disk/run && : >disk/filler && size=$(du -k -s disk | cut -f1) &&
		mount -o remount,size=$((size + 48))k disk && { memcgbench overhead --plots disk/run >out 2>err; status=$?; cp -r disk/run copy; exit $status; }' \
		sh "$top/tests/data/runs/small"
	grep -q 'no pictures: .*No space left on device' out
	[ -s copy/run/plots/overhead.dat ]
	for name in copy/run/plots/*; do
		[ -s "$name" ]
	done
	grep -q '</svg>' copy/run/plots/overhead.svg
	[ ! -e copy/run/plots/overhead.png ]
}

@test "faults: nothing needs a place for temporary files" {
	needs_mounts
	not_in_tmp
	# shellcheck disable=SC2016 # for the inner shell
	TMPDIR=/nonexistent unshare -m sh -c 'mount -t tmpfs -o ro none /tmp && exec "$@"' sh \
		memcgbench bisect --good=a --bad=b --tree=/usr >out 2>err || [ $? -eq 2 ]
	grep -q 'a is no revision of the git tree /usr' err
}

@test "faults: swap that killed runs left is swept, and no reason to have none" {
	local kind=(reclaim_depth --kind=anon --size=4M --quiet --quick -t 1ms --latency-ops 0 --no-plots --no-counters)
	local runner i

	[ "$(id -u)" -eq 0 ] || skip "needs root"
	memcgbench run "${kind[@]}" -b 2 -o try >try.out 2>&1 || skip "no swap can be had here: $(cat try.out)"
	"$build/memcgbench" run "${kind[@]}" -b 100000 -o first >out 2>err 3>&- &
	for ((i = 0; i < 1000; i++)); do
		! grep -qs '"type":"sample"' first/*/samples.jsonl || break
		sleep 0.02
	done
	runner=$(pgrep -P "$!")
	# Stopped first, so that neither has the time to clean up.
	kill -STOP "$!" "$runner"
	kill -KILL "$runner" "$!"
	wait "$!" || :
	memcgbench run "${kind[@]}" -b 2 -o next >next.out 2>&1 || { cat next.out; return 1; }
	! grep skipped next.out || return 1
	[ "$(jq -r .status next/*/run.json)" = complete ]
}
