// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/table.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include "base/err.h"

enum cell_kind {
	CELL_VALUE,
	CELL_HEAD,
	CELL_LINE, /* the whole row */
};

struct cell {
	enum cell_kind kind;
	enum table_style style;
	size_t nr_columns;
	char *text;
};

struct row {
	struct cell *cells;
	size_t nr_cells;
};

struct column {
	struct table_column given;
	size_t width;
	size_t before,
		behind; /* TABLE_DECIMAL: widest part in front of the point, and from it on */
};

struct table {
	struct column *columns;
	size_t nr_columns;
	struct row *rows;
	size_t nr_rows;
	bool broken; /* an allocation failed: something is missing */
};

/* Code point at @text; *ret_len: its bytes. 0xfffd and 1 where it is not UTF-8. */
static uint32_t decode(const char *text, size_t *ret_len)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned char lead = (unsigned char)text[0];
	size_t len = lead < 0x80       ? 1
		     : lead >> 5 == 6  ? 2
		     : lead >> 4 == 14 ? 3
		     : lead >> 3 == 30 ? 4
				       : 0;
	uint32_t code;
	size_t i;

	*ret_len = 1;
	if (len == 1)
		return lead;
	if (!len)
		return 0xfffd;
	code = lead & (0x7fu >> len);
	for (i = 1; i < len; i++) {
		if (((unsigned char)text[i] & 0xc0) != 0x80)
			return 0xfffd;
		code = code << 6 | ((unsigned char)text[i] & 0x3f);
	}
	if (code < least[len] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		return 0xfffd;
	*ret_len = len;
	return code;
}

/* wcwidth() answers for the locale; a table for a file has none. Ranges: Unicode 15,
 * EastAsianWidth.txt W and F, categories Mn and Cf. */
static unsigned int code_width(uint32_t code)
{
	static const struct {
		uint32_t first, last;
		unsigned int width;
	} ranges[] = {
		{0x300, 0x36f, 0},     {0x483, 0x489, 0},     {0x591, 0x5bd, 0},
		{0x610, 0x61a, 0},     {0x64b, 0x65f, 0},     {0x1100, 0x115f, 2},
		{0x1ab0, 0x1aff, 0},   {0x1dc0, 0x1dff, 0},   {0x200b, 0x200f, 0},
		{0x202a, 0x202e, 0},   {0x2060, 0x2064, 0},   {0x20d0, 0x20ff, 0},
		{0x2e80, 0x303e, 2},   {0x3041, 0xa4cf, 2},   {0xa960, 0xa97f, 2},
		{0xac00, 0xd7a3, 2},   {0xf900, 0xfaff, 2},   {0xfe00, 0xfe0f, 0},
		{0xfe20, 0xfe2f, 0},   {0xfe30, 0xfe6f, 2},   {0xfeff, 0xfeff, 0},
		{0xff01, 0xff60, 2},   {0xffe0, 0xffe6, 2},   {0x1f300, 0x1f64f, 2},
		{0x1f680, 0x1f6ff, 2}, {0x1f900, 0x1f9ff, 2}, {0x20000, 0x3fffd, 2},
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ranges); i++)
		if (code >= ranges[i].first && code <= ranges[i].last)
			return ranges[i].width;
	return 1;
}

/* C0, DEL and C1 ("CSI" is a C1 control), and the marks that reverse the direction of a line. */
static bool is_control(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) || (code >= 0x202a && code <= 0x202e) ||
	       (code >= 0x2066 && code <= 0x2069);
}

size_t table_text_width(const char *text)
{
	size_t width = 0, len;

	for (; *text; text += len) {
		uint32_t code = decode(text, &len);

		width += is_control(code) ? 1 : code_width(code);
	}
	return width;
}

/* Of those that memcgbench itself prints, what stands for them: "child x8". */
static char in_ascii(uint32_t code)
{
	return code == 0xd7 ? 'x' : code == 0x2212 ? '-' : '?';
}

/* With @ascii a wide character becomes two "?", so that the columns stay where they were. */
static void put_plain(const char *text, bool ascii, bool newlines, FILE *out)
{
	size_t len;

	for (; *text; text += len) {
		uint32_t code = decode(text, &len);
		unsigned int width = code_width(code);

		if (newlines && code == '\n')
			fputc('\n', out);
		else if (is_control(code) || code == 0xfffd)
			fputc('?', out);
		else if (code < 0x80 || !ascii)
			fwrite(text, 1, len, out);
		else
			for (; width; width--)
				fputc(in_ascii(code), out);
	}
}

void table_put(const char *text, enum table_style style, const struct table_look *look, FILE *out)
{
	static const char *const escapes[] = {
		[TABLE_PLAIN] = "",	  [TABLE_BOLD] = "\033[1m",   [TABLE_DIM] = "\033[2m",
		[TABLE_RED] = "\033[31m", [TABLE_GREEN] = "\033[32m", [TABLE_YELLOW] = "\033[33m",
	};
	bool styled = look->colour && style != TABLE_PLAIN && *text;

	if (styled)
		fputs(escapes[style], out);
	put_plain(text, look->ascii, true, out);
	if (styled)
		fputs("\033[0m", out);
}

struct table *table_new(const struct table_column *columns, size_t nr_columns)
{
	struct table *table = calloc(1, sizeof(*table));
	size_t i;

	if (!table)
		return NULL;
	table->columns = calloc(nr_columns, sizeof(*table->columns));
	if (!table->columns) {
		free(table);
		return NULL;
	}
	table->nr_columns = nr_columns;
	for (i = 0; i < nr_columns; i++)
		table->columns[i].given = columns[i];
	return table;
}

void table_free(struct table *table)
{
	size_t i, j;

	if (!table)
		return;
	for (i = 0; i < table->nr_rows; i++) {
		for (j = 0; j < table->rows[i].nr_cells; j++)
			free(table->rows[i].cells[j].text);
		free(table->rows[i].cells);
	}
	free(table->rows);
	free(table->columns);
	free(table);
}

void table_row(struct table *table)
{
	struct row *rows;

	if (!table)
		return;
	rows = reallocarray(table->rows, table->nr_rows + 1, sizeof(*rows));
	if (!rows) {
		table->broken = true;
		return;
	}
	table->rows = rows;
	table->rows[table->nr_rows++] = (struct row){0};
}

static void __printf(5, 0)
	add_cell(struct table *table, enum cell_kind kind, enum table_style style,
		 size_t nr_columns, const char *fmt, va_list ap)
{
	struct row *row;
	struct cell *cells;
	char *text;

	if (!table || !table->nr_rows)
		return;
	row = &table->rows[table->nr_rows - 1];
	cells = reallocarray(row->cells, row->nr_cells + 1, sizeof(*cells));
	if (cells)
		row->cells = cells;
	if (!cells || vasprintf(&text, fmt, ap) < 0) {
		table->broken = true;
		return;
	}
	row->cells[row->nr_cells++] = (struct cell){kind, style, nr_columns, text};
}

void table_cell(struct table *table, enum table_style style, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_cell(table, CELL_VALUE, style, 1, fmt, ap);
	va_end(ap);
}

void table_head(struct table *table, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_cell(table, CELL_HEAD, TABLE_BOLD, 1, fmt, ap);
	va_end(ap);
}

void table_span(struct table *table, enum table_style style, size_t nr_columns, const char *fmt,
		...)
{
	va_list ap;

	va_start(ap, fmt);
	add_cell(table, CELL_VALUE, style, nr_columns, fmt, ap);
	va_end(ap);
}

void table_text(struct table *table, enum table_style style, const char *fmt, ...)
{
	va_list ap;

	table_row(table);
	va_start(ap, fmt);
	add_cell(table, CELL_LINE, style, 0, fmt, ap);
	va_end(ap);
}

/* Where a cell of a decimal column is to be split: the width in front of its point. false: it is no
 * number. */
static bool split_number(const struct cell *cell, size_t *ret_before)
{
	const char *digits = cell->text + strspn(cell->text, "+-~ ");

	if (cell->kind != CELL_VALUE || *digits < '0' || *digits > '9')
		return false;
	*ret_before = (size_t)(digits - cell->text) + strspn(digits, "0123456789");
	return true;
}

static void measure_cell(struct column *column, const struct cell *cell)
{
	size_t width = table_text_width(cell->text), before;

	if (column->given.align == TABLE_DECIMAL && split_number(cell, &before)) {
		if (before > column->before)
			column->before = before;
		if (width - before > column->behind)
			column->behind = width - before;
		width = column->before + column->behind;
	}
	if (width > column->width)
		column->width = width;
}

/* From column @first, @nr columns with the gaps between them. */
static size_t span_width(const struct table *table, size_t first, size_t nr)
{
	size_t width = 0, i;

	for (i = first; i < first + nr && i < table->nr_columns; i++)
		width += table->columns[i].width + (i > first ? table->columns[i].given.gap : 0);
	return width;
}

static void measure_row(struct table *table, const struct row *row, bool spans)
{
	size_t column = 0, i;

	for (i = 0; i < row->nr_cells && column < table->nr_columns;
	     column += row->cells[i++].nr_columns) {
		const struct cell *cell = &row->cells[i];
		size_t last = column + cell->nr_columns - 1, have, need;

		if (cell->kind == CELL_LINE)
			return;
		if (!spans && cell->nr_columns == 1)
			measure_cell(&table->columns[column], cell);
		if (!spans || cell->nr_columns == 1 || last >= table->nr_columns)
			continue;
		have = span_width(table, column, cell->nr_columns);
		need = table_text_width(cell->text);
		if (need > have)
			table->columns[last].width += need - have;
	}
}

static void measure(struct table *table)
{
	size_t i;

	for (i = 0; i < table->nr_columns; i++)
		table->columns[i].width = table->columns[i].before = table->columns[i].behind = 0;
	for (i = 0; i < table->nr_rows; i++)
		measure_row(table, &table->rows[i], false);
	for (i = 0; i < table->nr_rows; i++)
		measure_row(table, &table->rows[i], true);
}

size_t table_width(struct table *table)
{
	if (!table)
		return 0;
	measure(table);
	return span_width(table, 0, table->nr_columns) +
	       (table->nr_columns ? table->columns[0].given.gap : 0);
}

/* Blanks in front of a cell inside its column (or columns), which are @width wide together. */
static size_t cell_lead(const struct column *column, const struct cell *cell, size_t width)
{
	size_t own = table_text_width(cell->text), before;

	if (own >= width)
		return 0;
	if (cell->nr_columns > 1)
		return (width - own) / 2;
	if (column->given.align == TABLE_LEFT)
		return 0;
	/* The column may be wider than its numbers, by its head: they stay on the right. */
	if (column->given.align == TABLE_DECIMAL && split_number(cell, &before))
		return width - column->behind - before;
	return width - own;
}

static void print_row(const struct table *table, const struct row *row,
		      const struct table_look *look, FILE *out)
{
	size_t column = 0, owed = 0, i;

	for (i = 0; i < row->nr_cells && column < table->nr_columns;
	     column += row->cells[i++].nr_columns) {
		const struct cell *cell = &row->cells[i];
		size_t own = table_text_width(cell->text), width, lead;

		if (cell->kind == CELL_LINE) {
			table_put(cell->text, cell->style, look, out);
			break;
		}
		width = span_width(table, column, cell->nr_columns);
		lead = cell_lead(&table->columns[column], cell, width);
		owed += table->columns[column].given.gap + lead;
		/* Blanks are printed only in front of something: no line ends with them. */
		if (own) {
			fprintf(out, "%*s", (int)owed, "");
			table_put(cell->text, cell->style, look, out);
			owed = 0;
		}
		if (width > lead + own)
			owed += width - lead - own;
	}
	fputc('\n', out);
}

int table_print(struct table *table, const struct table_look *look, FILE *out)
{
	size_t i;

	if (!table || table->broken)
		return err_sys(ENOMEM, "lay out a table");
	measure(table);
	for (i = 0; i < table->nr_rows; i++)
		print_row(table, &table->rows[i], look, out);
	return ferror(out) ? err_sys(EIO, "write a table") : 0;
}

char *table_fill(const char *text, const char *first, size_t width)
{
	size_t indent = table_text_width(first), column = indent, size = 0;
	char *filled = NULL;
	FILE *out = open_memstream(&filled, &size);
	bool fresh = true;

	if (!out)
		return NULL;
	fputs(first, out);
	while (*(text += strspn(text, " \n"))) {
		size_t len = strcspn(text, " \n");
		__free_mem char *word = strndup(text, len);
		size_t own = word ? table_text_width(word) : 0, glued = 0;
		bool sticks = *text == '%';

		/* "2 %" stays together. */
		if (text[len] == ' ' && text[len + 1] == '%')
			glued = 1 + strcspn(text + len + 1, " \n");
		if (!fresh && !sticks && column + 1 + own + glued > width) {
			fprintf(out, "\n%*s", (int)indent, "");
			column = indent;
			fresh = true;
		}
		fprintf(out, "%s%s", fresh ? "" : " ", word ? word : "");
		column += own + !fresh;
		fresh = false;
		text += len;
	}
	if (fclose(out)) {
		free(filled);
		return NULL;
	}
	return filled;
}
