/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * overhead_time.h - what a budget of time made coarser, in words: fewer blocks, smaller passes, items left out.
 */
#ifndef OUT_OVERHEAD_TIME_H
#define OUT_OVERHEAD_TIME_H

#include <stdbool.h>
#include <stdio.h>

#include "data/rundata.h"

/* Did the run have a budget? */
bool overhead_time_is_limited(const struct rundata *data);
/* "2 m 00 s (--budget): 38 to 41 blocks instead of 60; fault_storm --size=4M instead of 8M; 2 items left out". */
void overhead_time_write(const struct rundata *data, FILE *out);

#endif
