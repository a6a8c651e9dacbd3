/* SPDX-License-Identifier: GPL-2.0-or-later */
/* simulate_text.h - made-up comparisons as a table for a terminal. Computes nothing: see data/simulate.h. */
#ifndef OUT_SIMULATE_TEXT_H
#define OUT_SIMULATE_TEXT_H

#include <stdio.h>

#include "data/simulate.h"

/* A heading, then one line for each cell; @power NAN: not asked. */
void simulate_text_head(size_t nr_families, FILE *out);
void simulate_text_cell(const struct simulate_cell *cell, double power, FILE *out);

#endif
