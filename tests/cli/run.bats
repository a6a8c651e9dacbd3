#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154,SC2030,SC2031 # what bats and verbs.bash set; each test is a subshell of its own
# Real runs on this machine's own memory cgroups, and everything that can go wrong with them. Nothing here
# depends on how fast the machine is. Only cgroups of the runs started here are looked at.
load verbs

quick=(--quick -b 2 -t 1ms --latency-ops 100 --no-plots --no-counters)
# Long enough to be ended by what the test does.
endless=(--quiet --quick -b 100000 -t 1ms --latency-ops 0 --no-plots --no-counters)

setup_file()
{
	cd "$BATS_FILE_TMPDIR" || return 1
	memcgbench run null "${quick[@]}" >try.out 2>&1 || cp try.out cannot
}

setup()
{
	cd "$BATS_TEST_TMPDIR" || return 1
}

teardown()
{
	local pid

	# What a failed test left: by number, and only what it started. A number that has ended may be another's by now.
	[ ! -e started ] || while read -r pid; do
		! grep -qs '^memcgbench$' "/proc/$pid/comm" || kill -KILL "$pid" 2>/dev/null || :
	done <started
	[ ! -e offline ] || echo 1 >"$(cat offline)"
	cd /
	[ -z "$shared" ] || rm -rf "$shared"
}

needs_memcg()
{
	[ ! -e "$BATS_FILE_TMPDIR/cannot" ] || skip "no run is possible here: $(cat "$BATS_FILE_TMPDIR/cannot")"
}

needs_root()
{
	[ "$(id -u)" -eq 0 ] || skip "$1 takes root"
}

needs_mount_namespace()
{
	unshare -m true 2>/dev/null || skip "no mount namespace of our own may be made here"
}

children()
{
	local stat pid state ppid rest

	for stat in /proc/[0-9]*/stat; do
		# Gone in the meantime, perhaps.
		read -r pid _ state ppid rest 2>/dev/null <"$stat" || continue
		[ "$ppid" != "$1" ] || [ "$state" = Z ] || echo "$pid"
	done
}

# Start memcgbench in the background, as $pid; a shell would have it ignore SIGINT there.
start()
{
	env --default-signal "${before[@]}" "$build/memcgbench" run "$@" >out 2>err 3>&- &
	pid=$!
	echo "$pid" >>started
}

# Wait until command "$@" holds.
wait_for()
{
	local i

	for ((i = 0; i < 1000; i++)); do
		! "$@" || return 0
		sleep 0.02
	done
	echo "waited in vain for: $*"
	cat err
	return 1
}

has_samples()
{
	grep -qs '"type":"sample"' results/*/samples.jsonl
}

find_runner()
{
	runner=$(children "$pid")
	[ -n "$runner" ]
}

find_worker()
{
	worker=$(children "$runner" | head -n 1)
	[ -n "$worker" ]
}

# Cgroups of the runs whose processes had these numbers.
cgroups_of()
{
	local p

	for p; do
		find /sys/fs/cgroup -type d -name "memcgbench.$p.*" -prune 2>/dev/null || :
	done
}

no_cgroups_of()
{
	[ -z "$(cgroups_of "$@")" ]
}

is_gone()
{
	local p

	for p; do
		# A zombie that nobody reaps yet has ended as well.
		! grep -qs '^State:[[:space:]]*[^ZX[:space:]]' "/proc/$p/status" || return 1
	done
}

# Wait for memcgbench to end, and see that it and its runner $runner left nothing.
ends_cleanly_with()
{
	local status=0

	wait "$pid" || status=$?
	echo "status $status, said: $(cat err)"
	[ "$status" -eq "$1" ]
	# shellcheck disable=SC2086 # may be none
	wait_for is_gone "$pid" $runner $worker
	# shellcheck disable=SC2086
	no_cgroups_of "$pid" $runner
}

status_of_run()
{
	jq -r .status results/*/run.json
}

valid()
{
	python3 -c 'import jsonschema' 2>/dev/null || return 0
	"$top/tests/schema.py" "$@"
}

# "$@" says one line on standard error, which holds $2, and ends with status $1.
says()
{
	local want=$1 sentence=$2 got=0
	shift 2

	"$@" >out 2>err </dev/null 3>&- || got=$?
	echo "$* -> $got: $(cat err)"
	[ "$got" -eq "$want" ]
	[ "$(wc -l <err)" -eq 1 ]
	grep -qF -- "$sentence" err
}

usage()
{
	local sentence=$1
	shift
	says 2 "$sentence" memcgbench run "$@"
	[ ! -e results ]
}

@test "run: table, records and run.json of a whole run" {
	needs_memcg
	memcgbench run --quick -b 2 -t 1ms --latency-ops 1000 --no-plots >out 2>err
	# These want a disk, which nobody named.
	# On a slow machine progress is told, too.
	[ "$(grep -v '^memcgbench: [0-9]* %' err)" = "$(printf 'memcgbench run: skipped: %s: needs dir: name a folder on a file system with a disk behind it: --dir=PATH\n' \
		reclaim_depth reclaim_stream)" ]
	grep -q '^fault_storm' out
	grep -q 'dontneed' out
	cmp <(jq -r .status results/*/run.json) <(echo complete)
	grep -q '^fault_storm' results/*/table.txt
	grep -q '<topology' results/*/topology.xml
	valid results/*/
	for type in boot item sample proof counters latency noise end; do
		grep -q "\"type\":\"$type\"" results/*/samples.jsonl
	done
	# Printed again from what is stored.
	memcgbench overhead results/* >again
	grep -q '^fault_storm' again
}

@test "run: what the runner and its workers print on standard output is no record" {
	needs_memcg
	cat >forge.c <<-'END'
		#define _GNU_SOURCE
		#include <errno.h>
		#include <pthread.h>
		#include <string.h>
		#include <unistd.h>

		/* In every process that the runner forks, and in itself each time that it does. */
		static void forge(void)
		{
			static const char text[] = "{\"type\":\"error\",\"text\":\"forged\"}\n{\"type\":\"end\",\"status\":\"complete\"}\n";

			if (!strcmp(program_invocation_short_name, "memcgbench-runner") && write(1, text, sizeof(text) - 1) < 0)
				_exit(1);
		}

		__attribute__((constructor)) static void begin(void)
		{
			pthread_atfork(NULL, forge, forge);
		}
	END
	gcc -shared -fPIC -o forge.so forge.c
	LD_PRELOAD=$PWD/forge.so memcgbench run null "${quick[@]}" >out 2>err
	grep -q forged err
	! grep -q forged results/*/samples.jsonl || return 1
	[ "$(grep -c '"type":"end"' results/*/samples.jsonl)" -eq 1 ]
	valid results/*/
}

@test "run: depths, workers, threads and a limit, as JSON" {
	needs_memcg
	memcgbench run fault_storm "${quick[@]}" -d 1,3 -w 1,2 --threads --limit 1G --size=1M --json >out 2>err
	[ ! -s err ]
	jq -e '[.items[].rows[]] | length > 0' out
	valid results/*/
	jq -e '.plan.items | length == 2' results/*/run.json
	jq -e '[.plan.items[0].arms[].depth] == [0, 1, 3] or .boots[0].cgroup.can_enter_root == false' results/*/run.json
	jq -e '.plan.items[1].arms[2].limit_bytes == 1073741824' results/*/run.json
	jq -se '[.[] | select(.type == "sample" and .item == 1)] | length > 0 and all(.[]; .workers.fault.ops | length == 2)' \
		results/*/samples.jsonl
}

@test "run: --dry-run says what would run, and runs nothing" {
	memcgbench run fault_storm --size=4g -w 2 --dry-run >out
	grep -q 'size=4G' out
	grep -q '2 processes on CPU' out
	memcgbench run fault_storm --size=4g --dry-run --json >out
	[ "$(jq -r '.items[0].params.size' out)" = 4G ]
	[ ! -e results ]
}

@test "run: every combination of fault_storm's parameters runs or says why not" {
	needs_memcg
	tried=0 ran=0
	try()
	{
		local status=0

		memcgbench run fault_storm "${quick[@]}" --size=4M "$@" >out 2>err || status=$?
		echo "$* -> $status: $(cat err)"
		tried=$((tried + 1))
		case $status in
		0)
			ran=$((ran + 1))
			[ ! -s err ]
			;;
		5)
			[ "$(wc -l <err)" -eq 1 ]
			grep -q 'map=file-cow with access=read\|thp=always' err
			[[ "$*" == *--thp=always* || "$*" == *--map=file-cow*--access=read* ]]
			;;
		6)
			grep -q 'skipped: .*thp=always: this kernel ' err
			[[ "$*" == *--thp=always* ]]
			;;
		*)
			return 1
			;;
		esac
	}
	for map in anon shmem file-cow; do
		for access in write read; do
			for thp in never always; do
				for order in seq random; do
					try --map=$map --access=$access --thp=$thp --order=$order
				done
			done
		done
		for free in munmap dontneed; do
			try --map=$map --free=$free --free-batch=3
		done
	done
	[ "$tried" -eq 30 ]
	[ "$ran" -ge 16 ]
}

@test "run: a command line that is wrong is one line, and no folder" {
	usage 'there is no bench "nul" (did you mean "null"?)' nul
	usage 'none of the chosen benches has this parameter' null --param colour=red
	usage 'none of the chosen benches has this parameter' null --access=read
	usage '"rd" is none of write, read' fault_storm --access=rd
	usage '--colour' fault_storm --colour=red
	usage 'NAME=VALUE is wanted' fault_storm --param access
	usage '"max" is not a size' fault_storm --size=max
	usage '"-1" is not a size' fault_storm --size=-1
	usage '"4g4" is not a size' fault_storm --size=4g4
	usage 'is outside 4K to 1T' fault_storm --size=99999999999999999999
	usage 'is outside 4K to 1T' fault_storm --size=1k
	usage '0 is not between 1 and 1024' -w 0
	usage '100000 is not between 1 and 1024' -w 100000
	usage '"-1" is not a number' -w -1
	usage '"" is not a number' -w 1,,2
	usage 'at most 16 numbers' -w 1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1
	usage '0 is not between 1 and 6' -d 0
	usage '65 is not between 1 and 6' -d 65
	usage 'at most 15 depths' -d 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16
	usage '"max" is not a size' --limit max
	usage 'outside 1 to' --limit 0
	usage '"-1" is not a size' --limit -1
	usage 'outside 1 to' --limit 8388608T
	usage 'placement "nowhere"' --place nowhere
	usage '--place: at most 127 letters' --place "$(printf '0,%.0s' {1..100})0"
	usage 'node:4096' --memory-bind node:4096
	usage 'is outside 2 to' -b 1
	usage 'is outside' -b 100001
	usage 'is not a time' -t 1
	usage 'is outside' -t 11s
	usage 'is outside' --seed 9223372036854775808
}

@test "run: a size that is no multiple of a page" {
	needs_memcg
	says 5 'size 5000 is no multiple of the page size' memcgbench run fault_storm "${quick[@]}" --size=5000
	[ "$(status_of_run)" = failed ]
	valid results/*/
}

@test "run: a limit that is too small is named" {
	needs_memcg
	for args in "null --limit 1k" "fault_storm --limit 4M --free=munmap" "process_exit --limit 4M"; do
		rm -rf results
		# shellcheck disable=SC2086 # words
		says 5 'OOM killer' memcgbench run $args "${quick[@]}"
		grep -q 'the limit of /.* is too small for this bench' err
		[ "$(status_of_run)" = failed ]
		no_cgroups_of "$(sed -n 's/.*memcgbench\.\([0-9]*\)\..*/\1/p' err)"
	done
}

@test "run: the results folder is a file, or may not be written" {
	needs_memcg
	touch file
	says 5 'file: Not a directory' memcgbench run null "${quick[@]}" -o file
	says 5 'file: Not a directory' memcgbench run null "${quick[@]}" -o file/results
	says 5 'create directory /proc/results' memcgbench run null "${quick[@]}" -o /proc/results
	needs_root "a read-only mount"
	needs_mount_namespace
	mkdir ro
	# shellcheck disable=SC2016 # for the inner shell
	says 5 'Read-only file system' unshare -m sh -c \
		'mount -t tmpfs -o ro none ro && exec "$@"' sh memcgbench run null "${quick[@]}" -o ro
}

@test "run: a full disk" {
	needs_memcg
	needs_root "a full disk"
	needs_mount_namespace
	mkdir tiny copy
	# shellcheck disable=SC2016 # for the inner shell
	says 5 'No space left on device' unshare -m sh -c \
		'mount -t tmpfs -o size=64k none tiny && { "$@"; status=$?; cp -r tiny/* copy; exit $status; }' sh \
		memcgbench run null --quick -b 1000 -t 1ms --no-plots -o tiny
	[ ! -s out ]
	# Not taken for a whole run, and what is there is read.
	[ "$(jq -r .status copy/*/run.json)" != complete ]
	grep -q '"type":"sample"' copy/*/samples.jsonl
	memcgbench overhead copy/* >out
}

@test "run: a disk that is full once all is measured" {
	local size found=""

	needs_memcg
	needs_root "a full disk"
	needs_mount_namespace
	# How much a run takes depends on the machine's topology.
	for ((size = 24; size < 128; size += 4)); do
		rm -rf tiny copy
		mkdir tiny copy
		# shellcheck disable=SC2016 # for the inner shell
		unshare -m sh -c 'mount -t tmpfs -o size="$1"k none tiny && { shift; "$@"; status=$?; cp -r tiny/* copy; exit $status; }' \
			sh "$size" memcgbench run null --quick -b 2 -t 1ms --latency-ops 100 --no-counters -o tiny >out 2>err || [ $? -eq 5 ]
		if [ "$(jq -r .status copy/*/run.json)" = complete ]; then
			found=$size
			break
		fi
	done
	[ -n "$found" ]
	# The first size at which all records fit: there is a table, or a sentence that there is none; never a part of one.
	if [ -n "$(find copy -name table.txt)" ]; then
		cmp <(grep '^null: ' copy/*/table.txt) <(grep '^null: ' out)
	else
		grep -q 'what was measured is stored, but not its table: .*No space left on device' err
	fi
	grep -q '^null: ' out
	memcgbench overhead copy/* >again
	grep -q '^null: ' again
}

@test "run: standard output is full, or closed" {
	needs_memcg
	shut() { memcgbench run null "${quick[@]}" "$@" >&-; }
	full() { memcgbench run null "${quick[@]}" "$@" >/dev/full; }
	says 5 'write standard output: Bad file descriptor' shut
	valid results/*/
	grep -q '^null' results/*/table.txt
	[ "$(status_of_run)" = complete ]
	says 5 'No space left on device' full
	says 5 'No space left on device' full --json
	rm -rf results
	memcgbench run null "${quick[@]}" <&- >/dev/null 2>&-
	valid results/*/
}

@test "run: SIGINT, SIGTERM and SIGHUP at any moment" {
	needs_memcg
	local round
	for round in 0.02:TERM:143 0.03:INT:130 0.05:TERM:143 0.1:INT:130 0.2:TERM:143 0.4:INT:130 0.7:TERM:143 \
		1.5:INT:130; do
		IFS=: read -r moment signal want <<<"$round"
		rm -rf results
		runner="" worker=""
		start fault_storm "${endless[@]}" --size=1M -w 2
		sleep "$moment"
		find_runner || :
		kill -"$signal" "$pid"
		ends_cleanly_with "$want"
		[ ! -e results ] || [ "$(status_of_run)" = interrupted ]
		[ "$(wc -l <err)" -le 1 ]
	done
	valid results/*/
	memcgbench overhead results/* >out
	rm -rf results
	start null "${endless[@]}"
	wait_for has_samples
	find_runner
	kill -HUP "$pid"
	ends_cleanly_with 129
}

@test "run: a signal that was ignored when it started stays so" {
	needs_memcg
	(trap '' HUP; exec "$build/memcgbench" run null --quick -b 60 -t 1ms --no-plots >out 2>err 3>&-) &
	pid=$!
	wait_for has_samples
	kill -HUP "$pid"
	wait "$pid"
	[ "$(status_of_run)" = complete ]
}

@test "run: a killed memcgbench: the runner cleans up, the samples stay readable" {
	needs_memcg
	start fault_storm "${endless[@]}" --size=1M
	wait_for has_samples
	find_runner
	find_worker || :
	kill -KILL "$pid"
	ends_cleanly_with 137
	wait_for no_cgroups_of "$pid" "$runner"
	[ "$(status_of_run)" = running ]
	valid results/*/
	memcgbench overhead results/* >out
	grep -q '^fault_storm' out
}

@test "run: a killed runner" {
	needs_memcg
	start fault_storm "${endless[@]}" --size=1M
	wait_for has_samples
	find_runner
	find_worker || :
	kill -KILL "$runner"
	ends_cleanly_with 5
	[ "$(cat err)" = "memcgbench run: the runner ended with status 137; the samples so far are in $(echo results/*)" ]
	[ "$(status_of_run)" = failed ]
	valid results/*/
}

@test "run: a killed worker is named" {
	needs_memcg
	# Without a weight that keeps this shell from finding a worker while it lives.
	before=(nice -n 1)
	start fault_storm "${endless[@]}" -t 100ms --size=1M -w 2
	wait_for has_samples
	find_runner
	wait_for find_worker
	# It may end by itself just now, for the next block.
	while ! grep -q killed err && ! is_gone "$pid"; do
		! find_worker || kill -KILL "$worker" 2>/dev/null || :
	done
	ends_cleanly_with 5
	grep -q '^memcgbench run: fault_storm (.*), worker [01] on CPU [0-9]* was killed by signal 9' err
	[ "$(wc -l <err)" -eq 1 ]
	[ "$(status_of_run)" = failed ]
	valid results/*/
	grep -q '"type":"error"' results/*/samples.jsonl
}

@test "run: what three processes left that were killed at once, the next run removes" {
	needs_memcg
	start fault_storm "${endless[@]}" --size=1M
	wait_for has_samples
	find_runner
	find_worker || :
	# Stopped first, so that none has the time to clean up.
	kill -STOP "$pid" "$runner"
	# shellcheck disable=SC2086 # may be none
	kill -KILL "$runner" "$pid" $worker 2>/dev/null || :
	wait "$pid" || :
	wait_for is_gone "$pid" "$runner"
	# Another run on this machine may have been quicker.
	cgroups_of "$pid" "$runner" >left
	memcgbench run null "${quick[@]}" -o next >out
	no_cgroups_of "$pid" "$runner"
}

@test "run: a memcg that somebody else removes" {
	needs_memcg
	start null "${endless[@]}"
	wait_for has_samples
	find_runner
	# Between two blocks nobody is in it.
	while ! is_gone "$pid" && ! rmdir "$(cgroups_of "$runner" | grep 'item0-arm1$')" 2>/dev/null; do
		:
	done
	ends_cleanly_with 5
	[ "$(wc -l <err)" -eq 1 ]
	grep -q 'item0-arm1.*removed it' err
	[ "$(status_of_run)" = failed ]
}

@test "run: no memory controller" {
	needs_root "hiding the cgroups"
	needs_mount_namespace
	# shellcheck disable=SC2016 # for the inner shell
	says 6 memcgbench unshare -m sh -c '
		for m in $(sed -n "s|^[^ ]* \(/sys/fs/cgroup[^ ]*\) .*|\1|p" /proc/self/mounts | sort -r); do
			umount -l "$m"
		done
		exec "$@"' sh memcgbench run null "${quick[@]}"
	grep -q 'mount -t' err
	[ ! -e results ]
}

# Run as nobody, who must be able to read the build.
as_nobody()
{
	setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
}

needs_nobody()
{
	needs_root "becoming another user"
	as_nobody memcgbench --version >/dev/null 2>&1 || skip "nobody may not run $build/memcgbench"
	# Every folder above has to let nobody through, and those of bats do not.
	shared=$(mktemp -d /tmp/memcgbench-test.XXXXXX)
	chmod 755 "$shared"
	cd "$shared" || return 1
	mkdir results
	chmod 777 results
}

@test "run: an ordinary user without a cgroup of his own" {
	needs_memcg
	needs_nobody
	says 5 'in a cgroup delegated to you: systemd-run --user --scope -p Delegate=yes' \
		as_nobody memcgbench run null "${quick[@]}"
	[ -z "$(ls results)" ]
}

@test "run: an ordinary user in a cgroup that is his" {
	needs_memcg
	needs_nobody
	memory=$(sed -n 's|^[^ ]* \([^ ]*\) cgroup [^ ]*memory.*|\1|p' /proc/self/mounts | head -n 1)
	[ -n "$memory" ] || skip "the memory controller is not on cgroup v1 here"
	group=$memory/bats-memcgbench-$$
	mkdir "$group"
	chown -R 65534:65534 "$group"
	# The build folder may lie where this user may not go, such as below /root.
	mkdir bin
	cp "$(command -v memcgbench)" "$(dirname "$(command -v memcgbench)")/memcgbench-runner" bin/
	# shellcheck disable=SC2016 # for the inner shell
	inside() { sh -c 'echo 0 >"$0/cgroup.procs" && exec "$@"' "$group" "$@"; }
	status=0
	inside setpriv --reuid=65534 --regid=65534 --clear-groups bin/memcgbench run null "${quick[@]}" -d 1,2 \
		>out 2>err 3>&- || status=$?
	# The baseline lies one level down, so that one level less is left for the child.
	inside setpriv --reuid=65534 --regid=65534 --clear-groups bin/memcgbench run null "${quick[@]}" -d 64 \
		>/dev/null 2>err64 3>&- || status64=$?
	left=$(find "$group" -mindepth 1 -type d)
	rmdir "$group"
	echo "status $status: $(cat out err err64) left: $left"
	[ "$status" -eq 0 ]
	[ -z "$left" ]
	[ ! -s err ]
	jq -e '[.plan.items[0].arms[] | .state + " \(.depth)"] == ["child 1", "child 2", "child 3"]' results/*/run.json
	[ "$status64" -eq 2 ]
	grep -q '64 is not between 1 and 63' err64
}

@test "run: two runs at once leave each other alone" {
	needs_memcg
	start null "${endless[@]}"
	wait_for has_samples
	find_runner
	cgroups_of "$runner" >before
	[ -s before ]
	memcgbench run null "${quick[@]}" -o other >other.out
	valid other/*/
	cmp before <(cgroups_of "$runner")
	kill -TERM "$pid"
	worker=""
	ends_cleanly_with 143
}

# Names of the cgroups of runs in the pid namespace $1.
groups_in()
{
	find /sys/fs/cgroup -type d -name "memcgbench.*.*.$1*" -prune -printf '%f\n' 2>/dev/null | sort
}

has_groups_in()
{
	[ -n "$(groups_in "$1")" ]
}

@test "run: a run on the host and one in a container leave each other alone" {
	local inner space outer

	needs_memcg
	needs_root "a pid namespace of our own"
	unshare -pf --mount-proc true 2>/dev/null || skip "no pid namespace of our own may be made here"
	# The program is process 1 there; here its pid says nothing.
	unshare -pf --mount-proc "$build/memcgbench" run null "${endless[@]}" -o inner >inner.out 2>inner.err 3>&- &
	outer=$!
	while inner=$(children "$outer"); [ -z "$inner" ]; do
		! is_gone "$outer" || { cat inner.err; return 1; }
	done
	echo "$inner" >>started
	space=$(readlink "/proc/$inner/ns/pid" | tr -dc 0-9)
	wait_for grep -qs '"type":"sample"' inner/*/samples.jsonl
	groups_in "$space" >before
	[ -s before ]
	memcgbench run null "${quick[@]}" -o next >out
	cmp before <(groups_in "$space")
	# The other way round: what is outside cannot be seen from within.
	start null "${endless[@]}"
	wait_for has_samples
	find_runner
	cgroups_of "$runner" >mine
	[ -s mine ]
	unshare -pf --mount-proc "$build/memcgbench" run null "${quick[@]}" -o third >out 3>&-
	cmp mine <(cgroups_of "$runner")
	kill -TERM "$pid"
	ends_cleanly_with 143
	# All of a namespace die with its process 1; the next run on the host removes what they left.
	kill -KILL "$inner"
	wait "$outer" || :
	has_groups_in "$space"
	memcgbench run null "${quick[@]}" -o last >out
	! has_groups_in "$space"
}

@test "run: a CPU that is taken away" {
	needs_memcg
	online=/sys/devices/system/cpu/cpu1/online
	[ -n "$TEST_OFFLINE" ] || skip "takes a CPU from everybody on this machine: TEST_OFFLINE=1 asks for it"
	[ -w "$online" ] || skip "CPU 1 cannot be taken offline here"
	echo "$online" >offline
	start null "${endless[@]}" --place 1
	wait_for has_samples
	find_runner
	echo 0 >"$online" || skip "CPU 1 cannot be taken offline here"
	status=0
	wait "$pid" || status=$?
	echo 1 >"$online"
	[ "$status" -eq 5 ]
	grep -q 'CPU 1' err
}
