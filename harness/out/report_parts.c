// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/report_parts.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "out/html.h"

/* Units of the little pictures. */
#define RANGE_WIDTH  144
#define RANGE_HEIGHT 18

static void data_value(FILE *out, double value)
{
	if (isfinite(value))
		fprintf(out, " data-value=\"%.10g\"", value);
	else
		fputs(" data-value=\"\"", out);
}

void report_number(FILE *out, const char *more_class, double value, const char *text)
{
	fprintf(out, "<td class=\"n%s%s\"", more_class ? " " : "", more_class ? more_class : "");
	data_value(out, value);
	fputc('>', out);
	html_text(out, text);
	fputs("</td>", out);
}

void report_word(FILE *out, const char *class, const char *text)
{
	fputs("<td", out);
	if (class)
		fprintf(out, " class=\"%s\"", class);
	fputc('>', out);
	html_text(out, text);
	fputs("</td>", out);
}

void report_row_head(FILE *out, const char *text)
{
	fputs("<th scope=\"row\">", out);
	while (text && *text) {
		int len = (int)strcspn(text, " ");

		/* "--size=1M" would be broken behind its first hyphen. */
		fputs("<span class=\"nowrap\">", out);
		html_textf(out, "%.*s", len, text);
		fputs("</span>", out);
		text += len;
		if (*text == ' ')
			fputc(*text++, out);
	}
	fputs("</th>", out);
}

void report_verdict(FILE *out, const char *class, int rank, const char *text)
{
	fprintf(out, "<td class=\"v %s\" data-value=\"%d\">", class, rank);
	html_text(out, text);
	fputs("</td>", out);
}

void report_table_begin(FILE *out, const char *label, const struct report_column *columns, const char *caption)
{
	fputs("<p class=\"faint\">", out);
	html_text(out, caption);
	/* A box that scrolls has to be reached by the keyboard too. */
	fputs("</p>\n<div class=\"box\" tabindex=\"0\" role=\"region\" aria-label=\"", out);
	html_text(out, label);
	fputs("\">\n<table class=\"sortable\">\n<thead><tr>", out);
	for (; columns->name; columns++) {
		fprintf(out, "<th scope=\"col\"%s%s>", columns->number ? " class=\"n\"" : "",
			columns->unsorted ? " data-sort=\"no\"" : "");
		html_text(out, columns->name);
		fputs("</th>", out);
	}
	fputs("</tr></thead>\n<tbody>\n", out);
}

void report_table_end(FILE *out)
{
	fputs("</tbody>\n</table>\n</div>\n", out);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

void report_scale(double *values, size_t nr, struct report_scale *ret_scale)
{
	bool negative = false;
	size_t i, kept = 0;
	double most = 1;

	for (i = 0; i < nr; i++) {
		if (!isfinite(values[i]))
			continue;
		negative |= values[i] < -0.05;
		values[kept++] = fabs(values[i]);
	}
	qsort(values, kept, sizeof(*values), by_value);
	/* Four times the upper quartile: beyond it an arrow stands at the edge. */
	if (kept && values[kept - 1] > 0)
		most = fmin(values[kept - 1], fmax(4 * values[(kept - 1) * 3 / 4], values[kept - 1] / 100));
	ret_scale->high = 1.1 * most;
	ret_scale->low = negative ? -ret_scale->high : 0;
	if (negative)
		snprintf(ret_scale->text, sizeof(ret_scale->text), "−%.2g to +%.2g %%", ret_scale->high, ret_scale->high);
	else
		snprintf(ret_scale->text, sizeof(ret_scale->text), "0 to +%.2g %%", ret_scale->high);
}

/* @value as a coordinate; what lies beyond the scale is put on the edge. */
static double at(double value, const struct report_scale *scale)
{
	double share = (value - scale->low) / (scale->high - scale->low);

	return 5 + (RANGE_WIDTH - 10) * fmin(1, fmax(0, share));
}

static void put_dot(FILE *out, const char *class, double value, const struct report_scale *scale)
{
	double x = at(value, scale), y = RANGE_HEIGHT / 2.0, toward = value < 0 ? -1 : 1;

	if (value <= scale->high && value >= scale->low - 0.05)
		fprintf(out, "<circle class=\"dot %s\" cx=\"%.1f\" cy=\"%.1f\" r=\"4\"/>", class, x, y);
	else
		fprintf(out, "<path class=\"dot %s\" d=\"M%.1f,%.1fl%.1f,5l0,-10z\"/>", class, x + toward * 4, y, -toward * 8);
}

void report_range(FILE *out, const char *class, double value, double low, double high, double delta, const struct report_scale *scale)
{
	double y = RANGE_HEIGHT / 2.0;

	if (!isfinite(value)) {
		fputs("<td></td>", out);
		return;
	}
	fprintf(out, "<td><svg class=\"range\" viewBox=\"0 0 %d %d\" aria-hidden=\"true\">", RANGE_WIDTH, RANGE_HEIGHT);
	if (isfinite(delta))
		fprintf(out, "<rect class=\"band\" x=\"%.1f\" y=\"0\" width=\"%.1f\" height=\"%d\"/>", at(-delta, scale),
			at(delta, scale) - at(-delta, scale), RANGE_HEIGHT);
	else
		fprintf(out, "<path class=\"bar\" d=\"M%.1f,%.1fH%.1f\"/>", at(0, scale), y, at(value, scale));
	fprintf(out, "<path class=\"zero\" d=\"M%.1f,0v%d\"/>", at(0, scale), RANGE_HEIGHT);
	if (isfinite(low) && isfinite(high))
		fprintf(out, "<path class=\"line\" d=\"M%.1f,%.1fH%.1f\"/>", at(low, scale), y, at(high, scale));
	put_dot(out, class, value, scale);
	fputs("</svg></td>", out);
}

void report_warning(FILE *out, bool bad, const char *fmt, ...)
{
	__free_mem char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	va_end(ap);
	fprintf(out, "<p class=\"warning%s\">", bad ? " bad" : "");
	html_text(out, text);
	fputs("</p>\n", out);
}

void report_row_name(FILE *out, const char *item, const char *metric, const char *arm)
{
	fputs("<code>", out);
	html_text(out, item);
	fputs("</code> ", out);
	html_text(out, metric);
	if (arm && *arm)
		html_textf(out, " (%s)", arm);
}
