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
	[[ $page == *"could show: stock for 7 memcgs (f735eebe55f8, 6.16); walk of all levels ends at a memcg that is flushable (6.16)."* ]]
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

@test "history: the page is what the committed runs and profiles make" {
	cp -r "$TOP/results/reference" runs
	run -0 tree/tools/history memcgbench runs
	[[ $output != *"no profiles"* ]]
	diff "$TOP/docs/HISTORY.md" tree/docs/HISTORY.md
	grep -q '^| 7.2.12 to 7.3.4 .*`mod_memcg_lruvec_state` +41.1 (new)' tree/docs/HISTORY.md
	# Without the profiles nothing else of it changes, and the block is kept.
	rm -r runs/profiles
	run -0 tree/tools/history memcgbench runs
	[[ $output == *"no profiles"* ]]
	diff "$TOP/docs/HISTORY.md" tree/docs/HISTORY.md
}

@test "history: parts of functions add up to what the profiled boots differ by" {
	python3 - "$TOP/docs/HISTORY.md" <<-'PYTHON'
		import re, sys
		block = re.search("<!-- begin functions -->(.*?)<!-- end", open(sys.argv[1]).read(), re.S)[1]
		rows = [line.split("|") for line in block.splitlines() if re.match(r"\| \d", line)]
		assert len(rows) >= 6
		for row in rows:
		    parts = [float(number) for number in re.findall(r" ([+-][0-9.]+)", row[4])]
		    assert abs(sum(parts) - float(row[3])) <= 0.05 * (len(parts) + 1), row
	PYTHON
}

@test "keep-profiles: what is kept once is kept the second time, and explained alike; a damaged profile is one sentence" {
	reference=$(echo "$TOP"/results/reference/profiles/*)
	"$TOP/tools/keep-profiles" "$reference" again fault_storm fault
	diff -r "$reference" again
	memcgbench explain "$reference" -k 6.12.117 -k 6.16.3 --metric=fault --format=json >one
	memcgbench explain again -k 6.12.117 -k 6.16.3 --metric=fault --format=json >two
	diff one two
	printf x >>again/boots/1/profile
	run -1 "$TOP/tools/keep-profiles" again third fault_storm fault
	[ "$output" = "tools/keep-profiles: again/boots/1/profile is not a profile, or damaged" ]
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
