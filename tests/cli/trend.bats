#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# memcgbench trend, on runs that are made up here.
# shellcheck disable=SC2154 # what bats and verbs.bash set
load verbs
load history

setup()
{
	cd "$BATS_TEST_TMPDIR"
}

# Four kernels; the third is dearer, and so is the fourth where $1 says what it costs.
four_kernels()
{
	make_run results/a 6.9.0 3500
	make_run results/b 6.10.0 3500
	make_run results/c 6.11.0 3600
	make_run results/d 6.12.0 "${1:-3600}"
}

@test "trend: names the kernels between which the cost changed, by version" {
	four_kernels
	run -0 memcgbench trend
	echo "$output"
	[ "${lines[0]}" = "4 runs of 4 kernels, 6.9.0 to 6.12.0; 1 series of two kernels or more, 1 of them changed" ]
	[[ $output == *"6.10.0 .. 6.11.0"*"+100"*"exact"*"+2.8"*"regression"* ]]
	[ -e results/.index.jsonl ]
	# And again from the index.
	[ "$(memcgbench trend)" = "$output" ]
	[ "$(memcgbench trend results/a results/b results/c results/d)" = "$output" ]
	[ "$(memcgbench trend results)" = "$output" ]
}

@test "trend --check: 1 when the newest kernel begins a regression, else 0, 6 for nothing" {
	four_kernels 3600
	run -0 memcgbench trend --check
	rm -r results/d
	run -1 memcgbench trend --check
	[[ $output == *"1 regression at the newest kernel"* ]]
	make_run results/d 6.12.0 3500
	run -0 memcgbench trend --check
	run -6 memcgbench trend --check results/a
	run -6 memcgbench trend --check --bench=other
	run -0 memcgbench trend --bench=other
}

@test "trend: limits decide what a change is" {
	four_kernels
	run -0 memcgbench trend --delta=200
	[[ $output == *"No change: fault_storm fault (child - off)"* ]]
	run -0 memcgbench trend --limits=fault_storm/fault:insn=5%
	[[ $output == *"No change"* ]]
	run -0 memcgbench trend --limits=fault_storm/fault:ns=5%
	[[ $output == *"regression"* ]]
	fails_with 2 "memcgbench trend: --alpha=2: a number from 1e-09 to 0.5 is wanted; try: memcgbench trend --help" \
		memcgbench trend --alpha=2
	fails_with 2 "memcgbench trend: --alpha=0.001 is less than 99 permutations can show: more of them are wanted; try: memcgbench trend --help" \
		memcgbench trend --accept=permutation --permutations=99 --alpha=0.001
}

@test "trend --of: overhead, cost, all" {
	four_kernels
	run -0 memcgbench trend --of=cost
	[[ $output == *"  child  "* ]]
	[[ $output == *"No change: fault_storm fault (off)"* ]]
	run -0 memcgbench trend --of=all
	[[ ${lines[0]} == *"3 series"* ]]
}

@test "trend: a run that is not complete is left out, and said" {
	four_kernels
	sed -i 's/"complete"/"interrupted"/' results/d/run.json
	run -0 memcgbench trend
	[[ $output == *"1 run left out:"$'\n'"  results/d: it is not complete"* ]]
	[[ ${lines[0]} == "3 runs of 3 kernels"* ]]
}

@test "trend: a run that is damaged is named and left out, and the status is 5" {
	local damage

	for damage in "sed -i 's/\"ns\":[0-9]*/\"ns\":-1/' samples.jsonl" "sed -i 's/\"ns\":[0-9]*/\"ns\":1e308/' samples.jsonl" \
		"truncate -s 20 run.json" "rm samples.jsonl" ": >run.json"; do
		rm -rf results
		four_kernels
		(cd results/d && eval "$damage")
		# as it is read, and as the index then has it
		for _ in 1 2; do
			run -5 --separate-stderr memcgbench trend
			[[ ${lines[0]} == "3 runs of 3 kernels"* ]]
			[[ $output == *"1 run left out:"$'\n'"  results/d: "* ]]
			[[ $stderr == "memcgbench trend: results/d is damaged and left out: "* ]]
			run -5 --separate-stderr memcgbench trend --format=json
			[ "$(jq -r '.runs, .left_out, .left_out_runs[0].run, .left_out_runs[0].damaged' <<<"$output" | tr '\n' ' ')" = "3 1 results/d true " ]
		done
	done
	# what was found is said first
	run -5 memcgbench trend results/a results/d
	run -0 memcgbench trend results/a results/b
}

@test "trend: an index that is damaged costs time, and no run" {
	local whole damage

	four_kernels
	whole=$(memcgbench trend)
	for damage in 's/\[0,1,-1,0,/[0,9,-1,0,/' 's/"env":{/"env":7,"x":{/' 's/"units":\[/"units":[7,/' 's/"summary":.*/"summary":{}}/' \
		's/\(\[0,1,-1,0,\[[^]]*\],\[\)[^]]*/\11e300/'; do
		sed -i.before "$damage" results/.index.jsonl
		! cmp -s results/.index.jsonl results/.index.jsonl.before || { echo "$damage damages nothing"; return 1; }
		run -0 memcgbench trend
		[ "$output" = "$whole" ]
	done
}

@test "trend --format: json, csv, otava" {
	four_kernels
	run -0 memcgbench trend --format=json
	jq -e '.schema == "memcgbench-trend" and .series[0].changes[0].kernel == "6.11.0" and .series[0].changes[0].change == 100' <<<"$output"
	run -0 memcgbench trend --format=csv
	[ "${#lines[@]}" -eq 5 ]
	[ "$(memcgbench trend --format=otava)" = "time,kernel,fault_storm_fault_child_-_off
2026-01-01T00:00:00Z,6.9.0,500
2026-01-01T00:00:00Z,6.10.0,500
2026-01-01T00:00:00Z,6.11.0,600
2026-01-01T00:00:00Z,6.12.0,600" ]
	run -0 memcgbench trend --format=help
	[ "${#lines[@]}" -eq 4 ]
	fails_with 2 "memcgbench trend: --format=xml: there is no such format; --format=help lists them; try: memcgbench trend --help" \
		memcgbench trend --format=xml
}

@test "trend --format=json: its schema takes it, and refuses what is broken" {
	python3 -c 'import jsonschema' 2>/dev/null || skip "python3-jsonschema is not installed"
	four_kernels
	make_run results/e 6.13.0 3600
	sed -i 's/"better":"lower"/"better":"higher"/; s/"kind":"time"/"kind":"count"/; s/"ns":/"count":/' results/e/samples.jsonl
	check() { python3 "$TOP/tests/schema.py" --schema="$TOP/docs/trend.schema.json" "$@"; }
	for of in overhead cost all; do
		memcgbench trend --format=json --of=$of >out.json
		check out.json
	done
	mkdir none
	check <(memcgbench trend --format=json none)
	while read -r script; do
		jq "$script" out.json >bad.json
		run -1 check bad.json
		[[ $output == *bad.json* ]]
	done <<-'END'
		.schema_version = 1
		.series[0].points[0].value = "3500"
		.series[0].points[0] |= del(.units)
		.series[0].points = .series[0].points[0:1]
		.series[0].better = "less"
		.series[0].more = 1
		(.series[] | select(.changes | length > 0) | .changes[0].verdict) = "worse"
		(.series[] | select(.changes | length > 0) | .changes[0].functions) = {}
		.kernels[0].runs = 0
	END
}

@test "trend --overview: one picture of first metrics, in the format that its name says" {
	command -v gnuplot >/dev/null || skip "no gnuplot"
	four_kernels
	mkdir pictures
	run -0 --separate-stderr memcgbench trend --overview=pictures/all.svg
	grep -q '</svg>' pictures/all.svg
	for word in 'fault_storm fault' 'first touch' insn/page 6.12.0 'child: 600'; do
		grep -q "$word" pictures/all.svg
	done
	[ "$(ls pictures)" = "$(printf 'all.dat\nall.svg')" ]
	memcgbench trend --overview=all.png
	file all.png | grep -q PNG
	fails_with 2 "memcgbench trend: --overview=all: a name that ends with .svg or .png is wanted; try: memcgbench trend --help" \
		memcgbench trend --overview=all
	run -5 memcgbench trend --overview=one.svg results/a
	[[ $output == *"there is no cost over two kernels or more to draw"* ]]
	[ ! -e one.svg ]
}

@test "trend --git: kernels in the order of the tree" {
	command -v git >/dev/null || skip "no git"
	git init -q -b main tree
	commit() { git -C tree -c user.name=x -c user.email=x@y commit -q --allow-empty -m "$1"; }
	commit one
	git -C tree -c user.name=x -c user.email=x@y tag -a -m v6.12 v6.12
	commit two
	commit three
	three=$(git -C tree rev-parse HEAD)
	commit four
	four=$(git -C tree rev-parse HEAD)
	make_run results/a "6.12.0" 3500
	# By its name the last would come before the other.
	make_run results/b "6.12.0-z-g${three:0:12}" 3500
	make_run results/c "6.12.0-a-g${four:0:12}+" 3600
	run -0 memcgbench trend --git tree
	echo "$output"
	[[ $output == *"6.12.0-z-g${three:0:12} .. 6.12.0-a-g${four:0:12}+ (1 commit)"* ]]
	make_run results/d "6.13.0" 3600
	fails_with 5 "memcgbench trend: tree has no commit v6.13, which kernel 6.13.0 should be" memcgbench trend --git tree
	fails_with 5 "memcgbench trend: none has no commit v6.12, which kernel 6.12.0 should be" memcgbench trend --git none
}

@test "trend --plots: pictures and the numbers behind them" {
	command -v gnuplot >/dev/null || skip "no gnuplot"
	four_kernels
	run -0 memcgbench trend --plots out
	for name in trend-fault_storm-w1-fault ladder-fault_storm-w1-fault heatmap overview; do
		for suffix in dat svg png txt; do
			[ -s "out/$name.$suffix" ]
		done
	done
	grep -q '</svg>' out/heatmap.svg
	grep -q '6.11.0' out/trend-fault_storm-w1-fault.txt
	# Nothing of a picture is left under a name that it should not have.
	[ -z "$(find out -name '*.tmp')" ]
}

@test "trend --plots: kernels that only others were measured on are a gap, not a line" {
	command -v gnuplot >/dev/null || skip "no gnuplot"
	four_kernels
	# Between the second and the third, of another bench.
	make_run results/e 6.10.5 3500
	sed -i 's/"fault_storm"/"other"/' results/e/samples.jsonl
	run -0 memcgbench trend --plots out
	for file in out/trend-fault_storm-w1-fault out/ladder-fault_storm-w1-fault; do
		grep -m1 -A1 '^1 "6.10.0"' "$file.dat" | tail -1 | grep -qx ''
		grep -q '^2 "6.10.5" $' "$file.dat"
		grep -q '^3 "6.11.0"' "$file.dat"
		grep -q 'a gap: not measured' "$file.svg"
		grep -q 'a gap: not measured' "$file.txt"
	done
	# The level before ends where the gap begins.
	grep -q '^-0.5 1.5 500 ' out/trend-fault_storm-w1-fault.dat
	rm -r results/e out
	run -0 memcgbench trend --plots out
	! grep -q 'a gap' out/trend*.svg out/ladder*.svg out/trend*.txt || false
	# A level that goes on behind a gap is in two pieces, and its change is said once.
	make_run results/e 6.11.5 3500
	sed -i 's/"fault_storm"/"other"/' results/e/samples.jsonl
	run -0 memcgbench trend --plots out
	grep -q '^1.5 2.5 600 100 1 "+100"' out/trend-fault_storm-w1-fault.dat
	grep -q '^3.5 4.5 600 NaN 0 ""' out/trend-fault_storm-w1-fault.dat
}

@test "trend: without gnuplot the numbers are there, and the sentence" {
	four_kernels
	mkdir bin
	ln -s "$(command -v memcgbench)" bin/
	program=$(command -v memcgbench)
	PATH=$BATS_TEST_TMPDIR/bin run -5 "$program" trend --plots out
	[[ $output == *"gnuplot is not installed"* ]]
	[ -s out/heatmap.dat ]
	[ ! -e out/heatmap.svg ]
}

@test "trend: bad input is one line" {
	fails_with 5 "memcgbench trend: read folder results: No such file or directory" memcgbench trend
	fails_with 5 "memcgbench trend: nowhere: No such file or directory" memcgbench trend nowhere
	mkdir empty
	run -0 memcgbench trend empty
	[ "${lines[0]}" = "0 runs of 0 kernels; 0 series of two kernels or more, 0 of them changed" ]
}

@test "trend: a folder that cannot be written has no index, and is read all the same" {
	four_kernels
	[ "$(id -u)" -ne 0 ] || command -v setpriv >/dev/null || skip "root, and no setpriv"
	chmod -R a+rX . && chmod 555 results
	if [ "$(id -u)" -eq 0 ]; then
		chmod a+rx "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR"/test "$BATS_TEST_TMPDIR" 2>/dev/null || true
		setpriv --reuid=65534 --regid=65534 --clear-groups test -r "$build/memcgbench" -a -r results/a/run.json ||
			skip "an ordinary user may not read this folder"
		run -0 setpriv --reuid=65534 --regid=65534 --clear-groups "$build/memcgbench" trend
	else
		run -0 memcgbench trend
	fi
	[[ $output == *"6.10.0 .. 6.11.0"* ]]
	[ ! -e results/.index.jsonl ]
}

@test "trend: 2,000 runs take less than 5 s of one processor and 300 MB, from nothing; a tenth of it from the index" {
	make_run first 6.9.0 3500
	python3 - <<-'PYTHON'
		import os
		run, samples = open("first/run.json").read(), open("first/samples.jsonl").read()
		for number in range(2000):
		    folder, release = f"results/{number}", f"6.{number // 100}.{number % 100}"
		    os.makedirs(folder)
		    open(folder + "/run.json", "w").write(run.replace("6.9.0", release))
		    open(folder + "/samples.jsonl", "w").write(samples.replace("6.9.0", release))
	PYTHON
	python3 - <<-'PYTHON'
		import resource, subprocess
		def trend():
		    before = resource.getrusage(resource.RUSAGE_CHILDREN)
		    first = subprocess.run(["memcgbench", "trend"], check=True, capture_output=True, text=True).stdout.split("\n")[0]
		    after = resource.getrusage(resource.RUSAGE_CHILDREN)
		    assert first.startswith("2000 runs of 2000 kernels"), first
		    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, after.ru_maxrss / 1024
		cold, megabytes = trend()
		warm, megabytes = trend()
		print(f"{cold:.2f} s, then {warm:.2f} s; {megabytes:.0f} MB")
		assert cold < 5 and warm < 1.5 and megabytes < 300
	PYTHON
}
