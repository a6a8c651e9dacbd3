/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * overhead_header.h - the lines above the table: which kernel, machine and settings were measured,
 * and how.
 *
 * A part of out/overhead_text.h. A fact that run.json does not have is left out or called unknown,
 * never guessed.
 */
#ifndef OUT_OVERHEAD_HEADER_H
#define OUT_OVERHEAD_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/util.h"
#include "data/overhead.h"
#include "data/rundata.h"
#include "out/table.h"

/* Also says at the very top that a run is not whole, and below the facts what was wrong with it.
 * -ENOMEM, -EIO. */
int overhead_header(const struct rundata *data, const struct overhead *overhead,
		    const struct table_look *look, size_t width, bool verbose,
		    FILE *out) __must_check;

#endif
