/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * layout_text.h - layouts of structures and their differences, for people. Computes nothing: see data/layout.h.
 */
#ifndef OUT_LAYOUT_TEXT_H
#define OUT_LAYOUT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "data/layout.h"

struct layout_text_options {
	const char *old_name, *new_name;
	unsigned int line_bytes;
	size_t width; /* columns to fill */
	bool brief;   /* the first line of each structure only */
};

/* -ENOMEM. What @out would not take is the caller's to find. */
int layout_diff_text(const struct layout_diff *diffs, size_t nr_diffs, const struct layout_text_options *options,
		     FILE *out) __must_check;

/* One structure as C would declare it, with offsets, sizes, holes and borders of lines. */
void layout_struct_text(const struct layout_struct *s, unsigned int line_bytes, FILE *out);

#endif
