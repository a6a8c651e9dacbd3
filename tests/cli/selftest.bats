#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# A run compared with itself. The numbers are tests/unit/test_calibrate.c's.
# shellcheck disable=SC2154 # what bats and verbs.bash set

load verbs

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

@test "work that was done, not numbers that were added" {
	local run=$BATS_TEST_TMPDIR/injected
	cp -r "$run_of_blocks" "$run"
	fails_with 6 "memcgbench selftest: $run has no two items that differ in the parameter extra alone" \
		memcgbench selftest --injected "$run"
	# The first item twice, the second time with extra work, by which its child memcg takes half as long again.
	python3 - "$run/samples.jsonl" <<-'EOF'
		import json, sys
		records, more, last = [json.loads(line) for line in open(sys.argv[1])], [], {}
		for record in records:
		    if record["type"] == "end":
		        continue
		    more.append(record)
		    if record["type"] == "item" and record["item"] == 0:
		        record["params"]["extra"] = "0"
		    if record.get("item") == 0:
		        last[len(last)] = json.loads(json.dumps(record))
		number = 1 + max(record.get("item", 0) for record in records)
		for record in last.values():
		    record["item"] = number
		    if record["type"] == "item":
		        record["params"]["extra"] = "500"
		    if record["type"] == "sample" and record["arm"]:
		        for metric in record["metrics"].values():
		            metric["ns"] = metric["ns"] * 3 // 2
		    more.append(record)
		more += [record for record in records if record["type"] == "end"]
		open(sys.argv[1], "w").writelines(json.dumps(record, separators=(",", ":")) + "\n" for record in more)
	EOF
	run memcgbench selftest --aa=30 --injected "$run"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ "$output" == *"added to the child memcg of one half: work, by the parameter extra"* ]]
	[[ "$output" == *"rows in which it was seen       "+([0-9])" of "+([0-9])": 100.0 % "* ]]
}

@test "a run of which no row is left is no run without an alarm" {
	cp -r "$run_of_blocks" "$BATS_TEST_TMPDIR/damaged"
	truncate -s -40 "$BATS_TEST_TMPDIR/damaged/samples.jsonl"
	run -6 memcgbench selftest --aa=5 "$BATS_TEST_TMPDIR/damaged"
	[[ "$output" == "memcgbench selftest: no row of $BATS_TEST_TMPDIR/damaged gave an interval: "*damaged* && "${#lines[@]}" -eq 1 ]]
}

@test "measured now, on this machine" {
	run --separate-stderr memcgbench selftest --live --blocks=8 --aa=10 -o "$BATS_TEST_TMPDIR/results" null
	[[ "$status" -ne 6 ]] || skip "$stderr"
	echo "$output" "$stderr"
	# So few blocks of a busy machine may well raise alarms; that they are counted is what is looked at.
	[[ "$status" -eq 0 || "$stderr" == *"more false alarms than the 5 %"* ]]
	[[ "${lines[0]}" == "measured now: "*"/results/20"* ]]
	[[ "${lines[1]}" == "10 comparisons of "*" with itself: 4 blocks against 4 others, drawn at random" ]]
	[ "$(jq -r '.plan.blocks' "$BATS_TEST_TMPDIR/results/baselines/selftest/run.json")" -eq 8 ]
	fails_with 2 'memcgbench selftest: there is no bench "nul" (did you mean "null"?); try: memcgbench run --help' \
		memcgbench selftest --live -o "$BATS_TEST_TMPDIR/results" nul
}

@test "the same seed draws the same halves" {
	memcgbench selftest --aa=30 --effect=1% --seed=5 "$run_of_blocks" >"$BATS_TEST_TMPDIR/one"
	memcgbench selftest --aa=30 --effect=1% --seed=5 "$run_of_blocks" >"$BATS_TEST_TMPDIR/two"
	cmp "$BATS_TEST_TMPDIR/one" "$BATS_TEST_TMPDIR/two"
}

@test "what cannot be done is one line" {
	fails_with 2 "memcgbench selftest: one run is wanted; try: memcgbench selftest --help" memcgbench selftest
	fails_with 6 "memcgbench selftest: $top/tests/data/compare/two-kernels has 5 seeds of old: two halves take 6 at least" \
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
