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
		[ "$keys" = name,version,op,summary,runs_here,why_not ]
	done
	jq -e 'all(.benches[]; .runs_here == (.why_not == null))' <<<"$output"
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
		jq -e 'all(.metrics[]; .unit == "ns/" + .op)' <<<"$json"
		jq -e 'all(.params[]; if .type == "enum" then .default as $d | any(.choices[]; . == $d)
			else .min <= .max and .max >= 0 end)' <<<"$json"
	done
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
