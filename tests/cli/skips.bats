#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What was skipped, or failed, is named with its bench and its cause in every output, first of all and once.

bats_require_minimum_version 1.5.0

setup()
{
	top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	run_dir=$top/tests/data/units/counts
	cause="this kernel counts no events of memory: there is no pgscan_anon in /proc/vmstat"
	cd "$BATS_TEST_TMPDIR"
	# Skipped before it came to a record of its own, as where something is needed that is not there.
	mkdir skipped failed
	cp "$run_dir/run.json" skipped
	jq -c --arg text "$cause" 'select(.item != 0), (select(.type == "boot") | {type: "skip", boot: 0, item: 0, bench: "reclaim_depth", $text})' \
		"$run_dir/samples.jsonl" >skipped/samples.jsonl
	# 400 bytes, behind which another kernel would begin where they are cut.
	long="pagecache_share (depth 2), worker 1 on CPU 1: $(printf 'of 128 pages %s were not there, ' {1..12})and that is all"
	cp "$run_dir/run.json" failed
	jq -c --arg text "$long" '., (select(.type == "item" and .item == 1) | {type: "error", boot: 0, item: 1, bench: "pagecache_share", $text})' \
		"$run_dir/samples.jsonl" >failed/samples.jsonl
}

# One line, without what Markdown and HTML put in front of characters, and the whole of it.
flat()
{
	sed 's/&#39;/'\''/g; s/\\//g' | tr -s ' \n' '  '
}

@test "skips: the table of the run, its JSON and its page" {
	memcgbench overhead skipped | flat >out
	grep -qF "reclaim_depth: 1 process, placed compact, memory default skipped: $cause" out
	[ "$(memcgbench overhead --json skipped | jq -r '.items[] | select(.bench == "reclaim_depth").errors[0].text')" = "$cause" ]
	memcgbench report --no-plots skipped -o page
	flat <page/index.html | grep -qF "$cause"
}

# says_so BASE CANDIDATE
says_so()
{
	for format in text lkml md; do
		(memcgbench compare --format=$format "$@" || [ $? -lt 5 ]) | flat >out
		cat out
		[ "$(grep -oiE "not compared:(\*\*)? reclaim_depth: [^:]* skipped it: $cause" out | wc -l)" -eq 1 ]
		# Before the first row of any table.
		[[ $(cat out) == *"$cause"*pagecache_share* ]]
	done
	for format in csv ktap kcidb json; do
		(memcgbench compare --format=$format "$@" || [ $? -lt 5 ]) >out
		[[ $(cat out) == *reclaim_depth* && $(cat out) == *"skipped it: $cause"* ]]
	done
	for format in lkp benchfmt gbench; do
		(memcgbench compare --format=$format "$@" || [ $? -lt 5 ]) >out
		grep -qE "not.compared\"?: \"?reclaim_depth: .* skipped it: $cause" <(sed 's/NOT COMPARED/not-compared/' out)
	done
	memcgbench compare --format=json "$@" |
		jq -e --arg text "$cause" '[.missing[] | select(.what == "reclaim_depth" and (.failed | not) and (.why | endswith($text)))] | length == 1'
}

@test "skips: a comparison says so first, whoever skipped" {
	says_so skipped "$run_dir"
	says_so "$run_dir" skipped
	says_so skipped skipped
	# Nobody who asks for an answer to everything has one.
	run -3 memcgbench compare --strict skipped skipped
}

@test "skips: an error is whole in every format, and said once" {
	for format in text lkml md; do
		run -5 memcgbench compare --format=$format "$run_dir" failed
		flat <<<"$output" >out
		cat out
		[ "$(grep -oiF "pagecache_share: 6.18.44-fc-v669: $long" out | wc -l)" -eq 1 ]
	done
	for format in csv json ktap kcidb; do
		run -5 memcgbench compare --format=$format "$run_dir" failed
		[[ $output == *"$long"* ]]
	done
	memcgbench report --no-plots "$run_dir" failed -o page
	[ "$(flat <page/index.html | grep -oF "Failed:</strong> pagecache_share: 6.18.44-fc-v669: $long" | wc -l)" -eq 1 ]
}

@test "skips: run names the bench, its parameters and the cause" {
	memcgbench list --json | jq -e '.benches[] | select(.name == "reclaim_depth").runs_here' || skip "no memory controller here"
	run memcgbench run null reclaim_depth --size=2M -b 2 -t 100us --latency-ops=0 --no-plots -o runs
	echo "$output"
	[[ $output == *"memcgbench run: skipped: reclaim_depth --size=2M: needs dir: "*"--dir=PATH"* ]]
}
