#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154 # what bats, verbs.bash and fake_boot.bash set
# run --boot-arg, with a kernel and a QEMU that are made up (fake_boot.bash): whose off a variant has, and arguments that do nothing.
load verbs
load fake_boot

setup_file()
{
	export BIN=$BATS_FILE_TMPDIR/bin DATA=$BATS_TEST_DIRNAME/../data/bisect BUILDS=$BATS_FILE_TMPDIR/builds
	mkdir -p "$BIN"
	make_fakes
}

setup()
{
	PATH=$BIN:$PATH
	cd "$BATS_TEST_TMPDIR" || return 1
	echo 0 >cost
	build-image
}

boot()
{
	run --separate-stderr memcgbench run -k k=out/bzImage --seeds=3 -j2 --no-plots "$@" fault_storm
}


@test "what an argument does to everybody is the change of off, and no cost of memcg" {
	boot --boot-arg=everybody=500
	[ "$status" -eq 0 ]
	[ "$(jq -s '[.[] | select(.type == "boot")] | length' results/*/samples.jsonl)" -eq 12 ]
	[ "$(jq -rs '[.[] | select(.type == "boot" and .own_off) | .cgroup.version] | join(" ")' results/*/samples.jsonl)" = \
		"none v2 none v2 none v2" ]
	python3 "$top/tests/schema.py" results/*
	memcgbench overhead --json results/* >json
	jq -e '[.items[0].rows[] | select(.metric == "fault")] as [$k, $v] | $v.kernel == "k,everybody=500" and
		$v.change[0].mean == 500 and $v.change[2].mean == 0 and
		$k.overhead[2].mean > 100 and $v.overhead[2].mean == $k.overhead[2].mean' json
	[[ $output == *"k,everybody=500: k booted with everybody=500; change is against k."* ]]
	run memcgbench compare results/* k k,everybody=500
	[ "$status" -eq 0 ]
	[[ $output != *egression* ]]
}

@test "the off of a variant that failed is not the kernel's" {
	boot --boot-arg=everybody=500
	for run in results/*; do
		# The boots of the variant with memcg off are lost.
		jq -c 'select(.boot % 4 != 2)' "$run/samples.jsonl" >left
		mv left "$run/samples.jsonl"
		jq '.boots |= map(select(.boot % 4 != 2))' "$run/run.json" >left
		mv left "$run/run.json"
	done
	memcgbench overhead --json results/* | jq -e '[.items[0].rows[] | select(.metric == "fault")][1] | .overhead[2] == null and .cost[2].mean > 1000 and .cost[0] == null'
}

@test "an argument that the kernel does not know, or that it has otherwise, is said at once, stored, and said by table and compare" {
	boot --boot-arg="psi=1 nosuch nosuch2=x" --boot-arg=z:zswap.enabled=1 --append=nosuch3
	[ "$status" -eq 0 ]
	for said in "k,psi=1+nosuch+nosuch2=x: the argument nosuch had no effect: the kernel does not know it" \
		"k,psi=1+nosuch+nosuch2=x: the argument nosuch2=x had no effect: the kernel does not know it" \
		"k,z: the argument zswap.enabled=1 had no effect: the kernel says zswap.enabled=N" \
		"k: the argument nosuch3 had no effect: the kernel does not know it"; do
		[ "$(grep -cxF "memcgbench run: kernel $said" <<<"$stderr")" -eq 1 ]
		[ "$(grep -cE "^warning, boot [0-9]+ and others: " <<<"$output")" -eq 6 ]
		[[ $output == *"and others: kernel $said"* ]]
		[ "$(jq -r 'select(.type == "warning" and .code == "boot-arg") | .text' results/*/samples.jsonl | grep -cxF "kernel $said")" -eq 6 ]
	done
	[[ $output$stderr != *"psi=1 had"* ]]
	python3 "$top/tests/schema.py" results/*
	run memcgbench compare results/* k k,z
	[ "$(tr -s ' \n' ' ' <<<"$output" | grep -o 'kernel k,z: the argument zswap.enabled=1 had no effect' | wc -l)" -eq 1 ]
	[[ $output != *"nosuch2"* ]]
}

@test "of an argument that is given twice, the last counts" {
	boot --boot-arg="zswap.enabled=1 zswap.enabled=0"
	[[ $output$stderr != *"no effect"* ]]
}
