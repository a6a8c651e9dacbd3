#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154 # what bats, verbs.bash and fake_boot.bash set
# series, on small git trees whose builds and boots are made up (fake_boot.bash).
load verbs
load fake_boot

setup_file()
{
	export BIN=$BATS_FILE_TMPDIR/bin DATA=$BATS_TEST_DIRNAME/../data/bisect
	mkdir -p "$BIN"
	export GIT_CONFIG_NOSYSTEM=1 HOME=$BATS_FILE_TMPDIR GIT_AUTHOR_NAME=A GIT_AUTHOR_EMAIL=a@example.org GIT_COMMITTER_NAME=A \
		GIT_COMMITTER_EMAIL=a@example.org GIT_CONFIG_GLOBAL=/dev/null
	make_fakes
}

setup()
{
	command -v git >/dev/null || skip "there is no git"
	PATH=$BIN:$PATH
	export BUILDS=$BATS_TEST_TMPDIR/builds
	cd "$BATS_TEST_TMPDIR" || return 1
	: >builds
	how=(--tree=tree --build-command=build-image --image=out/bzImage --metric=fault -o kept --quiet)
	git init -q -b main tree
}

# commit COST TAG
commit()
{
	echo "$1" >tree/cost
	echo "$2" >tree/number
	git -C tree add -A
	git -C tree commit -q -m "change $2"
	git -C tree tag "$2"
}

# line TAG: what was said of that commit.
line()
{
	grep "^$(git -C tree rev-parse --short=12 "$1") " <<<"$output"
}

@test "each commit against its parent, over one that does not build; the tree is left alone; what was measured is remembered" {
	commit 0 1
	commit 0 2
	commit 70 3
	commit broken 4
	commit 70 5
	commit 0 6
	run -1 --separate-stderr memcgbench series 1..6 "${how[@]}"
	[[ $(line 2) == *"  same  "*"change 2" ]]
	[[ $(line 3) == *"  WORSE  "*"fault child +70.0 insn/page (+"*"change 3" ]]
	[[ $(line 4) == *"  skipped  "*"does not compile"*"change 4" ]]
	[[ $(line 5) == *"  same  "*" against $(git -C tree rev-parse --short=12 3)  change 5" ]]
	[[ $(line 6) == *"  better  "*"fault child -70.0 "*"change 6" ]]
	[ "${lines[5]}" = "5 commits: 1 worse, 0 inconclusive, 1 not measured" ]
	[ -z "$stderr" ]
	[ -z "$(git -C tree status --porcelain)" ] && [ "$(git -C tree worktree list | wc -l)" -eq 1 ]
	[ "$(tr '\n' ' ' <builds)" = "0 0 70 broken 70 0 " ]
	# Nothing is built again but what did not build.
	: >builds
	run -1 --separate-stderr memcgbench series 2..6 "${how[@]}"
	[ "$(tr '\n' ' ' <builds)" = "broken " ]
}

@test "as JSON, which its schema takes: every commit, and nothing else on standard output" {
	commit 0 1
	commit 70 2
	commit broken 3
	commit 0 4
	run -1 --separate-stderr memcgbench series 1..4 "${how[@]}" --format=json
	[ -z "$stderr" ]
	first=$output
	jq -e '[.commits[].verdict] == ["worse", "skipped", "better"] and .complete and .worse == 1 and .not_measured == 1 and
		.commits[0].row.change == 70 and .commits[0].row.arm == "child" and .commits[1].row == null and
		(.commits[1].why | test("does not compile"))' <<<"$output"
	[ "$(jq -r '.commits[2].against' <<<"$output")" = "$(git -C tree rev-parse 2)" ]
	run -1 --separate-stderr memcgbench series 1..4 "${how[@]}" --json
	[ "$output" = "$first" ]
	python3 -c 'import jsonschema' 2>/dev/null || skip "python3-jsonschema is not installed"
	python3 "$TOP/tests/schema.py" --schema="$TOP/docs/series.schema.json" <(echo "$output")
	jq '.commits[0].verdict = "WORSE"' <<<"$output" >bad
	run -1 python3 "$TOP/tests/schema.py" --schema="$TOP/docs/series.schema.json" bad
}

@test "exit statuses: nothing worse, inconclusive, not measured" {
	commit 0 1
	commit 30? 2
	run -0 --separate-stderr memcgbench series 1..2 "${how[@]}"
	[[ $(line 2) == *"  inconclusive  "* ]]
	run -3 memcgbench series 1..2 --strict "${how[@]}"
	commit broken 3
	run -5 memcgbench series 2..3 "${how[@]}"
}

@test "a merge is compared with its first parent" {
	commit 0 1
	git -C tree checkout -q -b side
	commit 40 2
	git -C tree checkout -q main
	git -C tree merge -q --no-ff -m "merged" side
	git -C tree tag 3
	run -1 --separate-stderr memcgbench series 1..3 "${how[@]}"
	[[ $(line 2) == *WORSE* && $(line 3) == *WORSE*"+40.0"*merged ]]
	[[ $(line 3) != *against* ]]
}

@test "what is no series is one sentence" {
	commit 0 1
	fails_with 2 'memcgbench series: BASE..TIP is wanted: the commits to measure; try: memcgbench series --help' memcgbench series "${how[@]}"
	fails_with 2 'memcgbench series: "1" is no series: BASE..TIP is wanted, such as v6.12..HEAD; try: memcgbench series --help' \
		memcgbench series 1 "${how[@]}"
	fails_with 2 'memcgbench series: there is no commit in 1..HEAD; try: memcgbench series --help' memcgbench series 1..HEAD "${how[@]}"
	run -2 memcgbench series nothing..HEAD "${how[@]}"
	[[ $output == *"nothing is no revision of the git tree tree"* ]]
}
