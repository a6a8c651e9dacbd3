#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# compare: two kernels of a recorded run (Debian's 6.1 and 6.12, fault_storm, 2 seeds), and everything that is no comparison.

load verbs.bash

setup()
{
	run_dir=$BATS_TEST_DIRNAME/../data/compare/two-kernels
}

@test "two kernels of one run, named or not, give the same table" {
	run -1 memcgbench compare "$run_dir" old new
	named=$output
	run -1 memcgbench compare "$run_dir"
	[ "$output" = "$named" ]
	run -1 memcgbench compare "$run_dir@old" "$run_dir/run.json@new"
	[ "$output" = "$named" ]
	[[ $named == *regression* ]]
}

@test "a kernel against itself is the same in every row" {
	run -0 memcgbench compare --format=json "$run_dir" new new
	[ "$(jq -r '[.rows[].verdict] | unique | join(" ")' <<<"$output")" = same ]
	[ "$(jq '.rows | length' <<<"$output")" -eq 8 ]
}

@test "the change is the contrast of the medians, within the spread of the seeds" {
	run -1 memcgbench compare --format=json "$run_dir" old new
	[ "$(jq '[.rows[] | select(.change.method == "paired-t") | .change.value >= .change.low and .change.value <= .change.high] | all' \
		<<<"$output")" = true ]
	[ "$(jq '[.rows[] | (.candidate_overhead - .base_overhead - .change.value) | fabs < 12] | all' <<<"$output")" = true ]
}

@test "JSON fits its schema" {
	python3 - "$BATS_TEST_DIRNAME/../../docs/compare.schema.json" <(memcgbench compare --format=json "$run_dir" old new || true) <<-'EOF'
		import json, sys, jsonschema
		jsonschema.validate(json.load(open(sys.argv[2])), json.load(open(sys.argv[1])))
	EOF
}

@test "lkml has no line of more than 75 columns, names the kernels, the command and the control" {
	run -1 memcgbench compare --format=lkml "$run_dir" old new
	[ "$(awk '{ if (length($0) > m) m = length($0) } END { print m }' <<<"$output")" -le 75 ]
	[[ $output == *6.1.0-* && $output == *6.12.* && $output == *"command:"* && $output == *"off"* && $output == *"QEMU 7.2"* ]]
	[[ $output != *$'\e'* ]]
}

@test "csv has as many cells in every line, md a table" {
	run -1 memcgbench compare --format=csv "$run_dir" old new
	python3 -c 'import csv, sys; rows = list(csv.reader(sys.stdin)); assert len({len(r) for r in rows}) == 1 and len(rows) == 9' <<<"$output"
	run -1 memcgbench compare --format=md "$run_dir" old new
	[ "$(grep -c '^|' <<<"$output")" -eq 10 ]
}

@test "a limit decides: with a wide one nothing is worse" {
	run -0 memcgbench compare --delta=50% "$run_dir" old new
	run -0 memcgbench compare --limits='fault_storm/dontneed:insn=100' "$run_dir" old new
	[[ $output != *regression* ]]
	run -1 memcgbench compare --limits='fault_storm/dontneed:ns=100' "$run_dir" old new
}

@test "--bench and --metric choose rows; --strict minds what is inconclusive" {
	run -0 memcgbench compare --format=csv --metric=fault "$run_dir" old new
	[ "$(grep -c ',fault,' <<<"$output")" -eq 2 ]
	run -3 memcgbench compare --strict --metric=fault "$run_dir" old new
	run -6 memcgbench compare --bench=null "$run_dir" old new
}

@test "what is no comparison says so in one line, with its status" {
	fails_with 2 "memcgbench compare: $run_dir has no kernel \"newest\"; it has old, new; try: memcgbench compare --help" \
		memcgbench compare "$run_dir" old newest
	fails_with 2 "memcgbench compare: --format=xml: there is no such format; --format=help lists them; try: memcgbench compare --help" \
		memcgbench compare --format=xml "$run_dir"
	run -2 memcgbench compare
	run -2 memcgbench compare "$run_dir" "$run_dir"
	run -2 memcgbench compare --delta=-1 "$run_dir"
	run -2 memcgbench compare /nowhere old new
}

@test "a run whose samples are cut, foreign or of another schema is refused or doubted, never the same" {
	cp -r "$run_dir" "$BATS_TEST_TMPDIR/cut"
	truncate -s 5000 "$BATS_TEST_TMPDIR/cut/samples.jsonl"
	run memcgbench compare "$BATS_TEST_TMPDIR/cut" old new
	[ "$status" -ne 0 ]
	cp -r "$run_dir" "$BATS_TEST_TMPDIR/foreign"
	echo '{"hello": "world"}' >"$BATS_TEST_TMPDIR/foreign/samples.jsonl"
	run -5 memcgbench compare "$BATS_TEST_TMPDIR/foreign" old new
	[ "${#lines[@]}" -eq 1 ]
	cp -r "$run_dir" "$BATS_TEST_TMPDIR/schema"
	sed -i 's/"schema_version": 1/"schema_version": 99/' "$BATS_TEST_TMPDIR/schema/run.json"
	run -5 memcgbench compare "$BATS_TEST_TMPDIR/schema" old new
	[ "${#lines[@]}" -eq 1 ]
}

@test "runs of another QEMU or processor are not compared" {
	cp -r "$run_dir" "$BATS_TEST_TMPDIR/other"
	sed -i 's/"cpu_model": "max,-erms,-fsrm"/"cpu_model": "qemu64"/' "$BATS_TEST_TMPDIR/other/run.json"
	run -6 memcgbench compare "$run_dir@old" "$BATS_TEST_TMPDIR/other@new"
	[[ $output == *"QEMU's CPU model differs"* ]]
}
