#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# docs/ADDING-A-BENCH.md to the letter: the bench that it shows, in a copy of the tree.

setup()
{
	TOP=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	built=${O-}
	unset O
	[ -x "$built/memcgbench" ] || skip "nothing is built (\$O is not set)"
	cd "$BATS_TEST_TMPDIR"
	cp -a "$TOP"/{Makefile,tools,harness,bench,man,plots,tests,docs} .
	# Its objects, so that only what the bench changes is built.
	cp -a "$built" built
	find built -name '*.d' -exec sed -i "s|$built/|built/|g" {} +
}

@test "its file and its line in list.h are enough: plan, parameters, list and lints take it" {
	awk '/^```c$/ { is_code = 1; next } /^```$/ { is_code = 0 } is_code' docs/ADDING-A-BENCH.md >bench/pipe_charge.c
	grep -q 'const struct bench bench_pipe_charge' bench/pipe_charge.c
	echo "BENCH(pipe_charge)" >>bench/list.h
	tests=(built/tests/unit/test_run_plan built/tests/unit/test_plan built/tests/unit/test_params)
	run make O=built WERROR=1 built/memcgbench built/memcgbench-runner "${tests[@]}"
	echo "$output"
	[ "$status" -eq 0 ]
	for test in "${tests[@]}"; do
		run "$test"
		echo "$output"
		[ "$status" -eq 0 ]
	done
	built/memcgbench list | grep -q '^pipe_charge '
	built/memcgbench run -n --suite=full | grep -q '^ *pipe_charge'
	for lint in bench format layers list output words; do
		run "tools/lint-$lint" .
		echo "$output"
		[ "$status" -eq 0 ]
	done
}
