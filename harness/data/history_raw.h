/* SPDX-License-Identifier: GPL-2.0-or-later */
/* history_raw.h - a unit on its way to its point. Private to history*.c. */
#ifndef DATA_HISTORY_RAW_H
#define DATA_HISTORY_RAW_H

#include <stddef.h>
#include <stdint.h>

struct history_raw {
	size_t kernel;
	uint64_t key; /* the seed; or a number that no other unit has */
	double value;
};

#endif
