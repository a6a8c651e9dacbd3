/* SPDX-License-Identifier: GPL-2.0-or-later */
/* text.h - wrapped paragraphs and aligned tables, for help and for what people read. */
#ifndef CMD_TEXT_H
#define CMD_TEXT_H

#include <stddef.h>
#include <stdio.h>

/* Columns to print in: COLUMNS, else the terminal's width, else 80; never below 40. */
size_t text_width(void);

/* Columns that @text takes, in UTF-8, every character being one column wide. */
size_t text_columns(const char *text);

/*
 * Print @text in lines of at most @width columns, each behind @indent blanks; the first line goes on at
 * @column, where the caller stopped. An empty line separates paragraphs; a line end alone is a blank. A
 * word that is too long gets a line of its own. Ends with a newline.
 */
void text_wrap(FILE *out, const char *text, size_t column, size_t indent, size_t width);

/*
 * Print rows of @nr_columns cells below @headings, columns as wide as their widest cell, the last one wrapped
 * at @width. @cells: row by row; NULL is an empty cell.
 */
void text_table(FILE *out, const char *const *headings, size_t nr_columns, const char *const *cells,
		size_t nr_rows, size_t width);

#endif
