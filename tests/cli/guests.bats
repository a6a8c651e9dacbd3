#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# run --kernel: kernels booted in guests. Fetches Debian's 6.1 and 6.12 once; skips where it cannot.

load verbs.bash

setup_file()
{
	command -v qemu-system-x86_64 >/dev/null || skip "there is no qemu-system-x86_64"
	export RESULTS=$BATS_FILE_TMPDIR/results
	export BOOTED=$BATS_FILE_TMPDIR/booted
	"$MEMCGBENCH" run -k old=deb:6.1.192-3 -k new=deb:6.12.117-1 --seeds=1 --quiet -o "$RESULTS" null fault_storm process_exit \
		>"$BATS_FILE_TMPDIR/table" 2>"$BATS_FILE_TMPDIR/err" || {
		grep -q -e 'did not answer' -e 'apt-get' "$BATS_FILE_TMPDIR/err" && skip "Debian's archive is not to be had"
		cat "$BATS_FILE_TMPDIR/err" >&2
		return 1
	}
	touch "$BOOTED"
}

setup()
{
	[ -e "$BOOTED" ] || skip "no kernel was booted"
	samples=$(echo "$RESULTS"/*/samples.jsonl)
}

# value BOOT ARM METRIC: the least rep.
value()
{
	jq -s --argjson b "$1" --argjson a "$2" --arg m "$3" \
		'[.[] | select(.type == "sample" and .boot == $b and .arm == $a and (.warmup | not) and .metrics[$m])
		  | .metrics[$m].ns / .metrics[$m].ops] | min' "$samples"
}

@test "the run is whole, fits its schema, and says on which kernels and clock" {
	dir=${samples%/*}
	[ "$(jq -r .status "$dir/run.json")" = complete ]
	[ "$(jq -r .clock "$dir/run.json")" = insn ]
	[ "$(jq -r '[.boots[].kernel] | join(" ")' "$dir/run.json")" = "old old new new" ]
	[ "$(jq -r '[.boots[].cgroup.version] | join(" ")' "$dir/run.json")" = "none v2 none v2" ]
	python3 "$TOP/tests/schema.py" "$dir"
}

@test "an empty loop costs the same instructions with memcg off, in root and in a child" {
	item=$(jq -s '[.[] | select(.type == "item" and .bench == "null")][0].item' "$samples")
	run jq -s --argjson i "$item" '[.[] | select(.type == "sample" and .item == $i and (.warmup | not))
		| .metrics.loop.ns / .metrics.loop.ops] | min' "$samples"
	[ "${output%.*}" -ge 1 ]
	[ "$(value 0 0 loop)" = "$(value 1 1 loop)" ]
	[ "$(value 1 1 loop)" = "$(value 1 2 loop)" ]
}

@test "a fault costs more in root than with memcg off, and more in a child than in root" {
	for boot in 0 2; do
		run jq -n --argjson off "$(value $boot 0 fault)" --argjson root "$(value $((boot + 1)) 1 fault)" \
			--argjson child "$(value $((boot + 1)) 2 fault)" '$off < $root and $root < $child'
		[ "$output" = true ]
	done
}

@test "the table has every kernel, the change, and is printed again from the samples" {
	grep -q '^  fault  *old ' "$BATS_FILE_TMPDIR/table"
	grep -q '^  *change ' "$BATS_FILE_TMPDIR/table"
	run "$MEMCGBENCH" overhead "${samples%/*}"
	[ "$status" -eq 0 ]
	[ "$("$MEMCGBENCH" overhead --json "${samples%/*}" | jq -r '.schema + " " + (.kernels | join(" "))')" = \
		"memcgbench-ladder old new" ]
	[ "$output" = "$(grep -v '^written to' "$BATS_FILE_TMPDIR/table" | sed -e :a -e '/^\n*$/{$d;N;ba' -e '}')" ]
}

@test "a kernel that does not end well is an error, status 5, and leaves no sample" {
	run "$MEMCGBENCH" run -k deb:6.12.117-1 --seeds=1 --quiet --append=init=/nothing\ rdinit=/nothing -o "$BATS_TEST_TMPDIR" null
	[ "$status" -eq 5 ]
	[[ $output == *"panic"* ]]
	[ "$(cat "$BATS_TEST_TMPDIR"/*/samples.jsonl | jq -r .type | sort -u)" = error ]
	[ "$(jq -r .status "$BATS_TEST_TMPDIR"/*/run.json)" = failed ]
}

@test "a limit that is too small is an error of its item, and the other items of the boot are measured" {
	run "$MEMCGBENCH" run -k deb:6.12.117-1 --seeds=1 --shard=2/2 --quiet --blocks=2 --limit=1M -o "$BATS_TEST_TMPDIR" fault_storm --size=4M null
	[ "$status" -eq 5 ]
	[[ ${lines[0]} == *", memcg on, seed 1: fault_storm (child, depth 1), worker 0"*" was killed by the OOM killer: the limit of "* ]]
	grep -q 'Memory cgroup out of memory: Killed process' "$BATS_TEST_TMPDIR"/*/boots/1/console.log
	[ "$(jq -rs '[.[] | select(.type == "error") | .item] | join(" ")' "$BATS_TEST_TMPDIR"/*/samples.jsonl)" = 0 ]
	[ "$(jq -rs '[.[] | select(.type == "sample") | .item] | unique | join(" ")' "$BATS_TEST_TMPDIR"/*/samples.jsonl)" = 1 ]
}

@test "a kernel without cgroup v1's memory controller is an error that names the option" {
	grep -qsx '# CONFIG_MEMCG_V1 is not set' "$("$MEMCGBENCH" kernel fetch 6.12.117-1 | awk '{ sub("[^/]*$", "config", $2); print $2 }')" ||
		skip "Debian's 6.12.117 has CONFIG_MEMCG_V1"
	run "$MEMCGBENCH" run -k deb:6.12.117-1 --seeds=1 --shard=2/2 --cgroup=v1 --quiet -o "$BATS_TEST_TMPDIR" null
	[ "$status" -eq 5 ]
	[[ ${lines[0]} == *", memcg on, seed 1: this kernel has no memory controller of cgroup v1 (CONFIG_MEMCG_V1): "* ]]
	[ "$(jq -r .type "$BATS_TEST_TMPDIR"/*/samples.jsonl)" = error ]
}

@test "cgroup v1: the same arms, charged and proven" {
	memcgbench run -k deb:6.1.192-3 --cgroup=v1 --seeds=1 --blocks=2 --quiet -o "$BATS_TEST_TMPDIR" fault_storm swapin_own swapin_race
	[ "$(jq -r '[.boots[].cgroup.version] | join(" ")' "$BATS_TEST_TMPDIR"/*/run.json)" = "none v1" ]
	# off, root and child of fault, the least rep of each: rising.
	jq -s -e '[.[] | select(.type == "sample" and .item == 0 and (.warmup | not))] | group_by(.arm) |
		map(map(.metrics.fault | .ns / .ops) | min) | length == 3 and .[0] < .[1] and .[1] < .[2]' \
		"$BATS_TEST_TMPDIR"/*/samples.jsonl
	jq -s -e '([.[] | select(.type == "error" or .type == "skip")] == []) and
		([.[] | select(.type == "proof" and .charged_bytes)] | length > 0)' "$BATS_TEST_TMPDIR"/*/samples.jsonl
}

@test "on two CPUs a reader of statistics gets what is waiting on both" {
	memcgbench run -k deb:6.12.117-1 --cpus=2 --seeds=1 --blocks=2 --quiet -o "$BATS_TEST_TMPDIR" charge_depth --way=stat
	jq -s -e '([.[] | select(.type == "error")] == []) and ([.[] | select(.type == "sample" and .arm == 2)] | length > 0)' \
		"$BATS_TEST_TMPDIR"/*/samples.jsonl
}

@test "a spec that names nothing is one line" {
	run "$MEMCGBENCH" run -k x=/nowhere/bzImage null
	[ "$status" -ne 0 ]
	[ "${#lines[@]}" -eq 1 ]
	[[ $output == *"--kernel=x=/nowhere/bzImage"* ]]
	run "$MEMCGBENCH" run -k a=deb:6.12.117-1 -k a=deb:6.12.117-1 null
	[ "$status" -eq 2 ]
	[[ $output == *"two kernels are called"* ]]
}

@test "an argument that hides the kernel's warnings is refused in one line" {
	for option in --append=quiet "--boot-arg=x=a loglevel=3"; do
		run "$MEMCGBENCH" run -k deb:6.12.117-1 "$option" --dry-run null
		[ "$status" -eq 2 ]
		[ "${#lines[@]}" -eq 1 ]
		[[ $output == *"$option"*"would keep a WARN of the kernel off its console"* ]]
	done
}

@test "the dry run prints a QEMU line a boot and starts none" {
	run "$MEMCGBENCH" run -k deb:6.12.117-1 --seeds=2 --dry-run null
	[ "$status" -eq 0 ]
	[ "$(grep -c -- '-icount shift=0,sleep=off' <<<"$output")" -eq 4 ]
	[ "$(grep -c 'cgroup_disable=memory' <<<"$output")" -eq 2 ]
}

@test "phases as long as a tick of the guest's timer are warned of, and shorter ones are not" {
	memcgbench run -k deb:6.12.117-1 --seeds=1 --blocks=2 --size=4M --quiet -o "$BATS_TEST_TMPDIR" fault_storm >"$BATS_TEST_TMPDIR/table"
	jq -se '[.[] | select(.type == "warning" and .code == "ticks") | .text] | length == 2 and all(startswith("fault: "))' \
		"$BATS_TEST_TMPDIR"/*/samples.jsonl
	grep -q '^warning, boot 0 and others: fault: so long' "$BATS_TEST_TMPDIR/table"
	[ "$(jq -s '[.[] | select(.type == "warning")] | length' "$samples")" = 0 ]
}

@test "the end of a process: what its pages add, and what it costs without, are two numbers per process" {
	local boot arm
	jq -se '[.[] | select(.type == "item" and .bench == "process_exit").metrics[]]
		| length > 0 and all(.op == "process" and .unit == "insn/process")' "$samples"
	for boot in 0 2; do
		# 256 pages, which go as they do by munmap().
		for arm in "$boot 0" "$((boot + 1)) 1" "$((boot + 1)) 2"; do
			# shellcheck disable=SC2086 # two words
			jq -ne --argjson full "$(value $arm exit-full)" --argjson bare "$(value $arm exit-bare)" --argjson munmap "$(value $arm munmap)" \
				'($full - $bare) / 256 / $munmap | . > 0.7 and . < 1.4'
		done
	done
	# With memcg most of what is added to the bare one is kernel memory, which no other bench charges.
	"$MEMCGBENCH" show process_exit | tr -s '\n ' ' ' | grep -q 'charged as kernel memory .* exit-bare'
}

@test "a limit above that leaves less than is asked for is named, with the option, and no row is shown" {
	run -5 "$MEMCGBENCH" run -k 6.12=deb:6.12.117-1 --seeds=1 --blocks=2 --quiet -o "$BATS_TEST_TMPDIR" \
		reclaim_depth --way=high --kind=anon --size=256K --limit=128K
	[[ $output == *"132 KiB are to be taken back from /sys/fs/cgroup/"*" KiB are charged to it: --limit, or a limit above, is too small for --size"* ]]
	# As it was: usage less what was asked for went below 0, and each pass found 2^52 pages too many gone.
	jq -se '[.[] | select(.type == "sample" and .arm != 0)] == []' "$BATS_TEST_TMPDIR"/*/samples.jsonl
}

@test "a bench that charges no page says so, and what kernel memory it does charge" {
	"$MEMCGBENCH" run -k 6.12=deb:6.12.117-1 --seeds=1 --blocks=2 --quiet -o "$BATS_TEST_TMPDIR" \
		fault_storm --access=read --free=munmap --sweep size=1M,16M
	# Page tables of 16 MiB that are the zero page.
	jq -se '[.[] | select(.type == "warning" and .code == "uncharged") | [.item, .text]] == [
		[0, "with these parameters no page is charged: a control, not a cost of charging"],
		[1, "with these parameters no page of memory, file or swap is charged, but 32 KiB of kernel memory are"]]' "$BATS_TEST_TMPDIR"/*/samples.jsonl
}

# On v2; the machine of this test may have v1, or no swap.
@test "pages that went to swap are charged to their own memcg, whoever fetches them, and all is given back" {
	run "$MEMCGBENCH" run -k deb:6.12.117-1 --seeds=1 --blocks=2 --quiet -o "$BATS_TEST_TMPDIR/own" swapin_own --move=swapped
	[ "$status" -eq 0 ]
	run "$MEMCGBENCH" run -k deb:6.12.117-1 --seeds=1 --blocks=2 --quiet -o "$BATS_TEST_TMPDIR/race" -w 3 swapin_race --faults=race
	[ "$status" -eq 0 ]
	samples=$(echo "$BATS_TEST_TMPDIR"/race/*/samples.jsonl)
	# Every rep of the child looked, and found nothing; and the work was done.
	jq -s -e '[.[] | select(.type == "sample" and .boot == 1 and .arm == 2) | .metrics] | length > 4 and
		all(.[]; .mischarged.ops > 0 and .mischarged.count == 0 and .race.ops == 3 * 128)' "$samples"
	jq -s -e '[.[] | select(.type == "error" or .type == "skip")] == []' "$samples"
	# Outside of a memcg of ours nobody looks.
	jq -s -e '[.[] | select(.type == "sample" and .boot == 1 and .arm == 1) | .metrics | has("mischarged")] | any | not' "$samples"
	# Threads have one page table: a page takes one fault, whoever comes first.
	run "$MEMCGBENCH" run -k deb:6.12.117-1 --seeds=1 --blocks=2 --quiet -o "$BATS_TEST_TMPDIR/threads" -w 2 --threads --memcgs=1 swapin_race \
		--sweep faults=turns,race
	[ "$status" -eq 0 ]
	samples=$(echo "$BATS_TEST_TMPDIR"/threads/*/samples.jsonl)
	jq -s -e '[.[] | select(.type == "sample") | .metrics | .read.count == 128 and (has("hit") | not) and (.shared.ops == 128 or .race.ops == 2 * 128)] |
		length > 8 and all' "$samples"
}

@test "an output folder without modules: what needs zram is skipped by name, the rest is measured" {
	image=$("$MEMCGBENCH" kernel fetch 6.12.117-1 | awk '{ print $2 }')
	grep -qx CONFIG_ZRAM=m "${image%/*}/config" || skip "zram is no module of this 6.12"
	mkdir "$BATS_TEST_TMPDIR/bare"
	cp "$image" "$BATS_TEST_TMPDIR/bare/bzImage"
	cp "${image%/*}/config" "$BATS_TEST_TMPDIR/bare"
	run "$MEMCGBENCH" run -k bare="$BATS_TEST_TMPDIR/bare" --seeds=1 --blocks=2 -o "$BATS_TEST_TMPDIR/both" swapin_race null
	[ "$status" -eq 0 ]
	[[ $output == *"kernel bare has no module zram at hand (CONFIG_ZRAM)"* ]]
	jq -s -e '([.[] | select(.type == "skip") | .bench + ": " + .text] | unique) ==
		["swapin_race: needs swap: zram is not in this kernel (CONFIG_ZRAM)"] and
		any(.[]; .type == "sample") and all(.[]; .type != "error")' "$BATS_TEST_TMPDIR"/both/*/samples.jsonl
	run "$MEMCGBENCH" run -k bare="$BATS_TEST_TMPDIR/bare" --seeds=1 --blocks=2 --quiet -o "$BATS_TEST_TMPDIR/alone" swapin_race
	[ "$status" -eq 6 ]
	[[ $output == *"needs swap: zram is not in this kernel (CONFIG_ZRAM)"* ]]
}
