/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ladder_text.h - the table of kernels booted with memcg off and on, for people. Computes nothing: see data/ladder.h.
 */
#ifndef OUT_LADDER_TEXT_H
#define OUT_LADDER_TEXT_H

#include <stdio.h>

#include "base/util.h"
#include "data/ladder.h"
#include "out/label.h"

/*
 * One table per item: off, root and child per kernel, what memcg costs on each, and, from the second kernel on, how that
 * changed against the first. @defaults as in label.h. -ENOMEM; -EIO: @out would not take it.
 */
int ladder_text(const struct rundata *data, const struct ladder *ladder, const struct label_defaults *defaults,
		bool colour, FILE *out) __must_check;

#endif
