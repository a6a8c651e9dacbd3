#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154 # what bats, verbs.bash and fake_boot.bash set
# What a run makes of boots that fail, with kernels and a QEMU that are made up (fake_boot.bash); real faults: tests/guest/test_boot.c.
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
}

# image NAME COST: a file NAME that passes for a kernel.
image()
{
	echo "$2" >cost
	build-image
	mv out/bzImage "$1"
}

# boot WORD...: run, one seed; the run's folder is results/*.
boot()
{
	memcgbench run --seeds=1 -j1 --quiet --no-plots fault_storm "$@"
}

# kernels TYPE: of which kernels there are records of that type, with memcg off and on.
kernels()
{
	jq -rs --arg type "$1" '(map(select(.type == "boot") | {(.boot | tostring): .kernel}) | add) as $names
		| [.[] | select(.type == $type) | $names[.boot | tostring] // "none"] | unique | join(" ")' results/*/samples.jsonl
}

errors()
{
	jq -r 'select(.type == "error") | .text' results/*/samples.jsonl
}

@test "of two kernels one has a damaged image: its boots are errors, the other's are measured, status 5" {
	image good 0
	for damage in "head -c 2000 good" "head -c 100 good" "true" "printf \\\\177ELF%04096d 0"; do
		$damage >damaged.img
		# whichever of them comes first
		for order in "-k cut=damaged.img -k good=good" "-k good=good -k cut=damaged.img"; do
			rm -rf results
			# shellcheck disable=SC2086
			run -5 --separate-stderr boot $order
			[ "$(kernels sample)" = good ]
			[ "$(kernels end)" = good ]
			[ "$(errors | wc -l)" -eq 2 ]
			errors | grep -q '^kernel cut, memcg off, seed 1: damaged.img: \(truncated image\|wrong architecture\|not a kernel image\)'
			errors | grep -q '^kernel cut, memcg on, seed 1: damaged.img: \(truncated image\|wrong architecture\|not a kernel image\)'
			grep -q '^memcgbench run: kernel cut, memcg on, seed 1: damaged.img: ' <<<"$stderr"
			[ "$(jq -r .status results/*/run.json)" = failed ]
			[ "$(jq -r '[.kernels[] | .name + ":" + (.sha256 != null | tostring)] | sort | join(" ")' results/*/run.json)" = \
				"cut:false good:true" ]
			# the boot that is run twice is one that can be
			dir=$(echo results/*)
			[ -d "$dir/boots/$([ "$order" = "${order#-k c}" ] && echo 0 || echo 2)-again" ]
			python3 "$top/tests/schema.py" results/*
		done
	done
}

@test "a damaged image is said before the first boot, and called after its file where it has no name" {
	image good 0
	head -c 2000 good >cut.img
	run -5 --separate-stderr memcgbench run --seeds=1 -j1 --no-plots -k good=good -k cut.img fault_storm
	[[ ${stderr_lines[0]} == "memcgbench run: kernel cut.img: every boot of it will be an error: cut.img: truncated image: "* ]]
}

@test "a file that is not there, or no image that is whole, ends the run before it begins" {
	image good 0
	head -c 2000 good >damaged.img
	run -5 boot -k good=good -k x=nothing
	[ "${#lines[@]}" -eq 1 ]
	[[ $output == "memcgbench run: --kernel=x=nothing: "*"nothing: No such file or directory" ]]
	run -5 boot -k a=damaged.img -k b=damaged.img
	[[ ${lines[0]} == "memcgbench run: --kernel=a=damaged.img: damaged.img: truncated image: "* ]]
	run -5 boot -k a=good -k b=damaged.img --dry-run
	[[ ${lines[0]} == "memcgbench run: --kernel=b=damaged.img: damaged.img: truncated image: "* ]]
	[ ! -e results ]
}

@test "a kernel that panics leaves its error and no sample, the other's samples are kept, status 5" {
	image good 0
	image bad panic
	for order in "-k bad=bad -k good=good" "-k good=good -k bad=bad"; do
		rm -rf results
		# shellcheck disable=SC2086
		run -5 --separate-stderr boot $order
		[ "$(kernels sample)" = good ]
		[ "$(jq -s '[.[] | select(.type == "sample") | .boot] | unique | length' results/*/samples.jsonl)" -eq 2 ]
		[ "$(jq -s '[.[] | select(.type == "error")] | length' results/*/samples.jsonl)" -eq 2 ]
		[ "$(jq -r .status results/*/run.json)" = failed ]
		# the table has the first line of the error
		[[ $output == *" good "* ]]
		[[ $output == *"kernel bad, memcg on, seed 1: panic: Kernel panic - not syncing: made up (console: "*/console.log\)$'\n'* ]]
		[[ $output != *"line 62"* ]]
	done
}

@test "of the boots of one kernel those that end well are kept" {
	image half "panic on"
	run -5 boot -k half=half
	[ "$(jq -rs '[.[] | select(.type == "sample") | .boot] | unique | join(" ")' results/*/samples.jsonl)" = 0 ]
	errors | grep -q '^kernel half, memcg on, seed 1: panic: Kernel panic - not syncing: made up (console: '
}

@test "the error has the path of the console and its last 40 lines, to the very last, printed and stored" {
	image bad panic
	run -5 --separate-stderr boot -k bad=bad
	errors >stored
	dir=$(echo results/*)
	for text in "$stderr" "$(cat stored)"; do
		for boot in 0 1; do
			[[ $text == *": panic: Kernel panic - not syncing: made up (console: $dir/boots/$boot/console.log)"$'\n'"line 62 of"* ]]
		done
		[[ $text == *$'\nKernel panic - not syncing: made up\n---[ end Kernel panic ]---'* ]]
	done
	[ "$(wc -l <stored)" -eq $((2 * 41)) ]
	[ "$(grep -c '^line [0-9]* of the console, x*$' stored)" -eq $((2 * 38)) ]
	[ "$(grep -c . "$dir/boots/0/console.log")" -eq 101 ]
}

@test "a boot that takes longer than --timeout is given up" {
	image slow "slow 1"
	run -5 --separate-stderr boot -k slow=slow --shard=1/2 --timeout=1s
	errors | grep -q '^kernel slow, memcg off, seed 1: timeout: not at its end after 1.0 s (console: '
	run -2 boot -k slow=slow --timeout=1ms
}

@test "a kernel whose taint says WARN fails though its console is silent; modules without a signature are no fault" {
	image warned "tainted 8704"
	image modules "tainted 12289"
	run -5 boot -k warned=warned -k modules=modules
	[ "$(jq -rs '[.[] | select(.type == "sample") | .boot] | unique | join(" ")' results/*/samples.jsonl)" = "0 2 3" ]
	errors | grep -q '^kernel warned, memcg on, seed 1: WARN: the kernel says so in /proc/sys/kernel/tainted, 8704 (W)'
	[ "$(jq 'select(.type == "end" and .boot == 3) | .tainted' results/*/samples.jsonl)" -eq 12289 ]
	python3 "$top/tests/schema.py" results/*
}

@test "a console that is full of records makes none, and no end" {
	image good 0
	image liar liar
	run -5 --separate-stderr boot -k liar=liar -k good=good
	[ "$(kernels sample)" = good ]
	[ "$(kernels end)" = good ]
	[ "$(errors | grep -c '^kernel liar, memcg o[a-z]*, seed 1: truncated result stream: the guest switched off behind record 1, ')" -eq 2 ]
	# what a terminal would obey is neither printed nor stored
	! LC_ALL=C grep -P '[\x00-\x08\x0b-\x1f\x7f-\xff]' <<<"$stderr" || return 1
	python3 "$top/tests/schema.py" results/*
}

@test "a record that no runner sends is the end of its boot, not of the run" {
	local record

	image good 0
	for record in '{"type":"strange"}' '{"type":"boot","seed":1}' '{"type":"end","type":"end"}' '{"type":"sample"' 'text'; do
		rm -rf results
		image odd "stranger $record"
		run -5 boot -k odd=odd -k good=good
		[ "$(kernels sample)" = good ]
		[ "$(errors | grep -c '^kernel odd, memcg o[a-z]*, seed 1: \(record refused: record\|garbled result stream: line\) 2 is ')" -eq 2 ]
		python3 "$top/tests/schema.py" results/*
	done
}

@test "a record that fits its type and no other record is the end of its boot, too" {
	local record

	image good 0
	for record in '{"type":"sample","item":7,"arm":0}' '{"type":"item","item":0}' '{"type":"noise","item":-1}' '{"type":"warning"}' \
		'{"type":"counters","item":0,"metrics":{}}'; do
		rm -rf results
		image odd "stranger $record"
		run -5 boot -k odd=odd -k good=good
		[ "$(kernels sample)" = good ]
		[ "$(errors | grep -c '^kernel odd, memcg o[a-z]*, seed 1: sent a record that does not fit: records of boot [0-9]*:2: ')" -eq 2 ]
		python3 "$top/tests/schema.py" results/*
		run -0 memcgbench overhead --json results/*
	done
}

@test "a guest that is another kernel than its image fails" {
	image good 0
	image other impostor
	run -5 --separate-stderr boot -k other=other -k good=good
	[ "$(kernels sample)" = good ]
	errors | grep -q '^kernel other, memcg on, seed 1: not the kernel that was to be booted: it says 6.11.0-other .*, the image 6.12.0-fake$'
}

@test "one seed twice has to say the same: else status 7, which record, and the bytes that differ" {
	image odd "again differs"
	run -7 --separate-stderr boot -k odd=odd
	[[ ${stderr_lines[0]} =~ ^'memcgbench run: not deterministic: two boots of kernel odd, memcg off, seed 1 differ in record '([0-9]+)', from byte '([0-9]+)' on ' ]]
	record=${BASH_REMATCH[1]} byte=${BASH_REMATCH[2]} dir=$(echo results/*)
	[[ ${stderr_lines[0]} == *"($dir/boots/0 and 0-again have all of it):" ]]
	first=$(sed -n "${record}p" "$dir/boots/0/results.jsonl")
	second=$(sed -n "${record}p" "$dir/boots/0-again/results.jsonl")
	[ "$(jq .rep <<<"$first")" -eq 5 ]
	[ "${first:0:byte-1}" = "${second:0:byte-1}" ]
	[ "${first:byte-1:1}" != "${second:byte-1:1}" ]
	[ "${stderr_lines[1]}" = "  first : …${first:byte-41:80}…" ]
	[ "${stderr_lines[2]}" = "  second: …${second:byte-41:80}…" ]
	[ "$(jq -r .status "$dir/run.json")" = failed ]
}

@test "a record that is missing the second time is a difference too" {
	image odd "again is short"
	run -7 --separate-stderr boot -k odd=odd
	[[ ${stderr_lines[1]} == *'"type":"noise"'* ]]
	[[ ${stderr_lines[2]} == *'"type":"end"'* ]]
}

@test "a boot that ends well only once fails the run" {
	image odd "again panics"
	run -5 --separate-stderr boot -k odd=odd
	[[ ${stderr_lines[0]} == "memcgbench run: kernel odd, memcg off, seed 1, booted again: panic: Kernel panic - not syncing: made up (console: "* ]]
	[ "$(jq -r .status results/*/run.json)" = failed ]
	image same 0
	rm -rf results
	run -0 boot -k same=same
}

@test "--qemu-opts is cut at blanks, each of them a word of the command line, in order and behind all others" {
	image good 0
	run -0 boot -k good=good --dry-run --qemu-opts="-smbios  type=1" --qemu-opts=-S
	[ "$(grep -c -- ' -smbios type=1 -S$' <<<"$output")" -eq 2 ]
	run -0 boot -k good=good --dry-run --qemu-opts=" "
	[ "$(grep -c -- "-append '[^']*'\$" <<<"$output")" -eq 2 ]
}
