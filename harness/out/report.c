// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/report.h"

#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/version.h"
#include "out/html.h"
#include "out/report_parts.h"

/* The page's looks and its script, which lie beside this file; the Makefile knows that this object depends on them. */
#define EMBED(name, file)                                                                                                        \
	__asm__(".pushsection .rodata\n" name ":\n.incbin \"" file "\"\n.byte 0\n.popsection\n")
EMBED("report_style_text", "harness/out/report/style.css");
EMBED("report_script_text", "harness/out/report/script.js");
extern const char report_style_text[] __attribute__((visibility("hidden")));
extern const char report_script_text[] __attribute__((visibility("hidden")));

/* With more runs than these the words of each stand in its own section alone. */
#define RUNS_IN_SUMMARY 3

static void put_head(const struct report *report, FILE *out)
{
	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	      "<meta name=\"color-scheme\" content=\"light dark\">\n"
	      /* The browser itself then sees to it that the page asks no network for anything. */
	      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
	      "script-src 'unsafe-inline'; img-src data:; frame-src data:\">\n"
	      "<link rel=\"icon\" href=\"data:,\">\n<title>What memcg costs: ",
	      out);
	if (report->nr_comparisons)
		html_textf(out, "%s against %s", report->comparisons[0]->cand.name, report->comparisons[0]->base.name);
	else if (report->nr_runs == 1)
		html_text(out, label_string(report->runs[0].data->run, "run"));
	else
		fprintf(out, "%zu runs", report->nr_runs);
	fprintf(out, "</title>\n<style>\n%s</style>\n</head>\n<body>\n", report_style_text);
	fputs("<a class=\"skip\" href=\"#summary\">To the summary</a>\n<header>\n<h1>What the memory controller costs</h1>\n</header>\n", out);
}

/* "new against old"; where two comparisons would be called the same, with the kernels' releases. */
static void put_comparison_name(const struct report *report, size_t number, FILE *out)
{
	const struct compare_side *cand = &report->comparisons[number]->cand, *base = &report->comparisons[number]->base;
	bool alike = false;
	size_t i;

	for (i = 0; i < report->nr_comparisons; i++)
		alike |= i != number && !strcmp(report->comparisons[i]->cand.name, cand->name) &&
			 !strcmp(report->comparisons[i]->base.name, base->name);
	if (alike)
		html_textf(out, "%s (%s) against %s (%s)", cand->name, cand->release, base->name, base->release);
	else
		html_textf(out, "%s against %s", cand->name, base->name);
}

static void put_navigation(const struct report *report, FILE *out)
{
	size_t i;

	fputs("<nav aria-label=\"Parts of this page\">\n<ul>\n<li><a href=\"#summary\">Summary</a></li>\n", out);
	if (report_has_history(report))
		fputs("<li><a href=\"#history\">History</a></li>\n", out);
	for (i = 0; i < report->nr_comparisons; i++) {
		fprintf(out, "<li><a href=\"#compare-%zu\">", i + 1);
		put_comparison_name(report, i, out);
		fputs("</a></li>\n", out);
	}
	for (i = 0; i < report->nr_runs; i++) {
		fprintf(out, "<li><a href=\"#run-%zu\">", i + 1);
		html_text(out, label_string(report->runs[i].data->run, "run"));
		fputs("</a></li>\n", out);
	}
	fputs("</ul>\n</nav>\n", out);
}

static void put_words(const struct report *report, const struct report_run *run, FILE *out)
{
	if (run->ladder)
		report_ladder_words(report, run, out);
	else if (run->overhead)
		report_overhead_words(report, run, out);
}

static void put_summary(const struct report *report, FILE *out)
{
	const char *const *remark;
	size_t i;

	fputs("<section id=\"summary\" aria-labelledby=\"summary-head\">\n<h2 id=\"summary-head\">Summary</h2>\n", out);
	for (i = 0; i < report->nr_comparisons; i++)
		report_compare_words(report, report->comparisons[i], out);
	for (i = 0; i < report->nr_runs; i++) {
		const struct report_run *run = &report->runs[i];

		if (!run->data->complete || run->data->doubt || run->why)
			report_warning(out, true, "%s: %s", label_string(run->data->run, "run"),
				       run->why ? run->why : run->data->doubt ? run->data->doubt : "this run is not complete");
		if (report->nr_runs <= RUNS_IN_SUMMARY)
			put_words(report, run, out);
	}
	for (remark = report->remarks; remark && *remark; remark++)
		report_warning(out, false, "%s", *remark);
	fputs("</section>\n", out);
}

static int put_comparison(const struct report *report, size_t i, FILE *out)
{
	const struct compare *compare = report->comparisons[i];
	int ret;

	fprintf(out, "<section id=\"compare-%zu\">\n<h2>", i + 1);
	put_comparison_name(report, i, out);
	fputs("</h2>\n", out);
	ret = report_compare_table(report, compare, out);
	fputs("</section>\n", out);
	return ret;
}

static int put_run(const struct report *report, size_t i, FILE *out)
{
	const struct report_run *run = &report->runs[i];
	int ret = 0;

	fprintf(out, "<section id=\"run-%zu\">\n<h2>", i + 1);
	html_textf(out, "Run %s", label_string(run->data->run, "run"));
	fputs("</h2>\n", out);
	report_warnings(report, run, out);
	if (report->nr_runs > RUNS_IN_SUMMARY)
		put_words(report, run, out);
	if (run->ladder || run->overhead)
		fputs("<h3>What memcg costs</h3>\n", out);
	if (run->ladder)
		ret = report_ladder_table(report, run, out);
	else if (run->overhead)
		ret = report_overhead_table(report, run, out);
	if (!ret)
		ret = report_sweep_tables(report, run, out);
	report_figures(run, out);
	report_machine(run, out);
	report_raw_data(run, out);
	fputs("</section>\n", out);
	return ret;
}

int report_html(const struct report *report, FILE *out)
{
	size_t i;
	int ret = 0;

	put_head(report, out);
	if (report->nr_runs + report->nr_comparisons + report_has_history(report) > 1)
		put_navigation(report, out);
	fputs("<main>\n", out);
	put_summary(report, out);
	report_history(report, out);
	for (i = 0; !ret && i < report->nr_comparisons; i++)
		ret = put_comparison(report, i, out);
	for (i = 0; !ret && i < report->nr_runs; i++)
		ret = put_run(report, i, out);
	fputs("</main>\n<footer>\n<p class=\"faint\">Made by ", out);
	html_textf(out, "memcgbench %s", memcgbench_version);
	fprintf(out, " from the stored samples.</p>\n</footer>\n<script>\n%s</script>\n</body>\n</html>\n", report_script_text);
	return ret ? ret : ferror(out) ? err_set(EIO, "the report could not be written") : 0;
}
