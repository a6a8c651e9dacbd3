// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/text.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/units.h"
#include "base/util.h"

#define WIDTH_DEFAULT 80
#define WIDTH_MIN     40
#define COLUMNS_MAX   16
#define GAP	      2

size_t text_width(void)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;
	uint64_t width = WIDTH_DEFAULT;

	if (!columns || parse_u64(columns, &width) || width == 0 || width > 10000) {
		width = WIDTH_DEFAULT;
		if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col)
			width = size.ws_col;
	}
	return width < WIDTH_MIN ? WIDTH_MIN : (size_t)width;
}

static size_t count_columns(const char *text, size_t nr_bytes)
{
	size_t columns = 0, i;

	/* Every byte but the continuation bytes of UTF-8. */
	for (i = 0; i < nr_bytes; i++)
		columns += ((unsigned char)text[i] & 0xc0) != 0x80;
	return columns;
}

size_t text_columns(const char *text)
{
	return count_columns(text, strlen(text));
}

static void pad(FILE *out, size_t from, size_t to)
{
	if (from < to)
		fprintf(out, "%*s", (int)(to - from), "");
}

void text_wrap(FILE *out, const char *text, size_t column, size_t indent, size_t width)
{
	bool line_start = true;

	while (*text) {
		size_t space = strspn(text, " \t\n"), newlines = 0, length, columns, i;

		for (i = 0; i < space; i++)
			newlines += text[i] == '\n';
		text += space;
		length = strcspn(text, " \t\n");
		if (!length)
			break;
		columns = count_columns(text, length);
		if (newlines > 1 && !line_start) {
			fputs("\n\n", out);
			column = 0;
			line_start = true;
		} else if (!line_start && column + 1 + columns > width) {
			fputc('\n', out);
			column = 0;
			line_start = true;
		}
		if (line_start) {
			pad(out, column, indent);
			column = column < indent ? indent : column;
		} else {
			fputc(' ', out);
			column++;
		}
		fwrite(text, 1, length, out);
		column += columns;
		line_start = false;
		text += length;
	}
	fputc('\n', out);
}

static void print_row(FILE *out, const char *const *cells, size_t nr_columns,
		      const size_t *widths, size_t width)
{
	size_t column = 0, indent = 0, i, last = 0;

	for (i = 0; i < nr_columns; i++)
		if (cells[i] && *cells[i])
			last = i;
	for (i = 0; i <= last; i++) {
		const char *cell = cells[i] ? cells[i] : "";

		pad(out, column, indent);
		column = indent;
		if (i == nr_columns - 1) {
			text_wrap(out, cell, column, indent, width);
			return;
		}
		fputs(cell, out);
		column += text_columns(cell);
		indent += widths[i] + GAP;
	}
	fputc('\n', out);
}

void text_table(FILE *out, const char *const *headings, size_t nr_columns, const char *const *cells,
		size_t nr_rows, size_t width)
{
	size_t widths[COLUMNS_MAX] = {0}, row, i;

	if (nr_columns > COLUMNS_MAX)
		nr_columns = COLUMNS_MAX;
	for (i = 0; i < nr_columns; i++) {
		widths[i] = text_columns(headings[i]);
		for (row = 0; row < nr_rows; row++) {
			const char *cell = cells[row * nr_columns + i];
			size_t columns = cell ? text_columns(cell) : 0;

			if (columns > widths[i])
				widths[i] = columns;
		}
	}
	print_row(out, headings, nr_columns, widths, width);
	for (row = 0; row < nr_rows; row++)
		print_row(out, &cells[row * nr_columns], nr_columns, widths, width);
}
