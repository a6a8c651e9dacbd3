#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Each row has its own unit in every output: a count has never one of time, and no two headings are the same.

setup()
{
	top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	live=$top/tests/data/units/counts memcgs=$top/tests/data/units/memcgs
	old=$(echo "$top"/results/reference/*-7.1.13*) new=$(echo "$top"/results/reference/*-7.2.12*)
}

# has_units FORMAT RUN... <output: at least one count, and every row in the unit that the run holds
has_units()
{
	run "$top/tests/units.py" "$@"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ ${lines[0]} != 0\ * ]]
}

@test "units: the table of one kernel, its curves, JSON" {
	for run in "$live" "$memcgs"; do
		memcgbench overhead "$run" | has_units overhead "$run"
		memcgbench overhead --json "$run" | has_units json "$run"
	done
	memcgbench overhead -v "$live" | grep -q "^    intervals: .* pages/page; "
}

@test "units: several kernels, and their curves" {
	memcgbench overhead "$new" | has_units text "$new"
	memcgbench overhead --json "$new" | has_units json "$new"
}

@test "units: a comparison in every format" {
	for format in text lkml; do
		memcgbench compare --format=$format "$old" "$new" >"$BATS_TEST_TMPDIR/out" || [ $? -eq 1 ]
		has_units text "$old" "$new" <"$BATS_TEST_TMPDIR/out"
	done
	for format in md csv json; do
		memcgbench compare --format=$format "$old" "$new" >"$BATS_TEST_TMPDIR/out" || [ $? -eq 1 ]
		has_units $format "$old" "$new" <"$BATS_TEST_TMPDIR/out"
	done
}

@test "units: the page of a run, of guests, of a comparison" {
	memcgbench report --no-plots "$live" -o "$BATS_TEST_TMPDIR/live"
	has_units html "$live" <"$BATS_TEST_TMPDIR/live/index.html"
	memcgbench report --no-plots "$old" "$new" -o "$BATS_TEST_TMPDIR/both"
	has_units html "$old" "$new" <"$BATS_TEST_TMPDIR/both/index.html"
}

@test "units: no count lies on the axis of times" {
	cp -r "$live" "$BATS_TEST_TMPDIR/run"
	memcgbench overhead --plots "$BATS_TEST_TMPDIR/run" >/dev/null
	has_units dat "$live" <"$BATS_TEST_TMPDIR/run/plots/overhead.dat"
	command -v gnuplot >/dev/null || skip "needs gnuplot"
	grep -q "counts, in units of their own, are in the table alone" "$BATS_TEST_TMPDIR/run/plots/overhead.svg"
	# Names of counts are not in the picture, those of times are.
	grep -q "reclaim_depth stream" "$BATS_TEST_TMPDIR/run/plots/overhead.svg"
	run grep "reclaim_depth taken" "$BATS_TEST_TMPDIR/run/plots/overhead.svg"
	[ "$status" -eq 1 ]
}

@test "units: what grew most is a time" {
	# Pages taken are 1 in the child and 0 in the root memcg: more, and no percentage of anything.
	memcgbench overhead "$live" | tr '\n' ' ' >"$BATS_TEST_TMPDIR/out"
	grep -q "Of [0-9]* comparisons: [0-9]* more" "$BATS_TEST_TMPDIR/out"
	run grep -oE "the largest is [^.;]*\." "$BATS_TEST_TMPDIR/out"
	echo "$output"
	[[ $output != *pages\ per* && $output != *"(- %)"* ]]
}

@test "units: items that differ in memcgs alone have headings that say so" {
	memcgbench overhead "$memcgs" | grep -E "^charge_scaling[:, ]" >"$BATS_TEST_TMPDIR/heads"
	cat "$BATS_TEST_TMPDIR/heads"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/heads")" -eq 2 ]
	[ -z "$(uniq -d <(sort "$BATS_TEST_TMPDIR/heads"))" ]
	for format in text lkml md csv; do
		memcgbench compare --format=$format "$memcgs" "$memcgs" | grep -E "scaling, 2 processes, (in one memcg|each in its own memcg)" |
			sed -E 's/.*(in one memcg|each in its own memcg).*/\1/' | sort -u >"$BATS_TEST_TMPDIR/names"
		[ "$(wc -l <"$BATS_TEST_TMPDIR/names")" -eq 2 ]
	done
}
