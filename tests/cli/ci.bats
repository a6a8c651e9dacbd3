#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The recipes of docs/ci: what is written in them for a shell is for a shell, names of verbs and options exist, and the schemas of their
# services take them where those are installed (lava-common, yamllint, actionlint). tests/ci-recipe.py runs one whole.
load verbs

setup()
{
	# Debian's modules belong to Debian's interpreter.
	python=python3
	! /usr/bin/python3 -c 'import yaml' 2>/dev/null || python=/usr/bin/python3
	$python -c 'import yaml' 2>/dev/null || skip "python3-yaml is not installed"
	cd "$BATS_TEST_TMPDIR"
}

# Every script of the recipes into a file of its own.
scripts()
{
	$python - "$TOP/docs/ci" <<-'PYTHON'
		import sys, yaml
		def read(name):
		    return yaml.safe_load(open(f"{sys.argv[1]}/{name}", encoding="utf-8"))
		def strings(value):
		    return [value] if isinstance(value, str) else [text for one in value for text in strings(one)]
		github, gitlab, lava = read("github-actions.yml"), read("gitlab-ci.yml"), read("lava-job.yaml")
		found = [step["run"] for job in github["jobs"].values() for step in job["steps"] if "run" in step]
		found += strings(gitlab["before_script"])
		found += [text for job in gitlab.values() if isinstance(job, dict) and "script" in job for text in strings(job["script"])]
		for action in lava["actions"]:
		    for definition in action.get("test", {}).get("definitions", []):
		        found += definition["repository"]["run"]["steps"]
		assert len(found) > 15
		for number, text in enumerate(found):
		    open(f"{number}.script", "w", encoding="utf-8").write(text + "\n")
	PYTHON
}

@test "ci: every step is a shell script" {
	scripts
	for script in *.script; do
		bash -n "$script"
	done
}

@test "ci: verbs and options of memcgbench in the steps exist" {
	scripts
	grep -hoE 'memcgbench (plan|run|merge|report|compare|series)( -[^ ]+| "[^"]*"| [^-][^ ]*)*' ./*.script "$TOP/docs/ci/series.sh" >calls
	[ "$(wc -l <calls)" -ge 8 ]
	while read -r _ verb words; do
		memcgbench "$verb" --help >help
		for word in $words; do
			[ "$word" != -- ] || break
			[[ $word == --*  ]] || continue
			grep -q -- "${word%%=*}" help || { echo "memcgbench $verb has no ${word%%=*}"; false; }
		done
	done <calls
	# The formats too.
	while read -r format; do
		memcgbench compare --format=help | grep -q "^$format "
	done < <(grep -ho 'compare --format=[a-z]*' ./*.script | sed 's/.*=//' | sort -u)
}

@test "ci: LAVA's own schema takes the job" {
	$python -c 'import lava_common.schemas' 2>/dev/null || skip "lava-common is not installed"
	$python - "$TOP/docs/ci/lava-job.yaml" <<-'PYTHON'
		import sys, yaml
		from lava_common.schemas import validate
		validate(yaml.safe_load(open(sys.argv[1], encoding="utf-8")), strict=True)
	PYTHON
}

@test "ci: yamllint and actionlint have nothing to say" {
	command -v yamllint >/dev/null || skip "yamllint is not installed"
	yamllint -s -d '{extends: default, rules: {line-length: disable, document-start: disable, braces: disable, truthy: {check-keys: false}}}' \
		"$TOP"/docs/ci/*.y*ml
	command -v actionlint >/dev/null || skip "actionlint is not installed"
	actionlint "$TOP/docs/ci/github-actions.yml"
}
