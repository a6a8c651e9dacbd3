#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# report: the page is whole, needs nothing but itself, holds what was measured, and takes nothing of a run's texts for its own.
# shellcheck disable=SC2030,SC2031,SC2154 # each test has a page of its own; what bats sets

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
	check_page "$BATS_TEST_TMPDIR/page/index.html" "new (6.12.117+deb13-cloud-amd64) against old" "memcg became dearer in 4 of 8 numbers" \
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
	mkdir "$BATS_TEST_TMPDIR/all/cut"
	head -c 50 "$runs/small/run.json" >"$BATS_TEST_TMPDIR/all/cut/run.json"
	run -5 --separate-stderr memcgbench report --all --results="$BATS_TEST_TMPDIR/all" -o "$BATS_TEST_TMPDIR/page"
	[ "$output" = "$BATS_TEST_TMPDIR/page/index.html" ]
	[ "$(wc -l <<<"$stderr")" -eq 2 ]
	grep -q "^memcgbench report: left out: .*all/broken/" <<<"$stderr"
	grep -q "^memcgbench report: left out: .*all/cut/" <<<"$stderr"
	check_page "$BATS_TEST_TMPDIR/page/index.html" "not complete" broken "History All costs over the kernels"
	# What shows all at a glance is open, the rest one click away.
	cp "$BATS_TEST_TMPDIR/all/plots/heatmap.svg" "$BATS_TEST_TMPDIR/all/plots/trend-x.svg"
	rm -r "$BATS_TEST_TMPDIR"/all/cut "$BATS_TEST_TMPDIR"/all/broken
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

# look NAME: a Python script with a Browser `browser`, the page `page`, and `check(what, condition)`.
look()
{
	command -v chromium >/dev/null || skip "chromium is not installed"
	PYTHONPATH=$BATS_TEST_DIRNAME/.. PYTHONDONTWRITEBYTECODE=1 python3 -c '
import sys
from browser import Browser
page, folder = sys.argv[1:]
def check(what, condition):
    assert condition, what
with Browser(folder) as browser:
    exec(sys.stdin.read())
    check(browser.console, not browser.console)
' "$page" "$BATS_TEST_TMPDIR"
}

# A page with comparisons, a history with folded pictures, and a run of this machine.
make_page()
{
	local svg='<svg xmlns="http://www.w3.org/2000/svg" width="900" height="300"><text x="9" y="40">history</text></svg>' name
	rm -rf "$runs/deep"
	mkdir -p "$runs/plots"
	for name in heatmap trend-x ladder-x; do
		echo "$svg" >"$runs/plots/$name.svg"
	done
	memcgbench report --all --results="$runs" -o "$BATS_TEST_TMPDIR/page" 2>/dev/null
	page=$BATS_TEST_TMPDIR/page/index.html
}

@test "by keyboard alone: all is reached in order, seen where it is, sorts, filters and unfolds" {
	make_page
	look <<-'PYTHON'
		browser.open(page)
		seen = []
		script = """(() => { const e = document.activeElement, r = e.getBoundingClientRect();
		    return [e.tagName, e.textContent.trim(), e === document.body || (getComputedStyle(e).outlineStyle === "solid" &&
		    parseFloat(getComputedStyle(e).outlineWidth) >= 2 && r.bottom > 0 && r.top < innerHeight && r.right > 0 && r.left < innerWidth)]; })()"""
		wanted = browser.run("""[...document.querySelectorAll("a[href], button, input, select, summary, .box")]
		    .filter((e) => e.checkVisibility() && (e.tagName !== "DIV" || e.tabIndex === 0)).map((e) => [e.tagName, e.textContent.trim()])""")
		for _ in wanted:
		    browser.key("Tab")
		    tag, text, is_seen = browser.run(script)
		    check((tag, text[:40], "is not seen"), is_seen)
		    seen.append([tag, text])
		check(next((pair for pair in zip(seen, wanted) if pair[0] != pair[1]), None), seen == wanted)
		check(seen[0], seen[0] == ["A", "To the summary"])
		check("folded pictures", ["SUMMARY"] == sorted({tag for tag, _ in seen if tag == "SUMMARY"}))
		# The heading of "change" in the first comparison, by both keys.
		browser.run('document.querySelector("#compare-1 thead th:nth-child(5) button").focus()')
		sorted_by = 'document.querySelector("#compare-1 thead th:nth-child(5)").getAttribute("aria-sort")'
		values = '[...document.querySelectorAll("#compare-1 tbody tr")].map((row) => Number(row.cells[4].dataset.value))'
		for key, direction in (("Enter", "ascending"), (" ", "descending"), ("Enter", "ascending")):
		    browser.key(key)
		    check((key, browser.run(sorted_by)), browser.run(sorted_by) == direction)
		    numbers = browser.run(values)
		    check((key, numbers), numbers == sorted(numbers, reverse=direction == "descending") and len(set(numbers)) > 3)
		check("others say nothing", browser.run('document.querySelectorAll("#compare-1 [aria-sort]").length') == 1)
		browser.run('document.querySelector("#compare-1 .filter input").focus()')
		browser.write("dontneed child")
		shown = '[...document.querySelectorAll("#compare-1 tbody tr")].filter((row) => !row.hidden).length'
		check(browser.run(shown), browser.run(shown) == 1)
		check("said", browser.run('document.querySelector("#compare-1 [role=status]").textContent') == "1 of 8 rows")
		browser.run('document.querySelector("details > summary").focus()')
		browser.key("Enter")
		check("unfolded", browser.run('document.querySelector("details").open'))
	PYTHON
}

@test "on a phone: no wider than it in light and dark, and what has the focus is not under the column that stays" {
	make_page
	look <<-'PYTHON'
		wide = """[...document.querySelectorAll("body *")].filter((e) => !e.closest(".box, .skip, svg") && e.getBoundingClientRect().right > innerWidth + 1)
		    .map((e) => e.tagName + " " + e.textContent.slice(0, 40))"""
		for dark in (False, True):
		    browser.media(dark=dark)
		    browser.open(page, width=390, height=800)
		    browser.run('for (const details of document.querySelectorAll("details")) details.open = true')
		    check(browser.run("document.documentElement.scrollWidth"), browser.run("document.documentElement.scrollWidth") == 390)
		    check(browser.run(wide), not browser.run(wide))
		check("a table scrolls in its box", browser.run('((box) => box.scrollWidth > box.clientWidth + 100)(document.querySelector("#compare-1 .box"))'))
		# From the last heading back to the first but one.
		browser.run('[...document.querySelectorAll("#compare-1 thead button")].at(-1).focus()')
		count = browser.run('document.querySelectorAll("#compare-1 thead button").length')
		for _ in range(count - 2):
		    browser.key("Tab", shift=True)
		    hidden = browser.run("""(() => { const r = document.activeElement.getBoundingClientRect();
		        return document.elementFromPoint(r.left + 2, r.top + r.height / 2)?.closest("th") === document.activeElement.closest("th") ? ""
		            : document.activeElement.textContent; })()""")
		    check(hidden, not hidden)
	PYTHON
}

@test "in light, in dark and on paper: every text stands out, pictures follow, paper is white and has all columns" {
	make_page
	look <<-'PYTHON'
		contrast = """(() => {
		    const parts = (text) => text.match(/[\\d.]+/g).map(Number);
		    const light = (c) => { const [r, g, b] = c.map((x) => (x /= 255) <= .04045 ? x / 12.92 : ((x + .055) / 1.055) ** 2.4);
		        return .2126 * r + .7152 * g + .0722 * b; };
		    const ground = (e) => { for (; e; e = e.parentElement) { const c = parts(getComputedStyle(e).backgroundColor);
		        if (c.length < 4 || c[3] > 0) return c; } return [255, 255, 255]; };
		    return [...document.querySelectorAll("body *")].filter((e) => e.checkVisibility() && [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim())
		        && !["SCRIPT", "STYLE", "OPTION"].includes(e.tagName)).map((e) => {
		        const [a, b] = [light(parts(getComputedStyle(e).color)), light(ground(e))].sort((x, y) => y - x);
		        return [(a + .05) / (b + .05), e.tagName + " " + e.className + " " + e.textContent.trim().slice(0, 30)]; }).sort((x, y) => x[0] - y[0])[0]; })()"""
		grounds, filters = [], []
		for media, dark in (("", False), ("", True), ("print", True)):
		    browser.media(media, dark)
		    browser.open(page, width=1030 if media else 1200)
		    ratio, where = browser.run(contrast)
		    check((media, dark, ratio, where), ratio >= 4.5)
		    grounds.append(browser.run("getComputedStyle(document.body).backgroundColor"))
		    filters.append(browser.run('getComputedStyle(document.querySelector("figure img")).filter') != "none")
		check(grounds, grounds[0] == grounds[2] == "rgb(255, 255, 255)" and grounds[1] != grounds[0])
		check(filters, filters == [False, True, False])
		check("paper", browser.run('[...document.querySelectorAll("table")].every((t) => t.getBoundingClientRect().right <= innerWidth + 1)'))
		check("paper", browser.run('[...document.querySelectorAll(".filter, nav")].every((e) => !e.checkVisibility())'))
	PYTHON
}

@test "without scripts: every row is there, and nothing that does not work" {
	make_page
	look <<-'PYTHON'
		rows = '[...document.querySelectorAll("tbody tr")].filter((row) => row.checkVisibility()).length'
		browser.open(page)
		with_scripts = browser.run(rows)
		browser.open(page, scripts=False)
		check((with_scripts, browser.run(rows)), browser.run(rows) == with_scripts > 20)
		check("controls", browser.run('document.querySelectorAll("button, input, select").length') == 0)
		browser.run('document.querySelector("details > summary").focus()')
		browser.key("Enter")
		check("unfolded", browser.run('document.querySelector("details").open'))
	PYTHON
}
