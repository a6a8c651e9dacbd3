#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What the exports' consumers make of them. The files are those of tests/data/exports/golden/, which tests/unit/test_export.c holds the program
# to, byte by byte. Of lkp there is no reader but people: it has its golden file alone.

setup()
{
	golden=$TOP/tests/data/exports/golden
}

for_format()
{
	run python3 "$TOP/tests/exports.py" "$1" "$golden/$1"
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "the made-up run is what generate.py makes" {
	cp "$TOP/tests/data/exports/generate.py" "$BATS_TEST_TMPDIR"
	python3 "$BATS_TEST_TMPDIR/generate.py"
	diff -r "$BATS_TEST_TMPDIR/run" "$TOP/tests/data/exports/run"
}

@test "bmf: Bencher's schema" {
	for_format bmf
}

@test "gha: what github-action-benchmark demands" {
	for_format gha
}

@test "kcidb: schema 5.0, by kcidb_io where it is installed" {
	for_format kcidb
}

@test "lava: found, cut and split as lava_dispatcher does, by it where it is installed" {
	for_format lava
}

@test "ktap: plans and nesting, by the kernel's kunit_parser where a kernel's source is" {
	for_format ktap
}

@test "benchfmt: the grammar of lines and units" {
	for_format benchfmt
}

@test "benchfmt: benchstat reads it" {
	command -v benchstat >/dev/null || skip "there is no benchstat here"
	run benchstat -col kernel "$golden/benchfmt"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ "$output" == *"~"* ]]
}

@test "gbench: what compare.py reads" {
	for_format gbench
}

@test "gbench: compare.py of Google Benchmark compares the two sides" {
	compare=/usr/share/benchmark/compare.py
	[ -e "$compare" ] || skip "there is no $compare here (Debian: libbenchmark-tools)"
	/usr/bin/python3 -c 'import scipy' 2>/dev/null || skip "compare.py needs python3-scipy"
	run /usr/bin/python3 "$compare" --no-color filters "$golden/gbench" base/ candidate/
	echo "$output"
	[ "$status" -eq 0 ]
	[[ "$output" == *"/arm=child-depth1/metric=free "*"+0.1200"*"500"*"560"* ]]
}

@test "a recorded run of two kernels, in every format" {
	for format in bmf gha kcidb lava ktap benchfmt gbench; do
		run "$MEMCGBENCH" compare "$TOP/tests/data/compare/two-kernels" --format="$format"
		[ "$status" -le 3 ]
		echo "$output" >"$BATS_TEST_TMPDIR/$format"
		run python3 "$TOP/tests/exports.py" "$format" "$BATS_TEST_TMPDIR/$format"
		echo "$output"
		[ "$status" -eq 0 ]
	done
	run "$MEMCGBENCH" compare "$TOP/tests/data/compare/two-kernels" --format=lkp
	[[ "$output" == *"%stddev     %change         %stddev"* ]]
	run "$MEMCGBENCH" compare --format=help
	for format in bmf gha kcidb lava ktap benchfmt gbench lkp; do
		[[ "$output" == *"$format"* ]]
	done
}

@test "two seeds give no verdict and still a file that is read, in which nothing passes" {
	two=$BATS_TEST_TMPDIR/two
	mkdir "$two"
	jq '.boots |= map(select(.seed < 3))' "$TOP/tests/data/compare/two-kernels/run.json" >"$two/run.json"
	jq -c 'select(.boot < 8)' "$TOP/tests/data/compare/two-kernels/samples.jsonl" >"$two/samples.jsonl"
	for format in bmf gha kcidb lava ktap benchfmt gbench; do
		run "$MEMCGBENCH" compare "$two" --format="$format"
		[ "$status" -eq 0 ]
		echo "$output" >"$BATS_TEST_TMPDIR/$format"
		run python3 "$TOP/tests/exports.py" "$format" "$BATS_TEST_TMPDIR/$format"
		echo "$output"
		[ "$status" -eq 0 ]
	done
	cd "$BATS_TEST_TMPDIR"
	[ "$(jq -c '[.tests[].status] | unique' kcidb)" = '["DONE"]' ]
	[ "$(grep -c RESULT=unknown lava)" -eq 8 ]
	[ "$(grep -c '^    ok [0-9]* .* # SKIP' ktap)" -eq 8 ]
}

@test "a broken file is refused: the checks can fail" {
	cd "$BATS_TEST_TMPDIR"
	sed 's/RESULT=pass/RESULT=maybe/' "$golden/lava" >lava
	sed '0,/ok 2 /s//ok 3 /' "$golden/ktap" >ktap
	sed '0,/"value": [0-9.]*/s//"value": "x"/' "$golden/gha" >gha
	sed '0,/"status": "PASS"/s//"status": "GOOD"/' "$golden/kcidb" >kcidb
	sed '0,/ 1 2300 /s// one 2300 /' "$golden/benchfmt" >benchfmt
	sed '0,/"lower_value"/s//"lowest"/' "$golden/bmf" >bmf
	sed '0,/"real_time"/s//"time"/' "$golden/gbench" >gbench
	for format in lava ktap gha kcidb benchfmt bmf gbench; do
		run python3 "$TOP/tests/exports.py" "$format" "$format"
		echo "$format: $output"
		[ "$status" -ne 0 ]
	done
}
