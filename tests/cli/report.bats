#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# report: the page is whole, needs nothing but itself, holds what was measured, and takes nothing of a run's texts for its own.

load verbs.bash

setup_file()
{
	export runs=$BATS_FILE_TMPDIR/runs
	mkdir -p "$runs"
	cp -r "$BATS_TEST_DIRNAME/../data/compare/two-kernels" "$BATS_TEST_DIRNAME/../data/runs/small" "$BATS_TEST_DIRNAME/../data/runs/interrupted" \
		"$runs/"
}

# check_page FILE [WORD...]: balanced tags, ids once, no address of another machine in any attribute, and each WORD in its text.
check_page()
{
	python3 - "$@" <<-'PYTHON'
		import re, sys
		from html.parser import HTMLParser

		class Page(HTMLParser):
		    void = {"meta", "link", "br", "img", "input", "hr"}
		    def __init__(self):
		        super().__init__()
		        self.open, self.ids, self.targets, self.text, self.scripts = [], set(), set(), [], 0
		    def handle_starttag(self, tag, attributes):
		        names = [name for name, _ in attributes]
		        assert len(names) == len(set(names)), (tag, names)
		        self.scripts += tag == "script"
		        for name, value in attributes:
		            assert not name.startswith("on"), (tag, name)
		            if name in ("src", "href", "action", "srcset", "data"):
		                assert re.match(r"data:|#|\.{1,2}(/|$)", value), (tag, name, value[:80])
		            if name == "href" and value.startswith("#"):
		                self.targets.add(value[1:])
		            if name == "id":
		                assert value not in self.ids, value
		                self.ids.add(value)
		        if tag not in self.void:
		            self.open.append(tag)
		    def handle_startendtag(self, tag, attributes):
		        assert {"svg"} & set(self.open), tag
		    def handle_endtag(self, tag):
		        assert self.open and self.open.pop() == tag, (tag, self.getpos())
		    def handle_data(self, data):
		        if self.open and self.open[-1] not in ("style", "script"):
		            self.text.append(data)

		source = open(sys.argv[1], encoding="utf-8").read()
		page = Page()
		page.feed(source)
		page.close()
		text = " ".join("".join(page.text).split())
		assert not page.open, page.open
		assert page.targets <= page.ids, page.targets - page.ids
		assert page.scripts == 1
		assert not re.search(r"@import|url\(", source)
		for word in sys.argv[2:]:
		    assert word in text, word
	PYTHON
}

@test "two kernels: verdicts in words first, then every row, the machine and the raw data" {
	run -0 memcgbench report -o "$BATS_TEST_TMPDIR/page" "$runs/two-kernels"
	[ "$output" = "$BATS_TEST_TMPDIR/page/index.html" ]
	check_page "$BATS_TEST_TMPDIR/page/index.html" "new (6.12.117+deb13-cloud-amd64) against old" "memcg became dearer in 3 of 8 numbers" \
		"fault_storm" dontneed munmap exit "+28.1" tcg-icount samples.jsonl "QEMU 7.2.22" "the interval lies wholly beyond"
}

@test "the raw data is where the links say" {
	memcgbench report -o "$runs/deep/er" "$runs/two-kernels"
	grep -o 'href="\.[^"]*"' "$runs/deep/er/index.html" | sed 's/^href="//; s/"$//' | sort -u >"$BATS_TEST_TMPDIR/links"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/links")" -ge 2 ]
	while read -r link; do
		[ -e "$runs/deep/er/$link" ] || { echo "nothing at $link"; false; }
	done <"$BATS_TEST_TMPDIR/links"
}

@test "a run of this machine: a row per bench, the latencies, and its pictures where gnuplot is" {
	memcgbench report -o "$BATS_TEST_TMPDIR/page" "$runs/small"
	check_page "$BATS_TEST_TMPDIR/page/index.html" "What memcg costs on" "Against root" null "Machine and method"
	if command -v gnuplot >/dev/null; then
		grep -q 'img alt="[^"]*" src="data:image/svg+xml;base64,' "$BATS_TEST_TMPDIR/page/index.html"
	fi
	cp -r "$runs/small" "$BATS_TEST_TMPDIR/bare"
	rm -rf "$BATS_TEST_TMPDIR/bare/plots"
	memcgbench report --no-plots -o "$BATS_TEST_TMPDIR/page" "$BATS_TEST_TMPDIR/bare"
	run ! grep -q '<img' "$BATS_TEST_TMPDIR/page/index.html"
	[ ! -e "$BATS_TEST_TMPDIR/bare/plots" ]
}

@test "--all has every run and survives one that is broken; no operand is the latest" {
	cp -r "$runs" "$BATS_TEST_TMPDIR/all"
	rm -rf "$BATS_TEST_TMPDIR/all/deep"
	mkdir "$BATS_TEST_TMPDIR/all/broken"
	echo '{"schema": "memcgbench-run", "schema_version": 1, "started": "2026-01-01T00:00:00Z"}' >"$BATS_TEST_TMPDIR/all/broken/run.json"
	mkdir "$BATS_TEST_TMPDIR/all/plots"
	echo '<svg xmlns="http://www.w3.org/2000/svg"/>' >"$BATS_TEST_TMPDIR/all/plots/heatmap.svg"
	memcgbench report --all --results="$BATS_TEST_TMPDIR/all" -o "$BATS_TEST_TMPDIR/page"
	check_page "$BATS_TEST_TMPDIR/page/index.html" "not complete" broken "History All costs over the kernels"
	# What shows all at a glance is open, the rest one click away.
	cp "$BATS_TEST_TMPDIR/all/plots/heatmap.svg" "$BATS_TEST_TMPDIR/all/plots/trend-x.svg"
	memcgbench report --all --results="$BATS_TEST_TMPDIR/all" -o "$BATS_TEST_TMPDIR/page"
	check_page "$BATS_TEST_TMPDIR/page/index.html" "Number by number: 1 picture How a cost changed"
	grep -q '<a href="#history">' "$BATS_TEST_TMPDIR/page/index.html"
	[ "$(grep -c '<section id="run-' "$BATS_TEST_TMPDIR/page/index.html")" -eq 3 ]
	run -0 memcgbench report --results="$BATS_TEST_TMPDIR/all"
	[ "$output" = "$BATS_TEST_TMPDIR/all/report/index.html" ]
	check_page "$output" "new against old"
	[ "$(grep -c '<section id="run-' "$output")" -eq 1 ]
}

@test "what a run is called is text, not markup" {
	cp -r "$runs/two-kernels" "$BATS_TEST_TMPDIR/evil \"'><b>"
	sed -i 's/"run": "[^"]*"/"run": "<script>alert(1)<\/script>\x01"/; s/"release": "6.12[^"]*"/"release": "\\"><img src=x onerror=alert(2)>"/' \
		"$BATS_TEST_TMPDIR/evil \"'><b>/run.json"
	sed -i 's/\x01/\\u0001/' "$BATS_TEST_TMPDIR/evil \"'><b>/run.json"
	memcgbench report -o "$BATS_TEST_TMPDIR/page" "$BATS_TEST_TMPDIR/evil \"'><b>"
	check_page "$BATS_TEST_TMPDIR/page/index.html" "<script>alert(1)</script>" "><img src=x onerror=alert(2)>"
}

@test "an explanation in the run's folder is shown, in a frame without rights" {
	cp -r "$runs/two-kernels" "$BATS_TEST_TMPDIR/run"
	echo '<svg xmlns="http://www.w3.org/2000/svg" width="30" height="10"><script>alert(1)</script></svg>' >"$BATS_TEST_TMPDIR/run/explain.svg"
	memcgbench report -o "$BATS_TEST_TMPDIR/page" "$BATS_TEST_TMPDIR/run"
	check_page "$BATS_TEST_TMPDIR/page/index.html"
	grep -q '<iframe sandbox="" title="[^"]*" style="aspect-ratio: 30 / 10; height: auto" src="data:image/svg+xml;base64,' "$BATS_TEST_TMPDIR/page/index.html"
}

@test "no run, or no folder of runs, is one sentence" {
	fails_with 5 "memcgbench report: there is no run in $BATS_TEST_TMPDIR" memcgbench report --results="$BATS_TEST_TMPDIR"
	run -5 memcgbench report "$BATS_TEST_TMPDIR/none"
	run -2 memcgbench report --all "$runs/small"
	[ ! -e results/report ]
}

# browse FLAG...: what Chromium makes of the page in $page; its console into $console.
browse()
{
	timeout 90 chromium --headless --no-sandbox --disable-gpu --user-data-dir="$BATS_TEST_TMPDIR/profile" --enable-logging=stderr --v=0 \
		"$@" "file://$page" 2>"$console"
}

@test "in Chromium: nothing is complained of, the page is no wider than a phone, tables sort and filter" {
	command -v chromium >/dev/null || skip "chromium is not installed"
	page=$BATS_TEST_TMPDIR/page/index.html console=$BATS_TEST_TMPDIR/console
	memcgbench report -o "$BATS_TEST_TMPDIR/page" "$runs/two-kernels" "$runs/small"
	browse --window-size=390,800 --screenshot="$BATS_TEST_TMPDIR/phone.png"
	run ! grep CONSOLE "$console"
	# The page itself tells what became of a click and of a word in the filter.
	python3 - "$page" <<-'PYTHON'
		import sys
		text = open(sys.argv[1], encoding="utf-8").read()
		probe = """<script>
		const table = document.querySelector("#compare-1 table"), rows = () => [...table.tBodies[0].rows].filter((row) => !row.hidden);
		const changes = () => rows().map((row) => Number(row.cells[4].dataset.value));
		const rising = (list) => list.every((x, i) => !i || list[i - 1] <= x);
		const button = table.tHead.rows[0].cells[4].querySelector("button");
		button.click();
		const up = rising(changes());
		button.click();
		const down = rising(changes().reverse());
		const filter = document.querySelector("#compare-1 input");
		filter.value = "dontneed child";
		filter.dispatchEvent(new Event("input"));
		document.body.dataset.probe = [up, down, rows().length, document.documentElement.scrollWidth <= window.innerWidth].join(" ");
		</script></body>"""
		open(sys.argv[1], "w", encoding="utf-8").write(text.replace("</body>", probe))
	PYTHON
	browse --window-size=390,800 --dump-dom >"$BATS_TEST_TMPDIR/dom"
	grep -o 'data-probe="[^"]*"' "$BATS_TEST_TMPDIR/dom"
	grep -q 'data-probe="true true 1 true"' "$BATS_TEST_TMPDIR/dom"
	run ! grep CONSOLE "$console"
}
