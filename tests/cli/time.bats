#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154 # what bats and verbs.bash set
# How long a run takes, what it says of that beforehand and meanwhile, and what it leaves out to be done in time.
load verbs

short=(-b 2 -t 500us --place=1 --latency-ops=0 --no-plots)

setup()
{
	cd "$BATS_TEST_TMPDIR" || return 1
}

teardown()
{
	[ -z "$hog" ] || kill -KILL "$hog" 2>/dev/null || :
}

needs_memcg()
{
	memcgbench run null "${short[@]}" >try.out 2>&1 || skip "no run is possible here: $(cat try.out)"
}

# Milliseconds that the command takes.
milliseconds()
{
	local begin end

	begin=$(date +%s%3N)
	"$@" >out 2>err || { cat err >&2; return 1; }
	end=$(date +%s%3N)
	echo $((end - begin))
}

@test "a task that never sleeps on the worker's CPU takes its share of a run and no more" {
	taskset -c 1 true 2>/dev/null || skip "needs a CPU 1"
	needs_memcg
	quiet=$(milliseconds memcgbench run "${short[@]}" null)
	taskset -c 1 sh -c 'while :; do :; done' &
	hog=$!
	beside=$(milliseconds timeout 60 memcgbench run "${short[@]}" null)
	echo "$quiet ms alone, $beside ms beside it"
	# The second is for other tasks of this machine. Yields before each rep made it 46 s.
	[ "$beside" -le $((quiet * 3 / 2 + 1000)) ]
}
