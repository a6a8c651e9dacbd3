#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154 # what bats and verbs.bash set
load verbs

# The status that the worst finding asks for: $1 is "strict" or "".
status_for()
{
	case $(memcgbench doctor --json | jq -r .worst):$1 in
	bad:*) echo 5 ;;
	warn:strict) echo 1 ;;
	*) echo 0 ;;
	esac
}

@test "doctor --json: schema, and the worst level is the worst" {
	run --separate-stderr memcgbench doctor --json
	[ -z "$stderr" ]
	[ "$(jq -r 'keys_unsorted | join(" ")' <<<"$output")" = "schema schema_version worst findings" ]
	[ "$(jq -r .schema <<<"$output")" = memcgbench-doctor ]
	jq -e '["ok", "note", "warn", "bad"] as $levels | .worst as $worst |
		([.findings[].level | . as $l | $levels | index($l)] | max) == ($levels | index($worst))' \
		<<<"$output"
	jq -e 'all(.findings[]; .check != "" and .text != "" and .fix != "")' <<<"$output"
	jq -e 'all(.findings[]; keys_unsorted == ["check", "level", "text", "fix"])' <<<"$output"
}

@test "the exit status follows the findings" {
	run memcgbench doctor
	[ "$status" -eq "$(status_for "")" ]
	run memcgbench doctor --strict
	[ "$status" -eq "$(status_for strict)" ]
	run memcgbench doctor --strict --json
	[ "$status" -eq "$(status_for strict)" ]
}

@test "every check is in the text, in the same order" {
	diff <(memcgbench doctor | sed -n 's/^\([a-z][a-z_-]*\)  *\(ok\|note\|warn\|bad\)  .*/\1/p') \
		<(memcgbench doctor --json | jq -r '.findings[].check')
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
