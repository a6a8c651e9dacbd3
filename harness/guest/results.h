/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * results.h - the records that a guest sends, out of the bytes of its result channel as they come. Pure.
 *
 * Nothing else of a guest makes a record: not its console, whatever is written there. What a record must hold is checked by who reads it
 * (data/rundata.h); here it has to be an object with a type, in a line of its own.
 */
#ifndef GUEST_RESULTS_H
#define GUEST_RESULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guest/console.h"

struct results {
	/* One record without its newline, valid during the call. Not 0: the sentence is in err.h, and no more is read. May be NULL. */
	int (*on_line)(void *ctx, const char *line);
	void *ctx;
	char *line; /* what came behind the last newline */
	size_t line_len, line_size;
	uint64_t nr_records;
	bool has_end;	     /* the end record is the last: nothing behind it is read */
	uint64_t tainted;    /* as the end record says */
	enum boot_fault fault; /* BOOT_GARBLED, BOOT_REFUSED; nothing behind it is read */
	char detail[256];
};

/* Bytes as they come, lines cut anywhere. */
void results_feed(struct results *results, const char *data, size_t size);

/* Frees what results_feed() allocated. */
void results_clear(struct results *results);

#endif
