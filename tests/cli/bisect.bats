#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154,SC2030,SC2031 # what bats and verbs.bash set; each test is a subshell of its own
# bisect and bisect-step, on small git trees whose builds and boots are made up: a build packs the file "cost" into what passes
# for an image, and a QEMU of our own answers with a recorded boot (fake_boot.bash).
load verbs
load fake_boot

setup_file()
{
	export BIN=$BATS_FILE_TMPDIR/bin DATA=$BATS_TEST_DIRNAME/../data/bisect
	mkdir -p "$BIN"
	export GIT_CONFIG_NOSYSTEM=1 HOME=$BATS_FILE_TMPDIR GIT_AUTHOR_NAME=A GIT_AUTHOR_EMAIL=a@example.org \
		GIT_COMMITTER_NAME=A GIT_COMMITTER_EMAIL=a@example.org GIT_CONFIG_GLOBAL=/dev/null
	make_fakes
}

setup()
{
	command -v git >/dev/null || skip "there is no git"
	PATH=$BIN:$PATH
	export BUILDS=$BATS_TEST_TMPDIR/builds
	cd "$BATS_TEST_TMPDIR" || return 1
	: >builds
	how=(--tree=tree --build-command=build-image --image=out/bzImage --metric=fault -o kept)
}

# make_tree COST...: a git tree, one commit for each, tagged 1, 2, ...
make_tree()
{
	local n=0 cost

	git init -q -b main tree
	echo 'out/' >tree/.gitignore
	for cost; do
		n=$((n + 1))
		echo "$cost" >tree/cost
		# The same cost twice is a commit too.
		echo "$n" >tree/number
		git -C tree add -A
		git -C tree commit -q -m "change $n"
		git -C tree tag "$n"
	done
}

# Everything of the user's tree that a bisection must leave alone.
tree_state()
{
	git -C tree status --porcelain --ignored
	git -C tree rev-parse HEAD
	git -C tree symbolic-ref -q HEAD
	git -C tree for-each-ref
	git -C tree worktree list
	sha256sum tree/.git/index
	ls -A tree
	cat tree/.git/BISECT_* 2>/dev/null || :
}

@test "the commit is found behind one that does not build, an image cut short and a panic, and the tree is left alone" {
	make_tree 0 0 broken 0 70 truncated 70 panic 70
	# A change in the index, one beside it, and a bisection of the user's own.
	git -C tree bisect start 9 2 >/dev/null
	git -C tree checkout -q -B work 4
	echo x >tree/.gitignore
	git -C tree add .gitignore
	echo y >tree/number
	tree_state >before
	run -0 --separate-stderr memcgbench bisect --good=1 --bad=9 "${how[@]}"
	tree_state | diff before -
	[[ $output == *"commit $(git -C tree rev-parse 5)"*"    change 5"*"both measured again under other seeds"*regression* ]]
	grep -q ' fault  child .* +70.0 .* WORSE$' <<<"$output"
	[[ $stderr == *"change 5: bad"* ]]
	[ ! -e kept/checkout ]
	# What was measured is remembered: no build and no boot when the same is asked again, but of what was skipped.
	: >builds
	run -0 --separate-stderr memcgbench bisect --good=1 --bad=9 --quiet -j1 "${how[@]}"
	[[ $output == *"commit $(git -C tree rev-parse 5)"* ]]
	[ -z "$stderr" ]
	run ! grep -q -x -e 0 -e 70 builds
	# With other options of run it is something else.
	run -5 memcgbench bisect --good=1 --bad=2 --quiet -j1 "${how[@]}" -- --blocks=2
	grep -q -x 0 builds
	[ "$(cat kept/*/*/run.json | jq -c '.command | select(index("--blocks=2")) | map(select(startswith("--jobs")))' | sort -u)" = '["--jobs=1"]' ]
}

@test "when the neighbours were skipped, those that it may be are named and none is" {
	make_tree 0 broken panic 70
	run -5 memcgbench bisect --good=1 --bad=4 "${how[@]}"
	[[ $output == *"change 2: skipped: the build command ended with status 1: cost.c:1: error: it does not compile"* ]]
	[[ $output == *"change 3: skipped: kernel "*": panic: Kernel panic - not syncing: made up"* ]]
	[[ $output == *"no single commit can be named"*"$(git -C tree rev-parse 2)"* ]]
	[ "$(git -C tree worktree list | wc -l)" -eq 1 ]
}

@test "neighbours need no step" {
	make_tree 0 70
	run -0 --separate-stderr memcgbench bisect --good=1 "${how[@]}"
	[[ $output == "The first bad commit, found in 0 steps:"*"change 2"* ]]
}

@test "ends that are the wrong way round, alike, or cannot be measured are said to be" {
	make_tree 70 70 0 broken
	run -5 memcgbench bisect --good=1 --bad=3 --quiet "${how[@]}"
	[ "$output" = "memcgbench bisect: 3 is not worse than 1: there is nothing to find" ]
	run -5 memcgbench bisect --good=1 --bad=2 --quiet "${how[@]}"
	[ "$output" = "memcgbench bisect: 2 is not worse than 1: there is nothing to find" ]
	run -5 memcgbench bisect --good=4 --bad=2 --quiet "${how[@]}"
	[[ $output == "memcgbench bisect: the good revision 4: the build command ended with status 1: "* ]]
	[ "${#lines[@]}" -eq 1 ]
}

@test "a bad good end that is no ancestor ends with git's words, not in a circle" {
	make_tree 70 70
	git -C tree checkout -q -b side 1
	echo 0 >tree/cost
	git -C tree commit -q -a -m side
	git -C tree tag side
	run -5 memcgbench bisect --good=side --bad=2 --quiet "${how[@]}"
	[[ $output == *"merge base"* ]]
}

@test "killed or interrupted, it leaves no checkout behind, and goes on where it was" {
	make_tree 0 0 "slow 70" 70 70
	tree_state >before
	memcgbench bisect --good=1 --bad=5 "${how[@]}" >said 2>&1 3>&- &
	pid=$!
	for _ in $(seq 600); do
		[ -e builds.slow ] && break
		sleep 0.1
	done
	[ -e builds.slow ]
	kill -TERM "$pid"
	wait "$pid" && status=0 || status=$?
	[ "$status" -eq 143 ]
	grep -q 'ended by signal 15' said
	tree_state | diff before -
	run ! pgrep -f "path=.*$BATS_TEST_TMPDIR"
	# The slow one was slow by chance.
	sed -i 's/cost.startswith("slow")/False/; s/cost.strip("?")/cost.strip("?slow ")/' "$BIN/qemu-system-x86_64"
	: >builds
	run -0 --separate-stderr memcgbench bisect --good=1 --bad=5 "${how[@]}"
	[[ $output == *"change 3"* ]]
	# The ends were not measured again.
	[ "$(grep -c -x -e 0 builds)" -le 2 ]
	sed -i 's/if False/if cost.startswith("slow")/' "$BIN/qemu-system-x86_64"
}

@test "bisect-step inside a real git bisect run: good, bad and skip" {
	make_tree 0 0 broken 0 70 truncated 70
	cd tree
	git bisect start 7 1
	run -0 git bisect run memcgbench bisect-step --good=1 --build-command=build-image --image=out/bzImage --metric=fault \
		-o "$BATS_TEST_TMPDIR/kept" --quiet
	[[ $output == *"$(git rev-parse 5) is the first bad commit"* ]]
	[ "$(git worktree list | wc -l)" -eq 1 ]
}

@test "bisect-step: its statuses one by one" {
	make_tree 0 70 broken panic "40?" 0
	step=(memcgbench bisect-step --good=1 "${how[@]}")
	git -C tree checkout -q 6
	run -0 "${step[@]}" --quiet
	[ -z "$output" ]
	git -C tree checkout -q 2
	run -1 "${step[@]}"
	[[ $output == *regression* ]]
	git -C tree checkout -q 3
	run -125 "${step[@]}"
	[[ $output == "memcgbench bisect-step: "*" cannot be judged: the build command ended with status 1"* ]]
	git -C tree checkout -q 4
	run -125 "${step[@]}"
	[[ $output == *"panic"* ]]
	git -C tree checkout -q 5
	run -125 "${step[@]}"
	# A run in place of a revision.
	git -C tree checkout -q 2
	run -1 memcgbench bisect-step --good="$(echo kept/"$(git -C tree rev-parse --short=12 1)"-*/2*)" "${how[@]}"
	# Wrong for every revision: git bisect has to stop.
	run -128 memcgbench bisect-step --good=nowhere "${how[@]}"
	[[ $output == *"nowhere is no revision of the git tree"* ]]
	run -128 memcgbench bisect-step --good=1 --tree=tree --build-command=true
	run -128 memcgbench bisect-step --tree=tree
	run -128 memcgbench bisect-step --good=1 "${how[@]}" --bench=nothing
	run -128 memcgbench bisect-step --good=1 "${how[@]}" -- --blocks=many
	run -128 memcgbench bisect-step --good=1 --tree=tree/nothing --bench=null
}

@test "bisect-step measures what is changed in the tree, and does not remember it" {
	make_tree 0 0
	echo 70 >tree/cost
	run -1 memcgbench bisect-step --good=1 --quiet "${how[@]}"
	git -C tree checkout -q -- cost
	run -0 memcgbench bisect-step --good=1 --quiet "${how[@]}"
	echo 70 >tree/cost
	run -1 memcgbench bisect-step --good=1 --quiet "${how[@]}"
}

@test "the variables of a git above do not lead to another tree" {
	make_tree 0 70
	git init -q other
	GIT_DIR=$PWD/other/.git GIT_WORK_TREE=$PWD/other run -0 memcgbench bisect --good=1 --bad=2 --quiet "${how[@]}"
}

@test "no QEMU: the good end says so" {
	make_tree 0 70
	rm -rf path
	mkdir path
	for tool in git sh cp mkdir; do
		ln -s "$(command -v $tool)" path/
	done
	(cd tree && build-image)
	IMAGE=$PWD/tree/out/bzImage PATH=$PWD/path run -5 "$build/memcgbench" bisect --good=1 --bad=2 --quiet "${how[@]}" \
		--build-command='mkdir -p out; cp $IMAGE out/'
	[[ $output == *"the good revision 1: "*qemu-system-x86_64* ]]
}
