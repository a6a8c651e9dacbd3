#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# tests/run sums up what programs print, and takes no silence for success.

setup()
{
	TOP=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	cd "$BATS_TEST_TMPDIR"
}

# program NAME: a test program from the script on stdin.
program()
{
	{ echo '#!/bin/bash'; cat; } >"$1"
	chmod +x "$1"
}

aggregate()
{
	local programs=()
	for name in "$@"; do
		programs+=("$BATS_TEST_TMPDIR/$name")
	done
	O=$BATS_TEST_TMPDIR/o run "$TOP/tests/run" -- "${programs[@]}"
	echo "$output"
}

@test "all pass: the line, last and once, and status 0" {
	program t <<<'echo 1..2; echo "ok 1 - a"; echo "ok 2 - b"'
	aggregate t
	[ "$status" -eq 0 ]
	[ "${lines[-1]}" = "2 passed, 0 failed, 0 skipped" ]
	[ "$(grep -c '^[0-9]* passed, ' <<<"$output")" -eq 1 ]
}

@test "a failing test is shown with its output and its stderr" {
	program t <<'END'
printf '%s\n' 1..2 'not ok 1 - sum of nothing' '# 0x1 != 0x2' 'ok 2 - b'
echo 'a word on stderr' >&2
exit 1
END
	aggregate t
	[ "$status" -eq 1 ]
	[ "${lines[-1]}" = "1 passed, 1 failed, 0 skipped" ]
	[[ "$output" == *"FAILED t: sum of nothing"*"0x1 != 0x2"*"stderr: a word on stderr"* ]]
}

@test "skips, as bats and as cmocka write them, with their sentence" {
	program t <<'END'
printf '%s\n' 1..3 'ok 1 first # skip needs swap' 'needs two nodes' 'not ok 2 # SKIP second' 'ok 3 - c'
END
	aggregate t
	[ "$status" -eq 0 ]
	[ "${lines[-1]}" = "1 passed, 0 failed, 2 skipped" ]
	[[ "$output" == *"skipped t: first: needs swap"* ]]
	[[ "$output" == *"skipped t: second: needs two nodes"* ]]
}

@test "no plan, an empty output, a plan of nothing: failures" {
	program t1 <<<'echo "ok 1 - a"'
	program t2 <<<'true'
	program t3 <<<'echo 1..0'
	aggregate t1 t2 t3
	[ "$status" -eq 1 ]
	[ "${lines[-1]}" = "1 passed, 3 failed, 0 skipped" ]
	[[ "$output" == *"FAILED t1: the program printed no plan"* ]]
	[[ "$output" == *"FAILED t2: the program printed no plan"* ]]
	[[ "$output" == *"FAILED t3: the program has no tests"* ]]
}

@test "fewer tests than planned, and a crash" {
	program t1 <<<'echo 1..3; echo "ok 1 - a"'
	program t2 <<<'echo 1..1; echo "ok 1 - a"; kill -SEGV $$'
	aggregate t1 t2
	[ "${lines[-1]}" = "2 passed, 2 failed, 0 skipped" ]
	[[ "$output" == *"t1: the program planned 3 tests and ran 1"* ]]
	[[ "$output" == *"t2: the program was ended by signal 11"* ]]
}

@test "an exit status that no failing test explains" {
	program t <<<'echo 1..1; echo "ok 1 - a"; echo "leaked 5 bytes" >&2; exit 23'
	aggregate t
	[ "${lines[-1]}" = "1 passed, 1 failed, 0 skipped" ]
	[[ "$output" == *"exit status 23"*"leaked 5 bytes"* ]]
}

@test "a failing test is no reason to count its program's exit status too" {
	program t <<<'echo 1..1; echo "not ok 1 - a"; exit 1'
	aggregate t
	[ "${lines[-1]}" = "0 passed, 1 failed, 0 skipped" ]
}

@test "two groups in one program, and half a line before a result" {
	program t <<<'echo 1..1; echo "ok 1 - a"; echo 1..1; printf "hello "; echo "not ok 1 - b"; exit 1'
	aggregate t
	[ "${lines[-1]}" = "1 passed, 1 failed, 0 skipped" ]
	[[ "$output" == *"FAILED t: b"* ]]
}

@test "output that resembles a result inside a comment is none" {
	program t <<<'echo 1..1; echo "# not ok 1 - quoted"; echo "ok 1 - a"'
	aggregate t
	[ "$status" -eq 0 ]
	[ "${lines[-1]}" = "1 passed, 0 failed, 0 skipped" ]
}

@test "a program that is not there" {
	aggregate nothing
	[ "$status" -eq 1 ]
	[ "${lines[-1]}" = "0 passed, 1 failed, 0 skipped" ]
}

@test "an unknown part" {
	run "$TOP/tests/run" everything
	[ "$status" -eq 2 ]
	[[ "$output" == *'no part "everything"'* ]]
}

@test "a real cmocka program passes, and bats' own output is understood" {
	[ -x "${O-}/tests/unit/test_err" ] || skip "no built unit tests (\$O is not set)"
	built=$O
	printf '%s\n' '@test "one" { true; }' '@test "two" { skip "not today"; }' '@test "three" { echo why; false; }' >x.bats
	program t <<<"exec bats --tap '$PWD/x.bats'"
	program u <<<"exec '$built/tests/unit/test_err'"
	aggregate t u
	[ "${lines[-1]}" = "10 passed, 1 failed, 1 skipped" ]
	[[ "$output" == *"skipped t: two: not today"* ]]
	[[ "$output" == *"FAILED t: three"*"why"* ]]
}
