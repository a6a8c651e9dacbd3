#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# tools/history, on runs that are made up here.
# shellcheck disable=SC2154 # what bats and verbs.bash set
load verbs
load history

setup()
{
	command -v gnuplot >/dev/null || skip "no gnuplot"
	cd "$BATS_TEST_TMPDIR"
	mkdir -p tree/docs tree/tools
	cp "$TOP/tools/history" tree/tools/
	cp "$TOP/docs/HISTORY.md" "$TOP/docs/history-changes.tsv" tree/docs/
}

@test "history: tables and picture from the runs; the same again; known changes by the kernels between which they are" {
	make_run runs/a 6.11.0 3500
	make_run runs/b 6.12.0 3500
	make_run runs/c 6.16.3 3600
	run -0 tree/tools/history memcgbench runs
	[[ $output == *"no profiles in these runs"* ]]
	grep -q '</svg>' tree/docs/images/history.svg
	page=$(cat tree/docs/HISTORY.md)
	[[ $page == *"### 6.12.0 to 6.16.3"*"fault_storm fault (child - off) +100.0 (exact) insn/page"*"+2.9 % of the op"* ]]
	[[ $page == *"could show: stock for 7 memcgs (f735eebe55f8, 6.16)."* ]]
	[[ $page == *"| fault_storm fault (child - off) | 500 | 500 | 600 |"* ]]
	[[ $page != *"### 6.11.0"* ]]
	tree/tools/history memcgbench runs
	[ "$(cat tree/docs/HISTORY.md)" = "$page" ]
	# What people wrote is kept, and what was said of functions too.
	sed -i 's/^<!-- end functions -->/kept\n&/; s/^# .*/# Another title/' tree/docs/HISTORY.md
	tree/tools/history memcgbench runs
	grep -qx kept tree/docs/HISTORY.md
	grep -qx '# Another title' tree/docs/HISTORY.md
}

@test "history: one kernel, or a page without its blocks, is one sentence" {
	make_run runs/a 6.11.0 3500
	before=$(cat tree/docs/HISTORY.md)
	run -1 tree/tools/history memcgbench runs
	[ "$output" = "tools/history: there are 1 kernels in runs: a history has two and more" ]
	make_run runs/b 6.12.0 3600
	[ "$(cat tree/docs/HISTORY.md)" = "$before" ]
	sed -i '/begin values/d' tree/docs/HISTORY.md
	run -1 tree/tools/history memcgbench runs
	[[ $output == *'docs/HISTORY.md has no block "values"' ]]
	run -1 tree/tools/history
}

@test "history: every known change has its release, and every bench named is one" {
	benches=" no none $(memcgbench list | awk 'NR > 1 && /^[a-z]/ {print $1}' | tr '\n' ' ')"
	while IFS=$'\t' read -r release commit what countable; do
		[[ $release =~ ^[0-9]+\.[0-9]+$ && -n $what && ($commit =~ ^[0-9a-f]{12}$ || $commit == " ") ]]
		for word in $countable; do
			[[ $benches == *" $word "* ]]
		done
	done < <(grep -v '^#' "$TOP/docs/history-changes.tsv" | tail -n +2 | sed 's/\t\t/\t \t/')
}
