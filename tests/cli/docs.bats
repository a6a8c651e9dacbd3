#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# tests/docs/run: figures that are right pass, and each planted wrong one fails.
# shellcheck disable=SC2154 # what bats and verbs.bash set
load verbs

setup()
{
	export DOCS_TOP=$BATS_TEST_TMPDIR
	cd "$DOCS_TOP"
	mkdir -p docs tests/docs
	printf '%s\n' '# Title' '<!-- check: printf "a  1.5\nb 2\nc 3\n" -->' '' '    $ some command' '    a 1.5' '    …' '    c   3' '' 'It takes 1,234 of' 'them, and -0.5.' >docs/A.md
	figures 'docs/A.md' 'echo "took 1234.4 and -0.52"' 'takes ([0-9,]+) of\s+them, and (\S+)\.' 'took (\S+) and (\S+)'
}

figures()
{
	printf '%s\t%s\t%s\t%s\n' "$@" >tests/docs/figures.tsv
}

docs()
{
	"$TOP/tests/docs/run" docs/A.md
}

@test "docs: what is printed as the document says passes, shortened and with other blanks" {
	run -0 docs
	[ "${lines[0]}" = "1..2" ]
	[[ $output == *"ok 1 - docs/A.md:2"*"ok 2 - docs/A.md (figures.tsv:1)"* ]]
}

@test "docs: a wrong figure in a block, a line that is not printed, another order" {
	for wrong in 's/a 1.5/a 1.6/' 's/c   3/c   3 4/' 's/    a 1.5/    c 3/; s/    c   3/    a 1.5/'; do
		cp docs/A.md saved
		sed -i "$wrong" docs/A.md
		run -1 docs
		[[ $output == *"not ok 1 - docs/A.md:2"*"# not printed after"* ]]
		mv saved docs/A.md
	done
	sed -i 's/^    .*//' docs/A.md
	run -1 docs
	[[ $output == *"docs/A.md:2: there is no block behind this"* ]]
}

@test "docs: a wrong figure in a sentence, by one in its last digit" {
	sed -i 's/1,234/1,235/' docs/A.md
	run -1 docs
	[[ $output == *"not ok 2"*"# 1,235 in the document, 1234.4 printed"* ]]
	sed -i 's/1,235/1,234/; s/-0.5/-0.6/' docs/A.md
	run -1 docs
	[[ $output == *"# -0.6 in the document, -0.52 printed"* ]]
	sed -i 's/takes/took/' docs/A.md
	run -1 docs
	[[ $output == *"# the document does not say"* ]]
}

@test "docs: a command that is none, prints nothing or not what is looked for" {
	figures docs/A.md 'no-such-command' '(1,234)' '(x)'
	run -1 docs
	[[ $output == *"not ok 2"*"# status 127"* ]]
	figures docs/A.md 'true' '(1,234)' '(x)'
	run -1 docs
	[[ $output == *"not ok 2"* ]]
	figures docs/A.md 'echo y' '(1,234)' '(x)'
	run -1 docs
	[[ $output == *"# not printed: /(x)/"* ]]
	figures docs/A.md 'echo y' '1,234' 'y'
	run -1 docs
	[[ $output == *"have not the same groups"* ]]
	printf 'too\tfew\n' >tests/docs/figures.tsv
	run -1 docs
	[[ $output == *"figures.tsv:1: 2 columns, not 4"* ]]
}

@test "docs: what needs guests is skipped with a sentence" {
	printf 'one\tnull -k deb:6.12.117-1\n' >tests/docs/runs.tsv
	figures docs/A.md 'cat {one}/stdout' '(1,234)' '(x)'
	run -0 docs
	[[ $output == *"ok 2 - "*"# SKIP boots guests: make check-docs"* ]]
	printf '#!/bin/sh\necho "QEMU emulator version 9.1.0"\n' >qemu-system-x86_64
	chmod +x qemu-system-x86_64
	PATH=$DOCS_TOP:$PATH run -0 "$TOP/tests/docs/run" --guests docs/A.md
	[[ $output == *"# SKIP the figures are of QEMU 7.2, this is 9.1"* ]]
}

@test "docs: of a run of guests a tenth more or less is the same, and two are not" {
	mkdir bin
	printf '#!/bin/sh\necho version 7.2.0\n' >bin/qemu-system-x86_64
	# run --quiet --no-plots -o FOLDER …
	printf '#!/bin/sh\nmkdir -p "$5/run"\necho "fault 3250.5 +333.8 0.03"\n' >bin/memcgbench
	chmod +x bin/*
	printf 'one\tfault_storm\n' >tests/docs/runs.tsv
	printf '%s\n' '<!-- check: cat {one}/stdout -->' '' '    fault 3250.4 +333.9 0.07' '' 'It is 3250.4.' >docs/A.md
	figures docs/A.md 'cat {one}/stdout' 'It is ([\d.]+)\.' 'fault ([\d.]+)'
	export PATH=$PWD/bin:$PATH
	MEMCGBENCH=$PWD/bin/memcgbench run -0 "$TOP/tests/docs/run" --guests docs/A.md
	[[ $output == *"ok 1 "*"ok 2 "* ]]
	sed -i 's/3250.4/3250.3/g' docs/A.md
	MEMCGBENCH=$PWD/bin/memcgbench run -1 "$TOP/tests/docs/run" --guests docs/A.md
	[[ $output == *"not ok 1 "*"not ok 2 "*"# 3250.3 in the document, 3250.5 printed"* ]]
}
