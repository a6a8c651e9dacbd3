#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154 # what bats and verbs.bash set
# How long a run takes, what it says of that beforehand and meanwhile, and what it leaves out to be done in time.
load verbs

short=(-b 2 -t 500us --place=1 --latency-ops=0 --no-plots)

setup()
{
	cd "$BATS_TEST_TMPDIR" || return 1
}

teardown()
{
	[ -z "$hog" ] || kill -KILL "$hog" 2>/dev/null || :
}

needs_memcg()
{
	memcgbench run null "${short[@]}" >try.out 2>&1 || skip "no run is possible here: $(cat try.out)"
}

# Milliseconds that the command takes.
milliseconds()
{
	local begin end

	begin=$(date +%s%3N)
	"$@" >out 2>err || { cat err >&2; return 1; }
	end=$(date +%s%3N)
	echo $((end - begin))
}

@test "a task that never sleeps on the worker's CPU takes a tenth of it, and is not shut out" {
	taskset -c 1 true 2>/dev/null || skip "needs a CPU 1"
	needs_memcg
	taskset -c 1 sh -c 'while :; do :; done' &
	hog=$!
	memcgbench run -b 40 -t 4ms --place=1 --latency-ops=0 --no-counters --no-plots -o beside null
	# Of all reps what a turn took in the mean, by what it takes where nothing comes between.
	slowed=$(jq -s '[.[] | select(.type == "sample" and (.warmup | not)).metrics.loop | .ns / .ops] | add / length / min' beside/*/samples.jsonl)
	# With the usual weight a fair share, 2 beside one task and 5 beside four; with yields before each rep, as there were once, over 100.
	limit=10
	[[ $(jq -r '.boots[0].facts.priority' beside/*/run.json) != "nice -10, its session -10" ]] || limit=1.5
	echo "takes $slowed times as long as alone"
	jq -ne "$slowed <= $limit"
	kill -0 "$hog"
}

@test "priority: root's runs weigh more, others' as much as ever, and what somebody chose is left" {
	needs_memcg
	[ "$(id -u)" -eq 0 ] || skip "takes root"
	[ "$(nice)" -eq 0 ] || skip "this test has a nice level of its own"
	priority() { "$@" memcgbench run null "${short[@]}" -o "$BATS_TEST_TMPDIR/p" >out 2>&1 && jq -r '.boots[0].facts.priority' p/*/run.json; rm -rf p; }
	grep -q nice /proc/self/autogroup || skip "no groups of sessions in this kernel"
	[ "$(priority env)" = "nice -10, its session -10" ]
	tr -s '\n ' ' ' <out | grep -q 'nice -10, its session -10'
	[[ $(priority nice -n 3) == "nice 3, its session "* ]]
	[ "$(priority setpriv --bounding-set=-sys_nice --inh-caps=-sys_nice)" = "" ]
	[ "$(priority chrt --batch 0)" = "" ]
}

# The seconds that the dry run of the command promises.
promised()
{
	memcgbench run "$@" --dry-run | sed -n 's/^Would take about \([0-9]*\) s and write.*/\1/p'
}

@test "--budget: the time that is promised is taken, and what is coarser is said" {
	needs_memcg
	set -- --budget=12s null charge_scaling charge_depth --depth=1,5
	[ "$(promised "$@")" = 12 ]
	# With its pictures, and beside others, where that may be asked for.
	if [ "$EUID" -eq 0 ]; then
		for hog in 1 2 3 4 5 6; do
			timeout 60 sh -c 'while :; do :; done' 3>&- &
			hogs[hog]=$!
		done
	fi
	took=$(milliseconds memcgbench run "$@")
	kill "${hogs[@]}" || true
	echo "took $took ms"
	# With all 60 blocks it is 25 s.
	[ "$took" -ge 8000 ] && [ "$took" -le 13200 ]
	tr -s '\n ' ' ' <out | grep -qE 'time 12 s \(--budget\): [0-9]+ (to [0-9]+ )?blocks (of an item )?instead of 60'
	# Of each that was measured enough for an interval; on a busy machine some may be left out.
	jq -se '[.[] | select(.type == "sample")] | group_by(.item) | length > 0 and all(map(.block) | max >= 6)' results/*/samples.jsonl
	jq -se 'map(.plan.budget_ns) | index([12000000000])' results/*/run.json
	memcgbench report --no-plots "$(grep -l 12000000000 results/*/run.json | xargs dirname)" -o page
	tr -s '\n ' ' ' <page/index.html | grep -qE '<dt>time</dt><dd>12 s \(--budget\): [0-9]+ (to [0-9]+ )?blocks'
}

@test "--budget: where there is no time for six blocks of each, the last are left out, by name" {
	needs_memcg
	took=$(milliseconds memcgbench run --budget=4s --no-plots null charge_scaling charge_depth pagecache_share fault_storm)
	echo "took $took ms"
	# The first is measured on however busy a machine. All of them take 50 s.
	[ "$took" -le 12000 ]
	[ "$took" -le 4400 ] || grep -q '^memcgbench run: took .*, not 4.* s (--budget): the least' err
	grep -qE '^memcgbench run: skipped: [a-z_]+.*: left out for time \(--budget\)$' err
	tr -s '\n ' ' ' <out | grep -qE '; [1-4] items? left out'
	jq -se '[.[] | select(.type == "skip" and .code == "budget")] | length >= 1' results/*/samples.jsonl
	jq -se '[.[] | select(.type == "sample")] | group_by(.item) | length > 0 and all(map(.block) | max >= 6)' results/*/samples.jsonl
}

@test "--budget: reps with counters, whose phases take far longer, take no more than others" {
	needs_memcg
	memcgbench run --budget=3s --no-plots -o counted null
	# With as many passes as a rep has, those of null took 1 of 4 s. A counter that this machine has not is none.
	jq -se '[.[] | select(.type == "counters").metrics.phase.ops] as $counted | [.[] | select(.type == "sample").metrics.phase.ops] as $ops |
		($counted | length) == 0 or ($counted | max) * 2 < ($ops | min)' counted/*/samples.jsonl
}

@test "--dry-run: --blocks goes before a budget, and what would be skipped is said" {
	memcgbench run --budget=5s --blocks=60 null charge_scaling --dry-run >out
	grep -q -- '--blocks goes before --budget=5s, which is not kept' out
	memcgbench run reclaim_pressure --dry-run >out
	grep -q 'would be skipped: needs guest' out
	memcgbench run reclaim_depth --dry-run >out
	grep -q 'would be skipped: needs dir' out
	run -2 memcgbench run --budget=never --dry-run
	[[ $output == *"--budget=never: a time such as 2m, or none"* ]]
}

@test "progress: a line every 10 s in a log, with what runs, how long it has, and how long it takes still" {
	needs_memcg
	memcgbench run --budget=16s --no-plots null charge_depth >out 2>err
	cat err
	[ "$(grep -cE '^memcgbench: [0-9]+ %, 1[01] s gone, [0-9] s left, (null|charge_depth)$' err)" -eq 1 ]
	# Right from the first: what is gone and what is left add up to what it took.
	sed -n 's/^memcgbench: .* \([0-9]*\) s gone, \([0-9]*\) s left.*/\1 \2/p' err | while read -r gone left; do
		[ $((gone + left)) -ge 13 ] && [ $((gone + left)) -le 17 ] || exit 1
	done
	memcgbench run --budget=3s --no-plots --quiet null >out 2>err
	[ ! -s err ]
}

@test "progress: on a terminal one line, from the first second on" {
	needs_memcg
	command -v script >/dev/null || skip "needs script(1)"
	script -qec "memcgbench run --budget=4s --no-plots null" /dev/null >out
	tr '\r' '\n' <out | grep -aoE '[0-9]+ %  .* gone, .* left' >lines
	cat lines
	head -n 1 lines | grep -qE '^0 %  .*0 s gone, [34](\.0*)? s left$'
	[ "$(wc -l <lines)" -ge 4 ]
	# Each over the one before it, and none left over.
	run ! grep -a ' left$' out
}

@test "make bench says what it measures and for how long, and a stock kernel that there is not does not decide" {
	cat >program <<'END'
#!/bin/sh
echo "$*" >>calls
case "$*" in
*none*) exit 5 ;;
*stock*--dry-run) echo "# 10 boots and one of them again, 2 at a time, take about 28 s (as on 2 idle cores)" ;;
*-k*--dry-run) echo "# 4 boots and one of them again, 2 at a time, take about 1 m 02 s (as on 2 idle cores)" ;;
*--dry-run) printf 'Would take about 2 m 00 s and write to a new folder.\nThat is' ;;
*bad*) exit 1 ;;
esac
END
	chmod +x program
	here=$(uname -r)
	run -0 "$top/tools/bench" ./program deb:6.12 "null fault_storm" --depth=5
	[ "${lines[1]}" = "memcgbench: measuring $here here for about 2 m 00 s, then deb:6.12 in guests for about 28 s. ^C keeps what there is." ]
	[ "$(tail -n 2 calls)" = "run --depth=5
run --quick --no-plots --kernel stock=deb:6.12 null fault_storm" ]
	run -0 "$top/tools/bench" ./program none "null" --depth=5
	[ "${lines[1]}" = "memcgbench: measuring $here here for about 2 m 00 s, then none in guests. ^C keeps what there is." ]
	[[ $output == *"no table of a stock kernel (STOCK=none)" ]]
	run -1 "$top/tools/bench" ./program "" "null" -k bad
	[ "$output" = "memcgbench: measuring 4 boots of guests for about 1 m 02 s. ^C keeps what there is." ]
}

@test "kernels: --dry-run says what runs and for how long, and --budget what it leaves out" {
	mkdir k
	echo CONFIG_MEMCG=y >k/config
	python3 - <<'END'
image = bytearray(4096)
image[0x1f1] = 1
image[0x1f4] = (4096 - 1024) // 16
image[0x1fe:0x200] = b"\x55\xaa"
image[0x202:0x206] = b"HdrS"
image[0x206:0x208] = b"\x0f\x02"
image[0x20e:0x210] = b"\x00\x01"
image[0x236] = 1
image[0x300:0x306] = b"6.12.0"
open("k/bzImage", "wb").write(image)
END
	memcgbench run -k k=k -j1 --dry-run >out
	grep -qE '^# 10 boots and one of them again, 1 at a time, take about 5 m [0-9]+ s ' out
	grep -q '^#   charge_depth --way=single --pages=128: 8 blocks of off / root / child, depth 1 / child, depth 4 / child, depth 16$' out
	# A script still.
	run ! grep -vE '^(#|qemu-system-x86_64 )' out
	memcgbench run -k k=k -j1 --budget=2m --dry-run >out 2>err
	[ "$(grep 'for time' err)" = "memcgbench run: for time (--budget=2m): 3 seeds instead of 5, without \
charge_stock --way=turns, 8 processes, 8 memcgs; charge_scaling --way=turns --pages=32, 8 processes, 8 memcgs; \
charge_scaling --way=turns --pages=32, 2 processes, 2 memcgs; charge_scaling --way=turns --pages=32; \
pagecache_share --size=2M, 2 processes, 2 memcgs; stat_read --siblings=100" ]
	[ "$(grep -c '^# kernel' out)" -eq 6 ]
	run -2 memcgbench run -k k=k --budget=2m --shard=1/2 --dry-run
	[[ $output == *"--budget=2m: parts of a run"* ]]
	run ! grep -q '8 processes' out
}
