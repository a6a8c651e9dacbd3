# SPDX-License-Identifier: GPL-2.0-or-later
# verbs.bash - what the command-line tests of the verbs share. O: the build folder.
# shellcheck shell=bash disable=SC2154 # status, output and lines are set by bats

bats_require_minimum_version 1.5.0
top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
case ${O:-build} in
/*) build=${O:-build} ;;
*) build=$top/${O:-build} ;;
esac
# Or a loop over what it lists would pass without a round.
[ -x "$build/memcgbench" ] || { echo "there is no $build/memcgbench" >&2; exit 1; }
PATH=$build:$PATH
export COLUMNS=80
unset NO_COLOR POSIXLY_CORRECT

# Every verb that `memcgbench --help` shows.
verbs()
{
	memcgbench --help | sed -n '/^Verbs:/,/^$/s/^  \([a-z-]*\)  .*/\1/p'
}

# Every long option in the help of verb $1.
options()
{
	memcgbench "$1" --help | sed -n 's/^  \(-., \|    \)--\([a-z-]*\).*/\2/p'
}

# Status is $1, standard output empty, and standard error the one line $2.
fails_with()
{
	local want_status=$1 want=$2 err
	shift 2
	err=$("$@" 2>&1 >"$BATS_TEST_TMPDIR/out") && got=0 || got=$?
	[ "$err" = "$want" ] || { echo "said: $err"; return 1; }
	[ "$got" -eq "$want_status" ] || { echo "status: $got"; return 1; }
	[ ! -s "$BATS_TEST_TMPDIR/out" ]
}
