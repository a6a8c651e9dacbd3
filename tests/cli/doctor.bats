#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154 # what bats and verbs.bash set
load verbs

@test "doctor --json: schema, and the worst level is the worst" {
	run --separate-stderr memcgbench doctor --json
	[ -z "$stderr" ]
	[ "$(jq -r 'keys_unsorted | join(" ")' <<<"$output")" = "schema schema_version worst findings" ]
	[ "$(jq -r .schema <<<"$output")" = memcgbench-doctor ]
	jq -e '["ok", "note", "warn", "bad"] as $levels | .worst as $worst |
		([.findings[].level | . as $l | $levels | index($l)] | max) == ($levels | index($worst))' \
		<<<"$output"
	jq -e '.findings | length > 0' <<<"$output"
	jq -e 'all(.findings[]; .check != "" and .text != "" and .fix != "")' <<<"$output"
	jq -e 'all(.findings[]; keys_unsorted == ["check", "level", "text", "fix"])' <<<"$output"
}

# Load comes and goes between two calls, so each is judged by what it printed itself.
@test "the exit status follows the findings" {
	for strict in "" --strict; do
		# shellcheck disable=SC2086 # an option or none
		run memcgbench doctor --json $strict
		case $(jq -r .worst <<<"$output"):$strict in
		bad:*) [ "$status" -eq 5 ] ;;
		warn:--strict) [ "$status" -eq 1 ] ;;
		*) [ "$status" -eq 0 ] ;;
		esac
		# shellcheck disable=SC2086
		run memcgbench doctor $strict
		case ${lines[-1]}:$strict in
		*"cannot measure"*) [ "$status" -eq 5 ] ;;
		"0 warnings; "*) [ "$status" -eq 0 ] ;;
		*:--strict) [ "$status" -eq 1 ] ;;
		*) [ "$status" -eq 0 ] ;;
		esac
	done
}

@test "every check is in the text, in the same order" {
	diff <(memcgbench doctor | sed -n 's/^\([a-z][a-z_-]*\)  *\(ok\|note\|warn\|bad\)  .*/\1/p' | uniq) \
		<(memcgbench doctor --json | jq -r '.findings[].check' | uniq)
}

# Is there colour in what doctor prints on a terminal, with the environment "$@"?
coloured()
{
	env "$@" script -qc "memcgbench doctor" /dev/null </dev/null >"$BATS_TEST_TMPDIR/typescript"
	grep -q $'\033' "$BATS_TEST_TMPDIR/typescript"
}

@test "colours on a terminal only, and not with NO_COLOR" {
	[[ $(memcgbench doctor) != *$'\033'* ]]
	command -v script >/dev/null || skip "no script(1)"
	coloured TERM=xterm
	coloured TERM=xterm NO_COLOR=
	run coloured TERM=xterm NO_COLOR=1
	[ "$status" -eq 1 ]
	run coloured TERM=dumb
	[ "$status" -eq 1 ]
}
