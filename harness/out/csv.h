/* SPDX-License-Identifier: GPL-2.0-or-later */
/* csv.h - cells of comma-separated values (RFC 4180), as a spreadsheet may open them. Knows no columns. */
#ifndef OUT_CSV_H
#define OUT_CSV_H

#include <stdio.h>

/*
 * The text of a cell, quoted where it must be. One that a spreadsheet would take for a formula, since it begins with = + - or @, has an
 * apostrophe before it.
 */
void csv_text(FILE *out, const char *text);

/* A comma and @value; nothing behind the comma where it was not measured, or is not finite: never 0. */
void csv_number(FILE *out, double value);

#endif
