#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154,SC2030,SC2031 # what bats and verbs.bash set; each test is a subshell of its own
# Suites and sweeps: what is planned, and what a run over an axis prints, stores and draws.
load verbs

quick=(--quick -b 2 -t 1ms --latency-ops 0 --no-counters)

setup_file()
{
	cd "$BATS_FILE_TMPDIR" || return 1
	memcgbench run null "${quick[@]}" --no-plots >try.out 2>&1 || cp try.out cannot
}

setup()
{
	cd "$BATS_TEST_TMPDIR" || return 1
}

needs_memcg()
{
	[ ! -e "$BATS_FILE_TMPDIR/cannot" ] || skip "no run is possible here: $(cat "$BATS_FILE_TMPDIR/cannot")"
}

@test "the card is what a run without a name takes, and full is more" {
	memcgbench run -n >nothing
	memcgbench run -n --suite=card >card
	memcgbench run -n --suite=full >full
	cmp nothing card
	[ "$(grep -c ' blocks of ' full)" -gt "$(grep -c ' blocks of ' card)" ]
	run memcgbench run -n --suite=full null
	[ "$status" -eq 2 ]
	[[ $output == *"--suite=full chooses the benches"* ]]
	run memcgbench run -n --suite=half
	[ "$status" -eq 2 ]
}

@test "a sweep is an item for each value, and names what it cannot sweep" {
	memcgbench run -n charge_depth --sweep way=hit,single --sweep siblings=0,10,100 >plan
	[ "$(grep -c '^charge_depth ' plan)" -eq 6 ]
	run memcgbench run -n charge_depth --sweep colour=red,blue
	[ "$status" -eq 2 ]
	[[ $output == *"--sweep=colour=red,blue"* ]]
	run memcgbench run -n charge_depth --sweep siblings=0,many
	[ "$status" -eq 2 ]
	[[ $output == *siblings* ]]
}

@test "a run over depths prints slopes, which its JSON has too" {
	needs_memcg
	memcgbench run charge_depth --way=stat -d 1,2,4 "${quick[@]}" --no-plots >out
	grep -q '^charge_depth --way=stat over depth, ns per page$' out
	grep -q '^  map, child: .* per level ' out
	grep -q 'over depth' results/*/table.txt
	memcgbench overhead --json results/* >json
	jq -e '[.sweeps[] | select(.axis == "depth")] | length == 2 and all(.fit.nr == 2 and (.points | length) == 3)' json
}

@test "a run over workers says how well they scale, and draws it" {
	needs_memcg
	command -v gnuplot || skip "needs gnuplot"
	memcgbench run charge_scaling -w 1,2 "${quick[@]}" >out
	grep -q 'over workers, in 1 memcg' out
	if [ "$(nproc)" -gt 1 ]; then
		grep -q '^ *pages/s  *[0-9]' out
		jq -e '[.sweeps[] | select(.metric == "charge" and .state == "child") | .points[].ops_per_s] |
			length == 2 and all(. > 0)' <(memcgbench overhead --json results/*)
		grep -q 'efficiency, %' out
		grep -q 'fairness (Jain)' out
	fi
	[ "$(find results -name sweep-0-charge_scaling-workers.svg -size +0 | wc -l)" -eq 1 ]
}

@test "workers that take turns on one CPU have no efficiency" {
	needs_memcg
	memcgbench run charge_stock charge_scaling --way=turns --pages=8 --place=one --memcgs=each -w 1,2,8 "${quick[@]}" --no-plots >out
	grep -q 'over workers, each in its own memcg' out
	# Each turn of one page is a hit or not: never less than none, nor more than all.
	jq -e '[.sweeps[] | select(.metric == "slow" and .state == "child") | .points[].value] |
		length == 3 and all(. >= 0 and . <= 1)' <(memcgbench overhead --json results/*)
	[ "$(grep -c 'efficiency\|more workers than CPUs' out)" -eq 0 ]
}
