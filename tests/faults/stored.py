# SPDX-License-Identifier: GPL-2.0-or-later
"""stored.py - what a run has stored: is it what it says it is? Reads the files of docs/RESULTS-FORMAT.md."""
import glob
import json
import os
import re


def folders(results):
    """The runs below the folder @results, whatever is in them."""
    return sorted(path for path in glob.glob(os.path.join(results, "[0-9]*")) if os.path.isdir(path))


def read_samples(results):
    """The bytes of samples.jsonl of the one run there is, as far as it has come."""
    for folder in folders(results) if results else []:
        try:
            with open(os.path.join(folder, "samples.jsonl"), "rb") as file:
                return file.read()
        except OSError:
            pass
    return b""


def run_of(folder):
    """run.json; None: there is none."""
    try:
        with open(os.path.join(folder, "run.json"), encoding="utf-8") as file:
            return json.load(file)
    except FileNotFoundError:
        return None


def status(folder):
    run = run_of(folder)
    return run["status"] if run else None


def is_live(folder):
    return all(boot["executor"] == "live" for boot in run_of(folder).get("boots", []))


def records(folder):
    """The records, and whether the last line is cut off."""
    with open(os.path.join(folder, "samples.jsonl"), "rb") as file:
        lines = file.read().split(b"\n")
    return [json.loads(line) for line in lines[:-1]], lines[-1] != b""


def reps_without_hole(found):
    """Reps of an item are counted from 0: one that is missing was lost."""
    seen = {}
    for record in found:
        if record["type"] == "sample":
            key = record["boot"], record["item"]
            if record["rep"] != seen.get(key, 0):
                return [f"rep {seen.get(key, 0)} of item {key[1]} is lost: behind it comes rep {record['rep']}"]
            seen[key] = record["rep"] + 1
    return []


def blocks_of(run, found):
    """By boot and item: how many blocks have both reps of every arm."""
    reps = {}
    for record in found:
        if record["type"] == "sample" and not record["warmup"]:
            blocks = reps.setdefault((record["boot"], record["item"]), {})
            blocks[record["block"]] = blocks.get(record["block"], 0) + 1
    arms = [len(item["arms"]) for item in run["plan"]["items"]]
    return {key: sum(nr == 2 * arms[key[1]] for nr in blocks.values()) for key, blocks in reps.items()}


def whole_blocks(folder):
    """Of each item that has any, in a list."""
    found, _ = records(folder)
    return [nr for _, nr in sorted(blocks_of(run_of(folder), found).items()) if nr]


def blocks_of_table(text):
    """The same as `overhead --json` has it."""
    return [max(row["blocks"] for row in item["rows"]) for item in json.loads(text)["items"] if item["rows"]]


def lacks_of_complete(run, found):
    """What a run lacks that calls itself complete. Of a live run: a guest's is not known without its kernel."""
    lacks = [f"an error record: {record.get('text')}" for record in found if record["type"] == "error"]
    ends = [record for record in found if record["type"] == "end"]
    boots = run.get("boots", [])
    if not boots or len(ends) != len(boots) or any(end["status"] != "complete" for end in ends):
        lacks.append(f"{len(boots)} boots, and the end records {ends}")
    if any(boot["executor"] == "live" for boot in boots):
        have = blocks_of(run, found)
        for i, item in enumerate(run["plan"]["items"]):
            if have.get((0, i), 0) != run["plan"]["blocks"]:
                lacks.append(f"{have.get((0, i), 0)} of {run['plan']['blocks']} blocks of {item['bench']}")
    return ["called complete, with " + lack for lack in lacks]


def check(folder, before, may_be_torn, was_killed):
    """
    Sentences about what is wrong in @folder. @before: what was in samples.jsonl before the fault. @may_be_torn: the last line may be cut off,
    since the disk was full. @was_killed: the one that writes them got SIGKILL, and may have been between linkat() and renameat() (base/beneath.c).
    """
    try:
        run = run_of(folder)
        if run is None:
            names = set(os.listdir(folder)) - {"samples.jsonl"}
            return [f"no run.json, and yet {sorted(names)}"] if names else []
        found, torn = records(folder)
    except (OSError, ValueError) as error:
        return [f"does not read: {error}"]
    problems = reps_without_hole(found)
    with open(os.path.join(folder, "samples.jsonl"), "rb") as file:
        if file.read(len(before)) != before:
            problems.append("what was stored before the fault is no longer there")
    if torn and not may_be_torn:
        problems.append("the last record is cut off")
    if run["status"] == "complete":
        problems += lacks_of_complete(run, found)
        if torn:
            problems.append("called complete, and the last record is cut off")
    elif run["status"] not in ("running", "interrupted", "failed"):
        problems.append(f"status {run['status']}")
    for pattern in (".*", "*tmp*"):
        found = glob.glob(os.path.join(folder, "**", pattern), recursive=True)
        problems += [f"a temporary file: {path}" for path in found if not (was_killed and re.search(r"/\.[^/]+\.\d+\.tmp$", path))]
    return problems
