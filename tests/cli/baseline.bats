#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154 # what bats and verbs.bash set
# run --save-baseline and compare --baseline, with kernels whose costs are made up (fake_boot.bash).
load verbs
load fake_boot

setup_file()
{
	export BIN=$BATS_FILE_TMPDIR/bin DATA=$BATS_TEST_DIRNAME/../data/bisect BUILDS=$BATS_FILE_TMPDIR/builds
	mkdir -p "$BIN"
	make_fakes
}

# measure COST WORD...: run a kernel that costs so much.
measure()
{
	echo "$1" >cost
	"$BIN/build-image" 2>/dev/null
	shift
	PATH=$BIN:$PATH memcgbench run -k k=out/bzImage --seeds=3 --quiet --no-plots fault_storm "$@"
}

# last_run: the folder of the newest.
last_run()
{
	find results -mindepth 1 -maxdepth 1 -name '2*' | sort | tail -n 1
}

setup()
{
	cd "$BATS_TEST_TMPDIR" || return 1
}

@test "what was saved is compared with, wherever the results are moved to, until it is saved anew" {
	measure 0 --save-baseline=good >table
	first=$(last_run)
	[ "$(readlink results/baselines/good)" = "../${first#results/}" ]
	run -0 memcgbench compare --baseline=good --metric=fault "$first"
	sleep 1
	measure 70 >table
	second=$(last_run)
	[ "$first" != "$second" ]
	run -1 memcgbench compare --baseline=good --metric=fault "$second"
	mv results moved
	run -1 memcgbench compare --results=moved --baseline=good --metric=fault "moved/${second#results/}"
	mv moved results
	sleep 1
	measure 70 --save-baseline=good >table
	run -0 memcgbench compare --baseline=good --metric=fault "$second"
	[ "$(ls -A results/baselines)" = good ]
}

@test "a run that failed is no baseline, and the one before stays" {
	measure 0 --save-baseline=good >table
	before=$(readlink results/baselines/good)
	run -5 measure panic --save-baseline=good
	[ "$(readlink results/baselines/good)" = "$before" ]
	run -2 memcgbench run --save-baseline=a/b null
	[[ ${lines[0]} == *'"a/b" is no name for a baseline'* ]]
	run -2 memcgbench run --save-baseline= null
}

@test "a folder that somebody put there is not overwritten, and serves as a baseline" {
	measure 0 >table
	mkdir results/baselines
	mv "$(last_run)" results/baselines/hand
	run -5 measure 70 --save-baseline=hand
	[[ $output == *"results/baselines/hand: Is a directory"* ]]
	run -1 memcgbench compare --baseline=hand --metric=fault "$(last_run)"
	run -2 memcgbench compare --baseline=nothing "$(last_run)"
}

@test "a run on this machine can be a baseline" {
	memcgbench run null -q -b 2 -t 1ms --latency-ops 0 --no-plots --no-counters --quiet --save-baseline=here >table 2>err || skip "no run is possible here: $(cat err)"
	[ "$(jq -r .status results/baselines/here/run.json)" = complete ]
}
