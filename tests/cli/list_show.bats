#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154 # what bats and verbs.bash set
load verbs

# Every bench of bench/list.h.
listed()
{
	sed -n 's/^BENCH(\(.*\))$/\1/p' "$top/bench/list.h"
}

@test "list shows every bench of bench/list.h" {
	run memcgbench list
	[ "$status" -eq 0 ]
	[[ ${lines[0]} == NAME* ]]
	[ -n "$(listed)" ]
	for bench in $(listed); do
		grep -q "^$bench " <<<"$output"
	done
}

@test "list --json: schema, and the keys in their order" {
	run memcgbench list --json
	[ "$status" -eq 0 ]
	[ "$(jq -r 'keys_unsorted | join(" ")' <<<"$output")" = "schema schema_version benches" ]
	[ "$(jq -r .schema <<<"$output")" = memcgbench-list ]
	[ "$(jq -r .schema_version <<<"$output")" = 1 ]
	[ "$(jq -r '.benches[].name' <<<"$output")" = \
		"$(listed)" ]
	for keys in $(jq -r '.benches[] | keys_unsorted | join(",")' <<<"$output"); do
		[ "$keys" = name,version,op,summary,runs_here,why_not,choice_needs ]
	done
	jq -e 'all(.benches[]; .runs_here == (.why_not == null))' <<<"$output"
	jq -e 'all(.benches[].choice_needs[]; .met == (.why_not == null))' <<<"$output"
}

@test "show tells of every metric, parameter and need" {
	for bench in $(listed); do
		json=$(memcgbench show "$bench" --json)
		run memcgbench show "$bench"
		[ "$status" -eq 0 ]
		[[ ${lines[0]} == "$bench, version "* ]]
		for name in $(jq -r '.metrics[].name, .params[].name, .needs[].name' <<<"$json"); do
			echo "$bench $name"
			grep -q "^  $name" <<<"$output"
		done
		[ "$(jq -r 'keys_unsorted | join(" ")' <<<"$json")" = \
			"schema schema_version name version summary about metrics params needs" ]
		jq -e 'all(.metrics[]; .op as $op | .unit | endswith("/" + $op))' <<<"$json"
		jq -e 'all(.params[]; if .type == "enum" then .default as $d | any(.choices[]; . == $d)
			else .min <= .max and .max >= 0 end)' <<<"$json"
	done
}

@test "counts are in what is counted, times in ns" {
	json=$(memcgbench show reclaim_depth --json)
	[ "$(jq -r '.metrics[] | select(.name == "reclaim").unit' <<<"$json")" = ns/page ]
	[ "$(jq -r '.metrics[] | select(.name == "overreclaim").unit' <<<"$json")" = pages/write ]
	memcgbench show reclaim_depth | grep -q '^  overreclaim *pages per write, lower is better: '
}

@test "what one choice of a parameter needs is said, and for which" {
	json=$(memcgbench show reclaim_depth --json)
	[ "$(jq -c '.params[] | select(.name == "kind").choice_needs' <<<"$json")" = '{"file":["dir"],"anon":["swap"]}' ]
	[ "$(jq -c '.params[] | select(.name == "way").choice_needs' <<<"$json")" = '{"global":["guest"]}' ]
	[ "$(jq -r '.needs[] | select(.name == "swap").for' <<<"$json")" = kind=anon ]
	[ "$(memcgbench show swapin_race --json | jq -r '.needs[] | select(.name == "swap").for')" = null ]
	memcgbench show reclaim_depth | grep -q '^  swap *\(here, \|MISSING \)for kind=anon'
	[ "$(memcgbench list --json | jq -c '.benches[] | select(.name == "reclaim_depth").choice_needs | map([.param, .choice, .needs])')" = \
		'[["way","global",["guest"]],["kind","file",["dir"]],["kind","anon",["swap"]]]' ]
	COLUMNS=400 memcgbench list | grep -q '^reclaim_depth .*; way=global needs guest, kind=file needs dir, kind=anon needs swap'
}

@test "show of nothing, of too much, of what is not there" {
	fails_with 2 'memcgbench show: which bench?; try: memcgbench show --help' memcgbench show
	fails_with 2 'memcgbench show: takes one bench, but "null" was given as well; try: memcgbench show --help' \
		memcgbench show null null
	fails_with 2 'memcgbench show: there is no bench "nul" (did you mean "null"?); try: memcgbench show --help' \
		memcgbench show nul
	fails_with 2 'memcgbench show: there is no bench "xyzzyx"; memcgbench list shows all; try: memcgbench show --help' \
		memcgbench show xyzzyx
}

@test "options may come after operands, and operands after --" {
	[ "$(memcgbench show null --json)" = "$(memcgbench show --json null)" ]
	[ "$(memcgbench show --json -- null)" = "$(memcgbench show --json null)" ]
	fails_with 2 'memcgbench show: takes one bench, but "--json" was given as well; try: memcgbench show --help' \
		memcgbench show -- null --json
}
