#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Help, man page and completion say the same.
# shellcheck disable=SC2154 # what bats and verbs.bash set
load verbs

setup()
{
	memcgbench man "$top/man/memcgbench.1.in" >"$BATS_TEST_TMPDIR/memcgbench.1"
	memcgbench completion bash >"$BATS_TEST_TMPDIR/completion"
}

# The part of the man page on verb $1, as it reads.
man_of()
{
	sed -n "/^\.Ss $1\$/,/^\.S[sh]/p" "$BATS_TEST_TMPDIR/memcgbench.1"
}

# What bash offers when "$@" was typed and the cursor stands at the end of the last word.
complete_words()
{
	# shellcheck disable=SC1091 # made by setup
	bash -c '
		source "$1"
		shift
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
		_memcgbench 2>/dev/null
		printf "%s\n" "${COMPREPLY[@]}"' bash "$BATS_TEST_TMPDIR/completion" memcgbench "$@"
}

@test "every verb is in man page and completion" {
	offered=$(complete_words "")
	for verb in $(verbs); do
		echo "$verb"
		grep -qx "\.Ss $verb" "$BATS_TEST_TMPDIR/memcgbench.1"
		grep -qx -- "$verb" <<<"$offered"
	done
}

@test "every option of every verb is in man page and completion" {
	nr=0
	for verb in $(verbs); do
		offered=$(complete_words "$verb" --)
		for option in $(options "$verb"); do
			echo "$verb --$option"
			man_of "$verb" | grep -qE "^\.It .*Fl ..$option( |\$)"
			grep -qxE -- "--$option=?" <<<"$offered"
			nr=$((nr + 1))
		done
	done
	# The pattern of options() still finds some.
	[ "$nr" -ge 12 ]
}

@test "the man page has no option that help lacks" {
	for verb in $(verbs); do
		known=$(options "$verb")
		for option in $(man_of "$verb" | sed -n 's/^\.It .*Fl \\-\([a-z-]*\).*/\1/p'); do
			echo "$verb --$option"
			grep -qx -- "$option" <<<"$known"
		done
	done
}

@test "help and man page have the exit statuses, and no others" {
	[ "$(memcgbench --help | sed -n '/^Exit status:/,/^$/s/^  \([0-9]*\)  .*/\1/p' | xargs)" = \
		"0 1 2 3 5 6 7" ]
	[ "$(sed -n '/^\.Sh EXIT STATUS/,/^\.Sh EXAMPLES/s/^\.It \([0-9]*\)$/\1/p' \
		"$BATS_TEST_TMPDIR/memcgbench.1" | xargs)" = "0 1 2 3 5 6 7" ]
}

@test "the man page is clean" {
	command -v mandoc >/dev/null || skip "no mandoc"
	run mandoc -T lint "$BATS_TEST_TMPDIR/memcgbench.1"
	# Whether the pages it points to are installed here says nothing of this one.
	found=$(grep -v -e "outdated mandoc.db" -e "referenced manual not found" <<<"$output" || true)
	echo "$found"
	[ -z "$found" ]
	run mandoc -T lint "$top/man/memcgbench.1.in"
	found=$(grep -v -e "outdated mandoc.db" -e "referenced manual not found" <<<"$output" || true)
	echo "$found"
	[ -z "$found" ]
}

@test "a template without its marks, or with an unknown one, is refused" {
	cd "$BATS_TEST_TMPDIR"
	echo ".Sh NAME" >empty.in
	fails_with_any 5 'memcgbench man: empty.in has no line .\" @verbs@' memcgbench man empty.in
	printf '.\\" @verbs@\n.\\" @vreb@\n' >wrong.in
	fails_with_any 5 'memcgbench man: wrong.in: there is nothing to put in for @vreb@' \
		memcgbench man wrong.in
	fails_with_any 5 'memcgbench man: open none.in: No such file or directory' memcgbench man none.in
}

# As fails_with, where something may have been printed before.
fails_with_any()
{
	local want_status=$1 want=$2 got=0 err
	shift 2
	err=$("$@" 2>&1 >/dev/null) || got=$?
	echo "said: $err, status: $got"
	[ "$err" = "$want" ] && [ "$got" -eq "$want_status" ]
}

@test "completion is sound bash" {
	bash -n "$BATS_TEST_TMPDIR/completion"
	command -v shellcheck >/dev/null || skip "no shellcheck"
	shellcheck "$BATS_TEST_TMPDIR/completion"
}

@test "completion offers benches, verbs and files" {
	memcgbench list --json | jq -r '.benches[].name' >"$BATS_TEST_TMPDIR/benches"
	diff <(complete_words show "") "$BATS_TEST_TMPDIR/benches"
	diff <(complete_words run "") "$BATS_TEST_TMPDIR/benches"
	diff <(complete_words help "") <(verbs)
	[ "$(complete_words show nul)" = null ]
	[ "$(complete_words doc)" = doctor ]
	mkdir -p "$BATS_TEST_TMPDIR/dir/results-here"
	cd "$BATS_TEST_TMPDIR/dir"
	[ "$(complete_words overhead res)" = results-here ]
}

@test "completion of a parameter of a bench" {
	for bench in $(memcgbench list --json | jq -r '.benches[].name'); do
		for param in $(memcgbench show "$bench" --json | jq -r '.params[].name'); do
			echo "$bench $param"
			complete_words run --"$param" | grep -qx -- "--$param="
			memcgbench show "$bench" --json |
				jq -r --arg p "$param" '.params[] | select(.name == $p) | .choices // [] | .[]' \
				>"$BATS_TEST_TMPDIR/choices"
			# With "=" as a word of its own, as a part of the word, and with a blank.
			while read -r choice; do
				complete_words run --"$param" = "${choice%?}" | grep -qx -- "$choice"
				complete_words run --"$param" = | grep -qx -- "$choice"
				complete_words run --"$param=${choice%?}" | grep -qx -- "--$param=$choice"
				complete_words run --"$param" "" | grep -qx -- "$choice"
			done <"$BATS_TEST_TMPDIR/choices"
		done
	done
}

@test "completion of a flag goes on with the next word, of a free value offers nothing" {
	complete_words list --json --h | grep -qx -- "--help"
	complete_words show --json nul | grep -qx null
	[ -z "$(complete_words run --seed "")" ]
}

@test "another shell is refused" {
	fails_with 2 'memcgbench completion: shell "fish" is none of bash; try: memcgbench completion --help' \
		memcgbench completion fish
}
