#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The schemas of docs/ take the runs of tests/data/runs, and refuse what is broken in them.

ROOT="$BATS_TEST_DIRNAME/../.."

setup() {
	python3 -c 'import jsonschema' 2>/dev/null || skip "python3-jsonschema is not installed"
	cp -r "$ROOT/tests/data/runs/small" "$BATS_TEST_TMPDIR/small"
}

check() {
	run "$ROOT/tests/schema.py" "$@"
}

# spoil FILE SED-SCRIPT SENTENCE: broken like this, the run must be refused with that.
spoil() {
	local dir="$BATS_TEST_TMPDIR/spoilt"

	rm -rf "$dir"
	cp -r "$BATS_TEST_TMPDIR/small" "$dir"
	sed -i "$2" "$dir/$1"
	if cmp -s "$dir/$1" "$BATS_TEST_TMPDIR/small/$1"; then
		echo "nothing was changed by: $2"
		return 1
	fi
	check "$dir"
	echo "$2: $output"
	[ "$status" -eq 1 ]
	[[ "$output" == *"$3"* ]]
}

@test "schema: the runs of tests/data/runs are valid" {
	check "$ROOT"/tests/data/runs/*/
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "schema: the generator makes what is committed" {
	"$ROOT/tests/data/runs/generate.py" "$BATS_TEST_TMPDIR/again"
	diff -r "$BATS_TEST_TMPDIR/again/small" "$ROOT/tests/data/runs/small"
	diff -r "$BATS_TEST_TMPDIR/again/interrupted" "$ROOT/tests/data/runs/interrupted"
}

@test "schema: a broken run.json is refused" {
	spoil run.json 's/"memcgbench-run"/"other"/' '$.schema'
	spoil run.json 's/"schema_version": 1/"schema_version": 2/' '$.schema_version'
	spoil run.json 's/"complete"/"done"/' '$.status'
	spoil run.json 's/"complete"/"running"/' 'run.json'
	spoil run.json '/"started"/d' "'started' is a required property"
	spoil run.json 's/"clock": "ns"/"clock": "s"/' '$.clock'
	spoil run.json 's/"executor": "live"/"executor": "elsewhere"/' '$.boots[0].executor'
	spoil run.json 's/{/[/' 'run.json'
}

@test "schema: a broken record is refused, with its line" {
	spoil samples.jsonl '4s/"type":"sample"/"type":"sampel"/' 'samples.jsonl:4'
	spoil samples.jsonl '4s/"ops":[0-9]*/"ops":0/' 'samples.jsonl:4'
	spoil samples.jsonl '4s/"ns":[0-9]*/"ns":-1/' 'samples.jsonl:4'
	spoil samples.jsonl '4s/"ns":[0-9]*/"ns":NaN/' 'NaN is not JSON'
	spoil samples.jsonl '4s/"ns":[0-9]*/"ns":null/' 'samples.jsonl:4'
	spoil samples.jsonl '4s/"arm":/"amr":/' "'arm' is a required property"
	spoil samples.jsonl '4s/"boot":0,//' "'boot' is a required property"
	spoil samples.jsonl '2s/"better":"lower"/"better":"less"/' '$.metrics[0].better'
	spoil samples.jsonl '2s/"state":"root"/"state":"leaf"/' '$.arms[0].state'
	spoil samples.jsonl '1s/"schema_version":1/"schema_version":2/' '$.schema_version'
	spoil samples.jsonl 's/\[400,100\]/[400]/' '$.histogram[0]'
	spoil samples.jsonl 's/"status":"complete"/"status":"running"/' '$.status'
	spoil samples.jsonl '$s/$/x/' 'Extra data'
}

@test "schema: a complete run has no cut line" {
	truncate -s -5 "$BATS_TEST_TMPDIR/small/samples.jsonl"
	check "$BATS_TEST_TMPDIR/small"
	[ "$status" -eq 1 ]
	[[ "$output" == *"the last line is cut"* ]]
}
