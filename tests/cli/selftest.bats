#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# A run compared with itself. The numbers are tests/unit/test_calibrate.c's.

load verbs

# shellcheck disable=SC2154 # top is set by verbs.bash
run_of_blocks=$top/tests/data/runs/small

@test "blocks of a run against each other, and a picture of the p-values" {
	run memcgbench selftest --aa=20 --plots="$BATS_TEST_TMPDIR/plots" "$run_of_blocks"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ "$output" == "20 comparisons of "*" with itself: 4 blocks against 4 others, drawn at random"* ]]
	[[ "$output" == *"comparisons with a false alarm  0 of 20: 0.0 % [0.0, 16.8]"* ]]
	[ -s "$BATS_TEST_TMPDIR/plots/pvalues.dat" ]
	command -v gnuplot >/dev/null || skip "there is no gnuplot here"
	[ -s "$BATS_TEST_TMPDIR/plots/pvalues.svg" ]
	[ -s "$BATS_TEST_TMPDIR/plots/pvalues.png" ]
}

@test "an effect of known size" {
	run memcgbench selftest --aa=20 --effect='50%|1' "$run_of_blocks"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ "$output" == *"added to the child memcg of one half: 50 % and 1 ns per op"* ]]
}

@test "the same seed draws the same halves" {
	memcgbench selftest --aa=30 --effect=1% --seed=5 "$run_of_blocks" >"$BATS_TEST_TMPDIR/one"
	memcgbench selftest --aa=30 --effect=1% --seed=5 "$run_of_blocks" >"$BATS_TEST_TMPDIR/two"
	cmp "$BATS_TEST_TMPDIR/one" "$BATS_TEST_TMPDIR/two"
}

@test "what cannot be done is one line" {
	fails_with 2 "memcgbench selftest: one run is wanted; try: memcgbench selftest --help" memcgbench selftest
	fails_with 6 "memcgbench selftest: $top/tests/data/compare/two-kernels has 3 seeds of old: two halves take 6 at least" \
		memcgbench selftest --kernel=old "$top/tests/data/compare/two-kernels"
	fails_with 6 "memcgbench selftest: $run_of_blocks has 8 blocks of 0.0.0-synthetic: two halves take 10 at least" \
		memcgbench selftest --units=5 "$run_of_blocks"
	fails_with 6 "memcgbench selftest: $run_of_blocks has 8 blocks of 0.0.0-synthetic: two halves take 8 at least" \
		memcgbench selftest --units=3 "$run_of_blocks"
	run -2 memcgbench selftest "$top/tests/data/compare/two-kernels"
	[[ "$output" == *"has several kernels (old, new): say which"* ]]
	run -2 memcgbench selftest --effect=-1 "$run_of_blocks"
	[[ "$output" == *"--effect=-1"* ]]
	run -2 memcgbench selftest --aa=0 "$run_of_blocks"
}
