/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * compare_doubts.h - what stands against believing a change between two live runs: the doubts that each run's own table has (overhead.h), and that
 * nothing was measured beside a row to tell memcg from the machine. Private to compare*.c.
 */
#ifndef DATA_COMPARE_DOUBTS_H
#define DATA_COMPARE_DOUBTS_H

#include "data/compare.h"

/*
 * Fill in the doubts of every row, and take back what is called a change in spite of them. Boots of guests have none: nothing else runs in a
 * guest, and their clock counts. To be called when all verdicts are there. -ENOMEM.
 */
int doubts_apply(struct compare *compare) __must_check;

#endif
