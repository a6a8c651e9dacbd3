/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * overhead_render.h - what the parts of out/overhead_text.h share. Private to them.
 */
#ifndef OUT_OVERHEAD_RENDER_H
#define OUT_OVERHEAD_RENDER_H

#include <stddef.h>
#include <stdio.h>

#include "out/overhead_text.h"
#include "out/table.h"

/* From the roomiest to the narrowest; the first that fits is taken. */
enum layout {
	LAYOUT_ALIGNED, /* points below points */
	LAYOUT_RIGHT,	/* numbers on the right of their columns */
	LAYOUT_STACKED, /* right, and the percentages in a second line */
	NR_LAYOUTS,
};

/* Sentences that rows point to by number; equal ones share it. */
struct footnotes {
	const char **text;
	size_t nr;
};

struct render {
	const struct rundata *data;
	const struct overhead *overhead;
	const struct overhead_text_options *options;
	struct table_look look;
	size_t width;
	enum layout layout;
	struct footnotes footnotes;
	FILE *out;
};

/* A line of a table that may be long: filled to the width, below its row. */
void render_line(const struct render *render, struct table *table, enum table_style style,
		 const char *first, const char *fmt, ...) __printf(5, 6);

/* The ratio of a row in percent. */
struct stats_interval render_percent(const struct overhead_row *row);

/* One item: its name, errors, and all its rows, as wide as fits. -ENOMEM, -EIO. */
int render_item(struct render *render, const struct rundata_item *item) __must_check;

#endif
