#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# States that a pass is to find: of memcg's statistics (run --stats), of the CPU's stock. In guests of a kernel in which both cost; fetches it once.

load verbs.bash

# of_items FILE JQ: what JQ says of the least rep of a metric: least(boot; item; arm; metric).
least='def least($b; $i; $a; $m): [.[] | select(.type == "sample" and .boot == $b and .item == $i and .arm == $a and (.warmup | not))
	| .metrics[$m].ns / .metrics[$m].ops] | min;'

# guest NAME ARGS: run in guests, samples in $BATS_TEST_TMPDIR/NAME.
guest()
{
	local name=$1
	shift
	command -v qemu-system-x86_64 >/dev/null || skip "there is no qemu-system-x86_64"
	memcgbench run -k deb:6.16.12 --quiet --no-plots --blocks=2 -o "$BATS_TEST_TMPDIR/results" "$@" >"$BATS_TEST_TMPDIR/$name.txt" \
		2>"$BATS_TEST_TMPDIR/err" || {
		grep -q -e 'did not answer' -e 'apt-get' "$BATS_TEST_TMPDIR/err" && skip "Debian's archive is not to be had"
		cat "$BATS_TEST_TMPDIR/err" >&2
		return 1
	}
	mv "$BATS_TEST_TMPDIR"/results/*/samples.jsonl "$BATS_TEST_TMPDIR/$name"
}

@test "with fresh statistics a charge 16 levels down walks them all, with flushable ones none" {
	guest samples --seeds=1 --depth=1,16 charge_depth --pages=16 --sweep=stats=fresh,flushable
	grep -q -e '--stats=fresh' "$BATS_TEST_TMPDIR/samples.txt"
	jq -s "$least"' [least(1; 0; 3; "charge") - least(1; 0; 2; "charge"), least(1; 1; 3; "charge") - least(1; 1; 2; "charge")]' \
		"$BATS_TEST_TMPDIR/samples" >"$BATS_TEST_TMPDIR/slopes"
	cat "$BATS_TEST_TMPDIR/slopes"
	jq -e '.[0] > 300 and (.[1] | fabs) < 40' "$BATS_TEST_TMPDIR/slopes"
}

@test "a pass that cannot stay fresh is skipped, and says so" {
	guest samples --seeds=1 --stats=fresh charge_depth --pages=128 null
	grep -q 'a pass makes more updates than a memcg keeps before it is flushable' "$BATS_TEST_TMPDIR/samples.txt"
	[ "$(jq -s '[.[] | select(.type == "sample" and .boot == 1 and .item == 0)] | length' "$BATS_TEST_TMPDIR/samples")" = 0 ]
	[ "$(jq -s '[.[] | select(.type == "sample" and .boot == 1 and .item == 1)] | length' "$BATS_TEST_TMPDIR/samples")" -gt 0 ]
}

@test "of two equal children another has the better place in the stock from seed to seed" {
	guest samples --seeds=2 --depth=1,1 charge_depth --pages=128
	jq -s "$least"' [least(1; 0; 3; "charge") - least(1; 0; 2; "charge"), least(3; 0; 3; "charge") - least(3; 0; 2; "charge")]' \
		"$BATS_TEST_TMPDIR/samples" >"$BATS_TEST_TMPDIR/differences"
	cat "$BATS_TEST_TMPDIR/differences"
	jq -e '(.[0] > 0) != (.[1] > 0) and (.[0] + .[1] | fabs) < 1' "$BATS_TEST_TMPDIR/differences"
}
