#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Validate runs against docs/run.schema.json and docs/samples.schema.json: tests/schema.py RUN_DIRECTORY...
or files against one schema: tests/schema.py --schema=SCHEMA FILE...

Exit status 0: all valid; 1: one line for each thing that is not, with its file and line; 77: python3-jsonschema is not
installed. The last line of a run that is not complete may be cut.
"""
import json
import os
import sys

try:
    import jsonschema
except ImportError:
    sys.exit(77)

DOCS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "docs")


def validator(name):
    with open(os.path.join(DOCS, name), encoding="utf-8") as f:
        schema = json.load(f)
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def no_number(text):
    raise ValueError(text + " is not JSON")


def complaints(check, text, where):
    try:
        value = json.loads(text, parse_constant=no_number)
    except ValueError as error:
        yield f"{where}: {error}"
        return
    for error in check.iter_errors(value):
        for leaf in [error, *error.context]:
            yield f"{where}: {leaf.json_path}: {leaf.message[:200]}"


def check_run(directory):
    path = os.path.join(directory, "run.json")
    with open(path, encoding="utf-8") as f:
        text = f.read()
    yield from complaints(RUN, text, path)
    path = os.path.join(directory, "samples.jsonl")
    with open(path, encoding="utf-8") as f:
        lines = f.read().split("\n")
    if lines.pop() and '"status": "complete"' in text:
        yield f"{path}: the last line is cut, and run.json says complete"
    for number, line in enumerate(lines, 1):
        yield from complaints(SAMPLES, line, f"{path}:{number}")


def check_file(check, path):
    with open(path, encoding="utf-8") as f:
        yield from complaints(check, f.read(), path)


RUN, SAMPLES = validator("run.schema.json"), validator("samples.schema.json")
if sys.argv[1:] and sys.argv[1].startswith("--schema="):
    ONE = validator(os.path.abspath(sys.argv[1].split("=", 1)[1]))
    bad = [text for path in sys.argv[2:] for text in check_file(ONE, path)]
else:
    bad = [text for directory in sys.argv[1:] for text in check_run(directory)]
for text in bad:
    print(text)
sys.exit(1 if bad else 0)
