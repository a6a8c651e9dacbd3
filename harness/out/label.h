/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * label.h - what items, arms and facts of a run are called in tables and pictures.
 *
 * Names only, no numbers of results. Reads run.json and the items as data/rundata.h holds them.
 */
#ifndef OUT_LABEL_H
#define OUT_LABEL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "data/overhead.h"
#include "data/rundata.h"

#define LABEL_MAX 64

/* Is @value what @param of @bench is when nothing is said? The registry of benches knows, which
 * out/ must not ask. */
struct label_defaults {
	bool (*is_default)(const char *bench, const char *param, const char *value);
};

/*
 * The arm's name, as short as tells it from the other arms of its item: "root", "child", "depth 2",
 * "depth 2, max 64M". Writes to and returns @buf, LABEL_MAX bytes.
 */
char *label_arm(const struct rundata_item *item, const struct rundata_arm *arm, char *buf);

/* What is compared, in words: "child at depth 1 (no limit), child at depth 3 (limit 64M), each
 * against root memcg". */
void label_arms(const struct rundata_item *item, FILE *out);

/*
 * "fault_storm --map=shmem": the bench with its parameters, without those at their default (all of
 * them when
 * @defaults is NULL). malloc'd; NULL without memory.
 */
char *label_item(const struct rundata_item *item, const struct label_defaults *defaults);

/* "2 processes", "1 thread". Returns @buf, LABEL_MAX bytes. */
char *label_workers(const struct rundata_item *item, char *buf);

/* ", each in its own memcg" or ", in 2 memcgs" behind the workers; "" where they share one. Returns @buf, LABEL_MAX bytes. */
char *label_memcgs(const struct rundata_item *item, char *buf);

/*
 * What tells @item from the others of the run with the same bench, parameters and number of workers, in what they differ in:
 * ", in 2 memcgs, placed scatter, memory remote, depth 2". "" where there are no others. malloc'd; NULL without memory.
 */
char *label_distinction(const struct rundata *data, const struct rundata_item *item);

/*
 * As label_item(), with the workers behind it ("fault_storm, 2 processes") and label_distinction() where the run has
 * another item of that name. malloc'd; NULL without memory.
 */
char *label_item_unique(const struct rundata *data, const struct rundata_item *item,
			const struct label_defaults *defaults);

/*
 * What one row is called by itself: "fault_storm exit", with what tells it from the other rows of
 * the run where that is needed: "fault_storm, 2 processes: exit (depth 3)". malloc'd; NULL without
 * memory.
 */
char *label_row(const struct rundata *data, const struct overhead_row *row,
		const struct label_defaults *defaults);

/* Of "ns/page" what stands before the op: "ns", "pages". malloc'd; NULL without memory. */
char *label_quantity(const struct rundata_metric *metric);

/* "ns/page" in words: "ns per page". malloc'd; NULL without memory. */
char *label_per(const struct rundata_metric *metric);

/* "ns" or "insn": what the run's clock counts. */
const char *label_clock(const struct rundata *data);

/* The string at @key of object @object; "" when it is missing, empty or no string. */
const char *label_string(const json_t *object, const char *key);

/* run.json's first boot and its parts "facts", "cgroup", "topology"; NULL when missing. @part NULL:
 * the boot. */
const json_t *label_boot(const struct rundata *data, const char *part);

/* An item whose arms are those of every item that has any, so that they can be named once for all;
 * NULL: they differ. */
const struct rundata_item *label_common_arms(const struct rundata *data);

#endif
