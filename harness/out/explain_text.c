// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "data/slowpaths.h"
#include "out/explain.h"

#define MAIL_WIDTH 72
#define MAIL_NAME  30

/* --- the table of functions --- */

static struct table *sheet_table(const struct explain_sheet *sheet, bool is_mail)
{
	struct table_column columns[EXPLAIN_COLUMNS_MAX] = {{0}};
	size_t nr = 0, i;

	for (i = 0; i < sheet->nr_columns; i++) {
		bool is_text = i == 0 || !strcmp(sheet->head[i], "note");

		if (is_mail && !sheet->is_mailed[i])
			continue;
		columns[nr++] = (struct table_column){.align = is_text ? TABLE_LEFT : TABLE_DECIMAL, .gap = 2};
	}
	return table_new(columns, nr);
}

/* A mail has 72 columns: a long name loses its middle. */
static void mail_name(char *name)
{
	size_t len = strlen(name);

	if (len > MAIL_NAME) {
		memmove(name + MAIL_NAME / 2 + 2, name + len - (MAIL_NAME / 2 - 2), MAIL_NAME / 2 - 1);
		memcpy(name + MAIL_NAME / 2, "..", 2);
	}
}

static void add_row(struct table *table, const struct explain_print *print, const struct explain_sheet *sheet, size_t number,
		    bool is_mail)
{
	char cells[EXPLAIN_COLUMNS_MAX][EXPLAIN_CELL_MAX];
	size_t i;

	explain_sheet_row(print, sheet, number, cells);
	table_row(table);
	for (i = 0; i < sheet->nr_columns; i++) {
		if (is_mail && !sheet->is_mailed[i])
			continue;
		if (is_mail && i == 0)
			mail_name(cells[i]);
		table_cell(table, number > sheet->nr_rows ? TABLE_BOLD : TABLE_PLAIN, "%s", cells[i]);
	}
}

static struct table *functions_table(const struct explain_print *print, bool is_mail)
{
	struct explain_sheet sheet;
	struct table *table;
	size_t i;

	explain_sheet_make(print, &sheet);
	table = sheet_table(&sheet, is_mail);
	table_row(table);
	for (i = 0; i < sheet.nr_columns; i++)
		if (!is_mail || sheet.is_mailed[i])
			table_head(table, "%s", sheet.head[i]);
	for (i = 0; i < sheet.nr_rows; i++)
		add_row(table, print, &sheet, i, is_mail);
	if (sheet.nr_rows < print->view->nr_rows)
		add_row(table, print, &sheet, sheet.nr_rows, is_mail);
	add_row(table, print, &sheet, sheet.nr_rows + 1, is_mail);
	return table;
}

/* --- slow paths --- */

static double calls_of(const struct explain_rep *rep, const char *name)
{
	const struct explain_function *function = explain_rep_find(rep, name);

	return function ? function->calls : 0;
}

static bool is_missing(const struct explain_view *view, const char *name)
{
	return !symbols_has(&view->new->symbols, name) && (!view->old || !symbols_has(&view->old->symbols, name));
}

static const struct explain_rep *old_rep(const struct explain_view *view)
{
	return view->old ? &view->old->with : &view->new->off;
}

static struct table *slowpaths_table(const struct explain_view *view)
{
	const struct table_column columns[] = {{TABLE_LEFT, 2}, {TABLE_LEFT, 2}, {TABLE_DECIMAL, 2}, {TABLE_DECIMAL, 2}};
	bool two = view->old || view->has_off;
	struct table *table = table_new(columns, two ? 4 : 3);
	size_t i;

	table_row(table);
	table_head(table, "calls per %s", view->new->item->metrics[view->new->metric].op);
	table_head(table, "of");
	if (two)
		table_head(table, "%s", view->old ? view->old->kernel : "off");
	table_head(table, "%s", view->old ? view->new->kernel : view->new->arm_name);
	for (i = 0; i < ARRAY_SIZE(slowpaths); i++) {
		double old = calls_of(old_rep(view), slowpaths[i].name), new = calls_of(&view->new->with, slowpaths[i].name);

		if (!(old > 0) && !(new > 0))
			continue;
		table_row(table);
		table_cell(table, TABLE_PLAIN, "%s", slowpaths[i].name);
		table_cell(table, TABLE_DIM, "%s", slowpaths[i].what);
		if (two)
			table_cell(table, TABLE_PLAIN, "%.4g", old);
		table_cell(table, TABLE_PLAIN, "%.4g", new);
	}
	return table;
}

/* "Not called: …" and "Not in this kernel: …"; malloc'd. */
static char *list_slowpaths(const struct explain_view *view, bool missing)
{
	char *text = NULL;
	size_t size, i, nr = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	fprintf(out, missing ? "Not a function of %s (or inlined):" : "Never called%s:", missing && view->old ? "either kernel" :
		missing ? "this kernel" : "");
	for (i = 0; i < ARRAY_SIZE(slowpaths); i++) {
		const char *name = slowpaths[i].name;

		if (is_missing(view, name) != missing || calls_of(old_rep(view), name) > 0 || calls_of(&view->new->with, name) > 0)
			continue;
		fprintf(out, "%s %s", nr++ ? "," : "", name);
	}
	if (!nr)
		fprintf(out, " none");
	fclose(out);
	return text;
}

static int print_filled(const char *text, size_t width, FILE *out)
{
	__free_mem char *filled = text ? table_fill(text, "", width) : NULL;

	if (!filled)
		return err_sys(ENOMEM, "memory for text");
	fprintf(out, "%s\n", filled);
	return 0;
}

static int print_slowpaths(const struct explain_view *view, const struct table_look *look, size_t width, FILE *out)
{
	__free_mem char *uncalled = list_slowpaths(view, false), *missing = list_slowpaths(view, true);
	struct table *table = slowpaths_table(view);
	int ret = table_print(table, look, out);

	table_free(table);
	if (!ret)
		ret = print_filled(uncalled, width, out);
	return ret ? ret : print_filled(missing, width, out);
}

/* --- one function --- */

static void add_edges(struct table *table, const struct explain_rep *rep, size_t function, bool callers)
{
	size_t i;

	for (i = 0; i < rep->nr_edges; i++) {
		const struct explain_edge *edge = &rep->edges[i];
		char number[32];

		if ((callers ? edge->callee : edge->caller) != function)
			continue;
		table_row(table);
		table_cell(table, TABLE_PLAIN, "%s", callers ? "called by" : "calls");
		table_cell(table, TABLE_PLAIN, "%s", rep->functions[callers ? edge->caller : edge->callee].name);
		table_cell(table, TABLE_PLAIN, "%.4g", edge->calls);
		table_cell(table, TABLE_PLAIN, "%s", explain_number(edge->inclusive, false, number, sizeof(number)));
	}
}

static int print_function(const struct explain_print *print, const struct table_look *look, FILE *out)
{
	const struct table_column columns[] = {{TABLE_LEFT, 2}, {TABLE_LEFT, 2}, {TABLE_DECIMAL, 2}, {TABLE_DECIMAL, 2}};
	const struct explain_rep *rep = &print->view->new->with;
	const struct explain_function *function = explain_rep_find(rep, print->function);
	struct table *table;
	int ret;

	if (!function) {
		fprintf(out, "\n%s did not run.\n", print->function);
		return 0;
	}
	table = table_new(columns, ARRAY_SIZE(columns));
	table_row(table);
	table_head(table, "%s", print->function);
	table_head(table, "function");
	table_head(table, "calls");
	table_head(table, "with callees");
	add_edges(table, rep, (size_t)(function - rep->functions), true);
	add_edges(table, rep, (size_t)(function - rep->functions), false);
	fputc('\n', out);
	ret = table_print(table, look, out);
	table_free(table);
	return ret;
}

static int render(const struct explain_print *print, const struct table_look *look, bool is_mail, size_t width, FILE *out)
{
	struct table *table = functions_table(print, is_mail);
	char line[512];
	size_t i;
	int ret = 0;

	for (i = 0; !ret && explain_sheet_title(print, i, line, sizeof(line)); i++)
		ret = print_filled(line, width, out);
	fputc('\n', out);
	if (!ret)
		ret = table_print(table, look, out);
	table_free(table);
	if (!ret && print->function)
		ret = print_function(print, look, out);
	if (!ret && !is_mail) {
		fputc('\n', out);
		ret = print_slowpaths(print->view, look, width, out);
	}
	return ret ? ret : ferror(out) ? err_sys(EIO, "write the explanation") : 0;
}

int explain_text(const struct explain_print *print, const struct table_look *look, FILE *out)
{
	return render(print, look, false, 100, out);
}

int explain_lkml(const struct explain_print *print, FILE *out)
{
	const struct table_look look = {.ascii = true};

	return render(print, &look, true, MAIL_WIDTH, out);
}

int explain_markdown(const struct explain_print *print, FILE *out)
{
	char cells[EXPLAIN_COLUMNS_MAX][EXPLAIN_CELL_MAX], line[512];
	struct explain_sheet sheet;
	size_t row, i;

	explain_sheet_make(print, &sheet);
	for (i = 0; explain_sheet_title(print, i, line, sizeof(line)); i++)
		fprintf(out, "%s\n", line);
	fputc('\n', out);
	for (i = 0; i < sheet.nr_columns; i++)
		fprintf(out, "| %s ", sheet.head[i]);
	fprintf(out, "|\n|");
	for (i = 0; i < sheet.nr_columns; i++)
		fprintf(out, "%s|", i == 0 || !strcmp(sheet.head[i], "note") ? "---" : "---:");
	fputc('\n', out);
	for (row = 0; row <= sheet.nr_rows + 1; row++) {
		if (row == sheet.nr_rows && row == print->view->nr_rows)
			continue;
		explain_sheet_row(print, &sheet, row, cells);
		for (i = 0; i < sheet.nr_columns; i++)
			fprintf(out, i == 0 && row < sheet.nr_rows ? "| `%s` " : "| %s ", cells[i]);
		fprintf(out, "|\n");
	}
	return ferror(out) ? err_sys(EIO, "write the explanation") : 0;
}
