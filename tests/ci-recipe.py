#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Run docs/ci/github-actions.yml as GitHub's runner would, but on this machine: tests/ci-recipe.py WORK_FOLDER [NAME=VALUE...]

Every job gets a fresh clone of the commit that is checked out here; every step's script runs in it by `bash -e`, with the environment, outputs and
summary that the runner gives. Of the actions, checkout and both of artifacts are done here, the benchmark action is only asked whether its file
could be read. NAME=VALUE replaces a variable of the workflow (RUN, SHARDS). The apt-get of the recipe is run, so this wants root on Debian.
Exit status: 0 all steps ended well, else that of the first that did not.
"""
import glob
import json
import os
import re
import shutil
import subprocess
import sys

import yaml

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), ".."))


class Runner:
    def __init__(self, work, variables):
        self.work, self.artifacts = work, os.path.join(work, "artifacts")
        with open(os.path.join(TOP, "docs/ci/github-actions.yml"), encoding="utf-8") as f:
            self.recipe = yaml.safe_load(f)
        self.env = {name: str(value) for name, value in {**self.recipe["env"], **variables}.items()}
        self.outputs = {}
        os.makedirs(self.artifacts)

    def expand(self, text, job, matrix, index):
        """The few expressions that the recipe has; any other is an error."""
        def value(match):
            expression = match[1].strip()
            if expression == "strategy.job-index":
                return str(index)
            if expression.startswith("matrix."):
                return str(matrix[expression[len("matrix."):]])
            if expression.startswith("steps."):
                return self.outputs[job, expression.split(".")[1]][expression.split(".")[3]]
            raise SystemExit(f"ci-recipe: no expression {expression}")
        return re.sub(r"\$\{\{(.*?)\}\}", value, text)

    def matrix_of(self, job):
        text = job.get("strategy", {}).get("matrix")
        if not text:
            return [{}]
        _, other, _, name = re.fullmatch(r"\$\{\{ fromJSON\((needs)\.(\w+)\.(outputs)\.(\w+)\) \}\}", text).groups()
        matrix = json.loads(self.outputs[other][name])
        return matrix.get("include") or [{key: value} for key, values in matrix.items() for value in values]

    def act(self, step, folder, job, matrix, index):
        action, given = step["uses"].split("@")[0], {k: self.expand(str(v), job, matrix, index) if k != "github-token" else "" for k, v in step.get("with", {}).items()}
        if action == "actions/checkout":
            subprocess.run(["git", "clone", "-q", TOP, folder], check=True)
        elif action == "actions/upload-artifact":
            shutil.copytree(os.path.join(folder, given["path"]), os.path.join(self.artifacts, given["name"]))
        elif action == "actions/download-artifact":
            # Of several, each into a folder of its own name.
            assert "merge-multiple" not in given
            for part in sorted(glob.glob(os.path.join(self.artifacts, given["pattern"]))):
                shutil.copytree(part, os.path.join(folder, given["path"], os.path.basename(part)))
        elif action == "benchmark-action/github-action-benchmark":
            with open(os.path.join(folder, given["output-file-path"]), encoding="utf-8") as f:
                assert all({"name", "unit", "value"} <= set(row) for row in json.load(f))
        else:
            raise SystemExit(f"ci-recipe: no action {action}")

    def run(self, step, folder, job, matrix, index):
        output = os.path.join(self.work, "output")
        open(output, "w", encoding="utf-8").close()
        env = {**os.environ, **self.env, "GITHUB_OUTPUT": output, "GITHUB_STEP_SUMMARY": os.path.join(self.work, "summary.md"),
               **{k: self.expand(v, job, matrix, index) for k, v in step.get("env", {}).items()}}
        script = os.path.join(self.work, "step.sh")
        with open(script, "w", encoding="utf-8") as f:
            f.write(self.expand(step["run"], job, matrix, index))
        # The first steps of a job come before the clone.
        where = folder if os.path.isdir(folder) else self.work
        status = subprocess.run(["bash", "--noprofile", "--norc", "-e", script], cwd=where, env=env, check=False).returncode
        with open(output, encoding="utf-8") as f:
            self.outputs[job, step.get("id")] = dict(line.rstrip("\n").split("=", 1) for line in f)
        return status

    def job(self, name, job):
        for index, matrix in enumerate(self.matrix_of(job)):
            folder, status = os.path.join(self.work, f"{name}-{index}"), 0
            for step in job["steps"]:
                wanted = step.get("if", "success()")
                if status and "always()" not in wanted:
                    continue
                print(f"== {name} {index}: {step.get('uses') or step['run'].splitlines()[0]}", flush=True)
                if "uses" in step:
                    self.act(step, folder, name, matrix, index)
                else:
                    status = status or self.run(step, folder, name, matrix, index)
            if status:
                return status
        self.outputs[name] = {key: self.expand(value, name, {}, 0) for key, value in job.get("outputs", {}).items()}
        return 0

    def all(self):
        for name, job in self.recipe["jobs"].items():
            status = self.job(name, job)
            if status:
                print(f"== {name} ended with {status}", flush=True)
                return status
        return 0


if len(sys.argv) < 2:
    sys.exit("usage: tests/ci-recipe.py WORK_FOLDER [NAME=VALUE...]")
sys.exit(Runner(os.path.abspath(sys.argv[1]), dict(word.split("=", 1) for word in sys.argv[2:])).all())
