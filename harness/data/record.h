/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * record.h - the types of record of the result stream (docs/RESULTS-FORMAT.md), for its writer and its reader.
 *
 * Names only: what a record must hold is checked by the reader, rundata.c.
 */
#ifndef DATA_RECORD_H
#define DATA_RECORD_H

#include <jansson.h>

#include "base/util.h"

#define RECORD_SCHEMA_RUN     "memcgbench-run"
#define RECORD_SCHEMA_SAMPLES "memcgbench-samples"
#define RECORD_SCHEMA_VERSION 1

enum record_type {
	RECORD_NONE, /* no record: not an object, or no type, or one that is not known */
	RECORD_BOOT,
	RECORD_ITEM,
	RECORD_SAMPLE,
	RECORD_PROOF,
	RECORD_COUNTERS,
	RECORD_LATENCY,
	RECORD_NOISE,
	RECORD_WARNING,
	RECORD_SKIP,
	RECORD_ERROR,
	RECORD_END,
	RECORD_TOPOLOGY, /* on the wire only: the store makes a file of it */
};

enum record_type record_type(const json_t *record);

/*
 * Make every name and text in what somebody else wrote printable (base/printable.h), keys too. Lines stay in what are texts of several: "text", "why",
 * "xml". -ENOMEM.
 */
int record_make_printable(json_t *json) __must_check;

#endif
