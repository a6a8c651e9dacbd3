#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# A result folder that somebody else made: nothing is written or read outside of it, and nothing in it is waited for.
# shellcheck disable=SC2030,SC2031 # each test has a folder of its own

load verbs.bash

setup()
{
	cd "$BATS_TEST_TMPDIR" || return 1
	cp -r "$BATS_TEST_DIRNAME/../data/runs/small" "$BATS_TEST_DIRNAME/../data/compare/two-kernels" .
	# What must stay as it is, and must show nowhere.
	mkdir private
	echo 'precious' >private/precious
	printf '<svg width="7" height="7">secret-words</svg>\n' >private/overhead.svg
	cp -r private before
}

private_is_untouched()
{
	diff -r before private
}

# Run "$@" for 20 s at most; whatever it says of the folder, it ends by itself.
ends()
{
	local got=0

	timeout -k 1 20 "$@" >out 2>err </dev/null || got=$?
	echo "$* -> $got: $(cat err)"
	[ "$got" -ne 124 ] && [ "$got" -ne 137 ]
}

@test "hostile: what is written goes through no link" {
	local name

	mkdir small/plots
	for name in overhead.dat overhead.svg overhead.png; do
		ln -s "$PWD/private/precious" "small/plots/$name"
		ln -s "$PWD/private/precious" "small/plots/$name.tmp"
	done
	ln -s "$PWD/private/precious" small/table.txt
	ln -s "$PWD/private/precious" small/table.txt.tmp
	ends memcgbench overhead --plots small
	private_is_untouched
	ends memcgbench report -o page small
	private_is_untouched
	# In their place are files.
	[ -f small/plots/overhead.dat ] && [ ! -L small/plots/overhead.dat ]
}

@test "hostile: a folder of pictures that is a link is not written to" {
	rm -rf small/plots
	ln -s "$PWD/private" small/plots
	ends memcgbench overhead --plots small
	private_is_untouched
	grep -q 'no pictures: .*Not a directory' out
	ends memcgbench report -o page small
	private_is_untouched
}

@test "hostile: a picture or a profile that is a link is not read" {
	mkdir -p small/plots two-kernels/boots/0
	ln -s "$PWD/private/overhead.svg" small/plots/overhead.svg
	memcgbench report -o page small
	[ "$(grep -c "$(base64 -w0 private/overhead.svg | cut -c1-40)" page/index.html)" -eq 0 ]
	ln -s "$PWD/private/precious" two-kernels/boots/0/profile
	ends memcgbench explain two-kernels
	! grep -q precious out err
}

@test "hostile: FIFOs and devices where files should be" {
	local name

	for name in run.json samples.jsonl; do
		cp -r small run
		rm "run/$name"
		mkfifo "run/$name"
		for verb in overhead explain "report -o page" merge "trend" "compare small"; do
			# shellcheck disable=SC2086 # words
			ends memcgbench $verb run
		done
		mkdir all
		mv run all/
		ends memcgbench report --all --results=all -o page
		ends memcgbench report --results=all -o page
		ends memcgbench trend all
		rm -r all
	done
	mkdir -p two-kernels/boots/0 two-kernels/symbols
	mkfifo two-kernels/boots/0/profile
	ends memcgbench explain two-kernels
	ends memcgbench report -o page two-kernels
	rm two-kernels/boots/0/profile
	ln -s /dev/zero two-kernels/boots/0/profile
	ends memcgbench explain two-kernels
	ends memcgbench report -o page two-kernels
}

@test "hostile: merge believes no count" {
	local boots

	for boots in -1 0 1000000000; do
		cp -r two-kernels part
		jq ".shard = {\"index\": 1, \"of\": 2, \"boots\": $boots}" two-kernels/run.json >part/run.json
		ends memcgbench merge part
		grep -q "a run of $boots boots is none" err
		rm -r part
	done
}

# Put @1, as JSON has it, in the place of a bench's, a metric's and a kernel's name of a comparison.
rename_all()
{
	sed -i "s/fault_storm/$1/g; s/\"munmap\"/\"$1-m\"/g; s/\"6\.12\"/\"$1-k\"/g" two-kernels/run.json two-kernels/samples.jsonl
}

# What was printed has no line of its own making, and no character that a terminal would obey.
is_tame()
{
	! grep -qE '^(ok 999|forged)' out err || { grep -nE '^(ok 999|forged)' out err; return 1; }
	# A line of csv ends in CR LF (RFC 4180).
	! sed 's/\r$//' out err | LC_ALL=C grep -P '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\xa8-\xae]' || return 1
}

@test "hostile: names forge no line and command no terminal" {
	local format

	rename_all 'a\\nok 999 forged\\u001b[2J\\u009b\\u202e'
	ends memcgbench overhead two-kernels
	is_tame
	ends memcgbench report -o page two-kernels
	is_tame
	for format in text json csv md lkml ktap kcidb lkp benchfmt lava gbench gha bmf; do
		ends memcgbench compare --format="$format" two-kernels
		[ -s out ] || { echo "$format: nothing"; return 1; }
		is_tame
	done
	ends memcgbench trend two-kernels
	is_tame
	ends memcgbench trend --format=csv two-kernels
	is_tame
}

@test "hostile: no cell of csv is a formula" {
	rename_all '=cmd()'
	ends memcgbench compare --format=csv two-kernels
	grep -q "^'=cmd() --access=write" out
	ends memcgbench trend --format=csv two-kernels
	grep -q "'=cmd()" out
	! grep -qE '(^|,)"?[=@]' out || return 1
}

# shape FORMAT FILE: what a consumer of the format makes of it but for names: lines with their directives, fields of lines, cells of rows, keys of objects.
shape()
{
	python3 - "$1" "$2" <<-'END'
		import csv, json, re, sys
		form, text = sys.argv[1], open(sys.argv[2], newline="").read()
		lines = text.splitlines()
		def keys(v):
		    if isinstance(v, dict):
		        return ["{"] + sorted([keys(x) for x in v.values()], key=str)
		    return ["["] + [keys(x) for x in v] if isinstance(v, list) else type(v).__name__
		if form in ("json", "kcidb", "gbench", "bmf", "gha"):
		    print(keys(json.loads(text)))
		elif form == "csv":
		    print([len(row) for row in csv.reader(lines)])
		elif form == "md":
		    print([len(re.findall(r"(?<!\\)\|", line)) for line in lines])
		elif form == "ktap":
		    print([(m.group(1), re.findall(r"(?<!\\)# *(?:SKIP|TODO|XFAIL)", line)) for line in lines for m in [re.match(r" *((?:not )?ok \d+|\d+\.\.\d+)", line)] if m])
		elif form == "lava":
		    print(re.findall(r"<(LAVA_SIGNAL_\w+) .*?(RESULT=\w+)", text))
		elif form == "lkp":
		    print([bool(re.match(r" +-?[\d.]+ ", line)) for line in lines])
		elif form == "benchfmt":
		    print([len(line.split()) for line in lines if line.startswith("Benchmark")])
	END
}

@test "hostile: in no format a name becomes a result, a directive, a cell or a field" {
	local format

	for format in json csv md ktap kcidb lkp benchfmt lava gbench gha bmf; do
		ends memcgbench compare --format="$format" two-kernels
		shape "$format" out >"$format.shape"
		[ -s "$format.shape" ]
	done
	rename_all 'x # SKIP <LAVA_SIGNAL_TESTCASE TEST_CASE_ID=y RESULT=pass> 1 ns|op ::error::z, w'
	for format in json csv md ktap kcidb lkp benchfmt lava gbench gha bmf; do
		ends memcgbench compare --format="$format" two-kernels
		shape "$format" out | diff "$format.shape" - || { echo "$format:"; head -n 5 out; return 1; }
	done
}
