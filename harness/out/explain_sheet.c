// SPDX-License-Identifier: GPL-2.0-or-later
/* What every table of an explanation says, whatever it is written in. */
#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "data/variant.h"
#include "out/explain.h"

/* Below this a number is counting in units of one rep, not of the kernel. */
#define EPSILON 0.005

char *explain_number(double value, bool is_change, char *buf, size_t size)
{
	if (fabs(value) < EPSILON)
		snprintf(buf, size, "0");
	else
		snprintf(buf, size, is_change ? "%+.*f" : "%.*f", fabs(value) < 1 ? 2 : 1, value);
	return buf;
}

static void add_column(struct explain_sheet *sheet, bool is_mailed, const char *fmt, ...) __printf(3, 4);

static void add_column(struct explain_sheet *sheet, bool is_mailed, const char *fmt, ...)
{
	va_list ap;

	sheet->is_mailed[sheet->nr_columns] = is_mailed;
	va_start(ap, fmt);
	vsnprintf(sheet->head[sheet->nr_columns++], EXPLAIN_CELL_MAX, fmt, ap);
	va_end(ap);
}

void explain_sheet_make(const struct explain_print *print, struct explain_sheet *ret_sheet)
{
	const struct explain_view *view = print->view;
	struct explain_sheet sheet = {.nr_rows = view->nr_rows < print->top ? view->nr_rows : print->top};

	add_column(&sheet, true, "function");
	if (view->old) {
		add_column(&sheet, true, "%s", strcmp(view->old->kernel, view->new->kernel) ? view->old->kernel : "old");
		add_column(&sheet, true, "%s", strcmp(view->old->kernel, view->new->kernel) ? view->new->kernel : "new");
		add_column(&sheet, true, "change");
		if (view->has_off) {
			add_column(&sheet, false, "of it off");
			add_column(&sheet, true, "memcg");
		}
		add_column(&sheet, true, "note");
	} else {
		if (view->has_off)
			add_column(&sheet, true, "off");
		add_column(&sheet, true, "%s", view->new->arm_name);
		if (view->has_off)
			add_column(&sheet, true, "memcg");
		add_column(&sheet, false, "with callees");
		add_column(&sheet, true, "calls");
	}
	*ret_sheet = sheet;
}

static const char *note_text(const struct explain_row *row, char *buf, size_t size)
{
	buf[0] = '\0';
	switch (row->note) {
	case EXPLAIN_NEW:
		snprintf(buf, size, "new");
		break;
	case EXPLAIN_GONE:
		snprintf(buf, size, "gone");
		break;
	case EXPLAIN_RENAMED:
		snprintf(buf, size, "was %s", row->was);
		break;
	case EXPLAIN_CALLED:
		snprintf(buf, size, "newly called");
		break;
	case EXPLAIN_UNCALLED:
		snprintf(buf, size, "no longer called");
		break;
	case EXPLAIN_PLAIN:
		break;
	}
	return buf;
}

/* The rows that are not shown, or all of them, as one. */
static struct explain_row sum_rows(const struct explain_view *view, size_t first)
{
	struct explain_row sum = {.name = ""};
	size_t i;

	for (i = first; i < view->nr_rows; i++) {
		sum.old_self += view->rows[i].old_self;
		sum.new_self += view->rows[i].new_self;
		sum.change += view->rows[i].change;
		sum.off_change += view->rows[i].off_change;
	}
	return sum;
}

void explain_sheet_row(const struct explain_print *print, const struct explain_sheet *sheet, size_t number,
		       char cells[EXPLAIN_COLUMNS_MAX][EXPLAIN_CELL_MAX])
{
	const struct explain_view *view = print->view;
	bool is_function = number < sheet->nr_rows;
	struct explain_row row = is_function ? view->rows[number] : sum_rows(view, number == sheet->nr_rows ? number : 0);
	size_t at = 0;

	if (is_function)
		snprintf(cells[at++], EXPLAIN_CELL_MAX, "%s", row.name);
	else if (number == sheet->nr_rows)
		snprintf(cells[at++], EXPLAIN_CELL_MAX, "(%zu more)", view->nr_rows - sheet->nr_rows);
	else
		snprintf(cells[at++], EXPLAIN_CELL_MAX, "sum");
	if (view->old || view->has_off)
		explain_number(row.old_self, false, cells[at++], EXPLAIN_CELL_MAX);
	explain_number(row.new_self, false, cells[at++], EXPLAIN_CELL_MAX);
	if (view->old || view->has_off)
		explain_number(row.change, true, cells[at++], EXPLAIN_CELL_MAX);
	if (view->old && view->has_off) {
		explain_number(row.off_change, true, cells[at++], EXPLAIN_CELL_MAX);
		explain_number(row.change - row.off_change, true, cells[at++], EXPLAIN_CELL_MAX);
	}
	if (view->old) {
		note_text(&row, cells[at++], EXPLAIN_CELL_MAX);
		return;
	}
	cells[at][0] = cells[at + 1][0] = '\0';
	if (is_function && row.name[0] != '[') {
		explain_number(row.new_inclusive, false, cells[at], EXPLAIN_CELL_MAX);
		if (row.new_calls > 0 && row.new_calls < 0.01)
			snprintf(cells[at + 1], EXPLAIN_CELL_MAX, "<0.01");
		else
			explain_number(row.new_calls, false, cells[at + 1], EXPLAIN_CELL_MAX);
	}
}

static const char *title_of(const struct explain_print *print, char *buf, size_t size)
{
	const struct explain_side *side = print->view->new;
	const struct rundata_metric *metric = &side->item->metrics[side->metric];

	if (print->view->old)
		snprintf(buf, size, "%s %s: what changed from kernel %s to %s, in %s, by function", side->item->bench, metric->name,
			 print->view->old->kernel, side->kernel, side->arm_name);
	else
		snprintf(buf, size, "%s %s: what a %s pays on kernel %s, in %s%s, by function", side->item->bench, metric->name,
			 metric->op, side->kernel, side->arm_name, print->view->has_off ? " and with memcg off" : "");
	return buf;
}

const char *explain_sheet_title(const struct explain_print *print, size_t number, char *buf, size_t size)
{
	const struct explain_view *view = print->view;
	const struct explain_side *side = view->new;
	char median[32];

	switch (number) {
	case 0:
		return title_of(print, buf, size);
	case 1:
		snprintf(buf, size, "Instructions per %s of each function's own; the sum is what was measured.",
			 side->item->metrics[side->metric].op);
		if (side->with.is_shared_clock)
			snprintf(buf, size, "Instructions per %s of each function's own, counted on each CPU for itself (the guest's clock "
				 "counts those of all CPUs).", side->item->metrics[side->metric].op);
		return buf;
	case 2:
		if (print->nr_seeds < 2)
			snprintf(buf, size, "One boot each, seed %llu.", (unsigned long long)side->with.seed);
		else
			snprintf(buf, size, "Seed %llu, of %zu seeds the one with the median (%s).",
				 (unsigned long long)side->with.seed, print->nr_seeds,
				 explain_number(print->median, view->old || view->has_off, median, sizeof(median)));
		return buf;
	case 3:
		/* Of two that borrow, one says it for both. */
		if (!strcmp(side->kernel, side->off_kernel) && view->old)
			side = view->old;
		return side->has_off && strcmp(side->kernel, side->off_kernel)
			       ? variant_borrows_text(side->kernel, side->off_kernel, buf, size)
			       : NULL;
	}
	return NULL;
}
