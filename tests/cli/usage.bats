#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154 # what bats and verbs.bash set
load verbs

@test "without a verb: usage on standard error, status 2" {
	run --separate-stderr memcgbench
	[ "$status" -eq 2 ]
	[ -z "$output" ]
	[[ ${stderr_lines[0]} == "Usage: memcgbench VERB"* ]]
}

@test "an unknown verb: one line that names the nearest" {
	fails_with 2 'memcgbench: there is no verb "docter" (did you mean "doctor"?); try: memcgbench --help' \
		memcgbench docter
	fails_with 2 'memcgbench: there is no verb "xyzzy"; try: memcgbench --help' memcgbench xyzzy
	fails_with 2 'memcgbench: there is no verb ""; try: memcgbench --help' memcgbench ""
	fails_with 2 'memcgbench: there is no verb "--"; try: memcgbench --help' memcgbench --
	fails_with 2 'memcgbench: there is no verb "lst" (did you mean "list"?); try: memcgbench --help' \
		memcgbench help lst
}

@test "--help and help: standard output, status 0, the same text" {
	run --separate-stderr memcgbench --help
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	[[ $output == *"Exit status:"* ]]
	[ "$output" = "$(memcgbench help)" ]
	[ "$output" = "$(memcgbench -h)" ]
	for verb in $(verbs); do
		run --separate-stderr memcgbench "$verb" --help
		[ "$status" -eq 0 ]
		[ -z "$stderr" ]
		[[ ${lines[0]} == "Usage: memcgbench $verb"* ]]
		[ "$output" = "$(memcgbench help "$verb")" ]
		[ "$output" = "$(memcgbench "$verb" -h)" ]
	done
}

@test "there are the verbs that this test knows" {
	[ "$(verbs | grep -cE '^(list|show|run|overhead|doctor|help|completion|man)$')" -eq 8 ]
}

@test "help keeps to the width it is given" {
	for columns in 40 60 80 132; do
		for verb in $(verbs); do
			COLUMNS=$columns memcgbench "$verb" --help | awk -v max="$columns" '
				length($0) > max && / .* / && !/^Usage:/ { print; bad = 1 } END { exit bad }'
		done
	done
	# What is not a width counts as none given.
	for columns in "" 0 -5 wide 99999999999999999999; do
		[ "$(COLUMNS=$columns memcgbench run --help | wc -L)" -le 80 ]
	done
}

@test "--version names version, revision and compiler" {
	run memcgbench --version
	[ "$status" -eq 0 ]
	[[ ${lines[0]} == "memcgbench "* ]]
	[[ $output == *"revision: "* && $output == *"compiler: "* ]]
}

@test "a wrong option: one line, status 2, for every verb" {
	for verb in $(verbs); do
		fails_with 2 "memcgbench $verb: unknown option --zzzzzzz; try: memcgbench $verb --help" \
			memcgbench "$verb" --zzzzzzz
		fails_with 2 "memcgbench $verb: unknown option -Z; try: memcgbench $verb --help" \
			memcgbench "$verb" -Z
	done
	fails_with 2 "memcgbench: unknown option --versoin (did you mean --version?); try: memcgbench --help" \
		memcgbench --versoin
	fails_with 2 "memcgbench doctor: unknown option --stric (did you mean --strict?); try: memcgbench doctor --help" \
		memcgbench doctor --stric
	fails_with 2 'memcgbench list: option --json takes no value, but "yes" was given; try: memcgbench list --help' \
		memcgbench list --json=yes
}

@test "an operand too many: one line, status 2" {
	fails_with 2 'memcgbench list: takes no operand, but "null" was given; try: memcgbench list --help' \
		memcgbench list null
	fails_with 2 'memcgbench doctor: takes no operand, but "now" was given; try: memcgbench doctor --help' \
		memcgbench doctor --json now
	fails_with 2 'memcgbench help: takes one verb, but "run" was given as well; try: memcgbench help --help' \
		memcgbench help list run
}

@test "standard output that is full: a sentence, status 5" {
	[ -c /dev/full ] || skip "no /dev/full"
	for verb in list "show null" "list --json" --help "completion" "help run"; do
		# shellcheck disable=SC2086 # verb and operand
		run --separate-stderr bash -c "memcgbench $verb >/dev/full"
		echo "$verb: $status $stderr"
		[ "$status" -eq 5 ]
		[[ $stderr == *"No space left on device" ]]
	done
}
