#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""tests/units.py FORMAT RUN...: does standard input, written in FORMAT from RUN, give each metric the unit that the run holds?

Prints how many rows of counts were seen, then what is wrong; fails where something is, or where no row of a count was there.
"""
import csv
import io
import json
import os
import re
import sys


def names_now():
    """What metrics of older runs are called today, by bench and old name: the table of harness/data/old_names.c."""
    with open(os.path.join(os.path.dirname(__file__), "../harness/data/old_names.c")) as source:
        return {(bench, old): now for bench, old, now in re.findall(r'\{"(\S+)", "(\S+)", "(\S+)"\}', source.read())}


def units_of(runs):
    """Units by bench and metric; the counts that every run has a value of; the clock."""
    units, counts, clock = {}, None, "ns"
    now = names_now()
    for run in runs:
        items, measured = {}, set()
        with open(run + "/samples.jsonl") as lines:
            for line in lines:
                record = json.loads(line)
                clock = record.get("clock", clock)
                if record["type"] == "item":
                    items[record["item"]] = record["bench"]
                    for metric in record["metrics"]:
                        name = record["bench"], metric["name"]
                        units[record["bench"], now.get(name, metric["name"])] = metric["unit"]
                elif record["type"] == "sample":
                    for name, value in record["metrics"].items():
                        if "count" in value:
                            bench = items[record["item"]]
                            measured.add((bench, now.get((bench, name), name)))
        counts = measured if counts is None else counts & measured
    return units, counts, clock


def slashed(text):
    """ "pages per page" is "pages/page". """
    return text.replace(" per ", "/", 1)


def rows_of_tables(text, benches):
    """Headings "BENCH...: UNIT", "BENCH... (UNIT)" or "BENCH..., UNIT", lines "in UNIT:", and rows that begin with a metric."""
    bench = unit = None
    for line in text.splitlines():
        word = re.match(r"\s*(\S*)", line).group(1).rstrip(":,")
        heading = re.search(r"(?:[:,] |\()([a-z]+(?:/| per )[a-z]+)\)?$", line)
        below = re.fullmatch(r"\s+in (.+):", line)
        if not line:
            bench = None
        elif word in benches and heading:
            bench, unit = word, slashed(heading.group(1))
        elif below:
            unit = slashed(below.group(1))
        elif bench and word != "metric" and re.match(r" {1,2}[a-z-]+ .*[0-9]", line):
            fit = re.match(r"\s+([a-z-]+), .*: [-+0-9.]+ (\S+) per ", line)
            if fit:
                yield bench, fit.group(1), fit.group(2)
            elif ":" not in line:
                yield bench, word, unit


def rows_of_overhead(text, benches):
    """Rows below heads "ns per op" with the op, or "counted per op" with the whole unit, in the second column."""
    bench = clock = None
    for line in text.splitlines():
        word = re.match(r"\s*(\S*)", line).group(1).rstrip(":,")
        head = re.match(r" +(?:median, )?(ns|counted) per op ", line)
        if word in benches and not line.startswith(" "):
            bench, clock = word, None
        elif re.search(r" over .*, \S+ per \S+$", line):
            return
        elif head:
            clock = head.group(1)
        elif bench and clock:
            row = re.match(r"  ([a-z-]+) +([a-z/]+) +[-0-9]", line)
            if row:
                yield bench, row.group(1), row.group(2) if clock == "counted" else clock + "/" + row.group(2)


def rows_of_html(text, benches):
    for row in re.findall(r"<tr[ >].*?</tr>", text, re.S):
        words = [re.sub(r"<[^>]*>", "", cell).strip() for cell in re.findall(r"<t[hd][ >].*?</t[hd]>", row, re.S)]
        bench = re.split(r"[ ,]", words[0])[0] if words else ""
        units = [word for word in words if re.fullmatch(r"[a-z]+/[a-z]+", word)]
        if bench in benches and units:
            yield bench, words[1], units[0]


def rows_of_json(tree, bench=None, metric=None):
    """Every "unit" beside or below a "metric"; shares have the unit "1"."""
    if isinstance(tree, list):
        for part in tree:
            yield from rows_of_json(part, bench, metric)
    elif isinstance(tree, dict):
        bench, metric = tree.get("bench", bench), tree.get("metric", metric)
        if metric and tree.get("unit", "1") != "1" and "histogram" not in tree:
            yield bench, metric, tree["unit"]
        for part in tree.values():
            yield from rows_of_json(part, bench, metric)


def rows_of_csv(text):
    for row in csv.DictReader(io.StringIO(text)):
        yield row["bench"].split()[0].rstrip(","), row["metric"], row["unit"]


def rows_of_md(text):
    for line in text.splitlines():
        cells = [cell.strip().replace("\\", "") for cell in line.split(" | ")]
        if len(cells) > 8 and not cells[0].startswith(("| bench", "|--")):
            yield cells[0].lstrip("| ").split()[0].rstrip(","), cells[1], cells[3]


def rows_of_dat(text, clock):
    for part, of_set in enumerate(text.split("\n\n\n")):
        for line in of_set.splitlines():
            names = re.findall(r'"([^"]*)"', line)
            if names and not line.startswith("#"):
                words = names[0].split(" per ")[0].split(" (")[0].split()
                yield words[0].rstrip(",:"), words[-1], names[-1].strip()
                if (part == 0) != names[-1].strip().startswith(clock + "/"):
                    yield words[0].rstrip(",:"), words[-1], "the wrong data set"


def main():
    form, runs, text = sys.argv[1], sys.argv[2:], sys.stdin.read()
    units, counts, clock = units_of(runs)
    benches = {bench for bench, _ in units}
    rows = {
        "text": lambda: rows_of_tables(text, benches),
        "overhead": lambda: list(rows_of_overhead(text, benches)) + list(rows_of_tables(text[text.find(" over "):], benches)),
        "html": lambda: rows_of_html(text, benches),
        "json": lambda: rows_of_json(json.loads(text)),
        "csv": lambda: rows_of_csv(text),
        "md": lambda: rows_of_md(text),
        "dat": lambda: rows_of_dat(text, clock),
    }[form]()
    wrong, seen = [], set()
    for bench, metric, unit in rows:
        if metric in ("-", ""):
            continue
        want = units.get((bench, metric))
        # The line that is fitted to a time says the clock alone: it is per level.
        if want is None or unit not in (want, clock if want.startswith(clock + "/") else want):
            wrong.append(f"{bench} {metric}: {unit} for {want}")
        seen.add((bench, metric))
    for nothing in re.findall(r"\(-? ?%\)|\(- %\)|-inf\b|\bnan\b", text):
        wrong.append(f'"{nothing}"')
    missing = sorted(counts - seen)
    print(len(seen & counts), "counts of", len(counts), "and", len(seen), "metrics of", len(units))
    print("\n".join(wrong + [f"no row of {bench} {metric}" for bench, metric in missing]))
    return 1 if wrong or missing else 0


sys.exit(main())
