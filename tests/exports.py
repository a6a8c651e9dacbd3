#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""tests/exports.py FORMAT FILE: is FILE what the consumers of FORMAT read?

Where a consumer's own parser is installed it is asked (kcidb_io for kcidb; lava_dispatcher for lava; tools/testing/kunit of the kernel
source in $KERNEL_SOURCE or /usr/src for ktap); each format is also held against what its consumer documents. Prints which of them looked.
"""
import glob
import json
import os
import re
import sys

import jsonschema

NUMBER = r"[-+]?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?"


def fail(text):
    sys.exit(text)


def unique(names, what):
    names = list(names)
    if len(set(names)) != len(names):
        fail(f"{what}: a name comes twice")
    if not names:
        fail(f"{what}: nothing in it")


def load(text):
    """JSON in which no key comes twice in one object: parsers differ in which one they take."""
    def pairs(items):
        unique((key for key, _ in items), "object")
        return dict(items)
    return json.loads(text, object_pairs_hook=pairs, parse_constant=lambda c: fail(f"{c} is not JSON"))


def schema(data, json_schema):
    jsonschema.Draft202012Validator(json_schema).validate(data)


def check_bmf(text):
    """bencher.dev, reference, Bencher Metric Format: benchmark, measure, value and bounds."""
    data = load(text)
    number = {"type": "number"}
    schema(data, {"type": "object", "additionalProperties": {
        "type": "object", "minProperties": 1, "propertyNames": {"maxLength": 64, "pattern": "^[a-z0-9-]+$"},
        "additionalProperties": {
            "type": "object", "required": ["value"], "additionalProperties": False,
            "properties": {"value": number, "lower_value": number, "upper_value": number}}},
        "propertyNames": {"maxLength": 1024}})
    unique(data, "bmf")
    return "the documented schema"


def check_gha(text):
    """github-action-benchmark, src/extract.ts: what BenchmarkResult demands, and what it takes besides."""
    data = load(text)
    schema(data, {"type": "array", "minItems": 1, "items": {
        "type": "object", "required": ["name", "unit", "value"], "additionalProperties": False,
        "properties": {"name": {"type": "string"}, "unit": {"type": "string"}, "value": {"type": "number"},
                       "range": {"type": "string"}, "extra": {"type": "string"}}}})
    unique((entry["name"] for entry in data), "gha")
    return "the fields that the action demands"


def check_gbench(text):
    """What tools/compare.py reads of each entry, and that both sides are there under one name."""
    data = load(text)
    text_type, number = {"type": "string"}, {"type": "number"}
    schema(data, {"type": "object", "required": ["context", "benchmarks"], "properties": {"benchmarks": {
        "type": "array", "minItems": 2, "items": {
            "type": "object",
            "required": ["name", "run_name", "run_type", "real_time", "cpu_time", "time_unit", "iterations", "repetitions",
                         "repetition_index", "threads", "family_index", "per_family_instance_index"],
            "properties": {"name": text_type, "real_time": number, "cpu_time": number, "time_unit": {"const": "ns"},
                           "run_type": {"const": "iteration"}}}}}})
    sides = {side: {entry["name"].split("/", 1)[1] for entry in data["benchmarks"] if entry["name"].startswith(side + "/")}
             for side in ("base", "candidate")}
    if sides["base"] != sides["candidate"]:
        fail("gbench: the two sides have different benchmarks")
    return "the fields that compare.py reads"


def check_kcidb(text):
    """Schema 5.0 as far as it is used, and that every reference leads to something."""
    data = load(text)
    ident, word = {"type": "string", "pattern": "^[a-z0-9_]+:[^\\x00]*$"}, {"type": "string"}
    common = {"id": ident, "origin": {"type": "string", "pattern": "^[a-z0-9_]+$"}, "comment": word, "misc": {"type": "object"}}

    def objects(required, more):
        return {"type": "array", "minItems": 1, "items": {
            "type": "object", "required": ["id", "origin"] + required, "additionalProperties": False,
            "properties": {**common, **more}}}
    schema(data, {"type": "object", "required": ["version"], "additionalProperties": False, "properties": {
        "version": {"const": {"major": 5, "minor": 0}},
        "checkouts": objects([], {}),
        "builds": objects(["checkout_id"], {"checkout_id": ident, "architecture": word}),
        "tests": objects(["build_id"], {
            "build_id": ident, "start_time": word,
            "path": {"type": "string", "pattern": "^[a-zA-Z0-9_-]+(\\.[a-zA-Z0-9_-]+)*$"},
            "status": {"enum": ["FAIL", "ERROR", "MISS", "PASS", "DONE", "SKIP"]},
            "number": {"type": "object", "required": ["value"], "additionalProperties": False,
                       "properties": {"value": {"type": "number"}, "unit": word}}})}})
    unique((test["id"] for test in data["tests"]), "kcidb")
    if {build["checkout_id"] for build in data["builds"]} - {entry["id"] for entry in data["checkouts"]} or \
       {test["build_id"] for test in data["tests"]} - {build["id"] for build in data["builds"]}:
        fail("kcidb: an id leads nowhere")
    try:
        from kcidb_io.schema.v05_00 import Version
    except ImportError:
        return "the documented schema (kcidb_io is not installed)"
    Version.validate(data)
    return "kcidb_io"


def check_lava(text):
    """How lava_dispatcher finds, cuts and splits a signal (2023.01, actions/test/shell.py)."""
    names = []
    for line in text.splitlines():
        match = re.fullmatch(r"<LAVA_SIGNAL_TESTCASE ([^>]+)>", line)
        if not match:
            fail(f"lava: {line}")
        fields = [part.split("=") for part in match.group(1).split()]
        if any(len(field) != 2 for field in fields):
            fail(f"lava: {line}")
        fields = dict(fields)
        if fields["RESULT"] not in ("pass", "fail", "skip", "unknown"):
            fail(f"lava: {line}")
        if "MEASUREMENT" in fields and not re.fullmatch(NUMBER, fields["MEASUREMENT"]):
            fail(f"lava: {line}")
        names.append(fields["TEST_CASE_ID"])
    unique(names, "lava")
    try:
        from lava_dispatcher.actions.test.shell import handle_testcase
        from lava_dispatcher.connection import SignalMatch
    except ImportError:
        return "the dispatcher's rules (lava_dispatcher is not installed)"
    for line, name in zip(text.splitlines(), names):
        found = SignalMatch().match(handle_testcase(re.fullmatch(r"<LAVA_SIGNAL_(\S+) ([^>]+)>", line).group(2).split()))
        if found["test_case_id"] != name or not re.search(f" RESULT={found['result']}[ >]", line):
            fail(f"lava: lava_dispatcher makes {found} of {line}")
    return "lava_dispatcher"


def check_ktap(text):
    """Plans, numbers and nesting as Documentation/dev-tools/ktap.rst has them."""
    wanted, seen, failed = [], [], []
    if not text.startswith("KTAP version 1\n"):
        fail("ktap: no version line")
    for line in text.splitlines():
        depth = (len(line) - len(line.lstrip(" "))) // 4
        word = line.strip()
        plan, result = re.fullmatch(r"1\.\.([0-9]+)", word), re.fullmatch(r"(not ok|ok) ([0-9]+) (\S+)( # .*)?", word)
        if plan:
            del wanted[depth:], seen[depth:], failed[depth:]
            wanted.append(int(plan.group(1)))
            seen.append(0)
            failed.append(False)
        elif result:
            if depth == 0 and len(wanted) > 1 and (seen[1] != wanted[1] or failed[1] != (result.group(1) == "not ok")):
                fail(f"ktap: {word}: not what its subtests are")
            seen[depth] += 1
            failed[depth] |= result.group(1) == "not ok"
            if int(result.group(2)) != seen[depth]:
                fail(f"ktap: {word}: out of order")
        elif word != "KTAP version 1" and not word.startswith("# "):
            fail(f"ktap: {word}")
    if seen[0] != wanted[0] or not seen[0]:
        fail("ktap: not as many tests as planned")
    sources = [os.environ.get("KERNEL_SOURCE", "/nonexistent")] + sorted(glob.glob("/usr/src/linux-source-*"))
    parser = next((path for path in (os.path.join(source, "tools/testing/kunit") for source in sources) if os.path.isdir(path)), None)
    if not parser:
        return "the documented grammar (no kernel source in KERNEL_SOURCE, nor unpacked in /usr/src)"
    sys.path.insert(0, parser)
    # It prints what it reads, to what is standard output when it is imported.
    stdout, sys.stdout = sys.stdout, open(os.devnull, "w", encoding="utf-8")
    import kunit_parser
    test = kunit_parser.parse_run_tests(text.splitlines())
    sys.stdout = stdout
    if test.counts.errors or test.counts.crashed:
        fail(f"ktap: kunit_parser: {test.counts}")
    return f"kunit_parser: {test.counts}"


def check_benchfmt(text):
    """go.dev/design/14313-benchmark-format, and the unit lines of golang.org/x/perf/benchfmt."""
    kernels, units, values = [], {}, 0
    for line in text.splitlines():
        if not line:
            continue
        if re.fullmatch(r"[a-z][^\sA-Z:]*: \S.*", line):
            if line.startswith("kernel: "):
                kernels.append(line)
            continue
        fields = line.split(" ")
        if fields[0] == "Unit":
            units[fields[1]] = dict(field.split("=") for field in fields[2:])
            continue
        if not re.fullmatch(r"Benchmark[A-Z]\S* 1 " + NUMBER + r" \S+", line) or re.search(r"-[0-9]+$", fields[0]):
            fail(f"benchfmt: {line}")
        if fields[3] not in units:
            fail(f"benchfmt: nothing was said of {fields[3]}")
        values += 1
    if len(set(kernels)) != 2 or not values:
        fail("benchfmt: not two kernels with values")
    return "the documented grammar"


def main():
    name, path = sys.argv[1:]
    with open(path, encoding="utf-8") as file:
        text = file.read()
    print(f"{name}: read by {globals()['check_' + name](text)}")


main()
