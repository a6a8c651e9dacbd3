/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sampler.h - takes the samples of one item: calibrate, settle, prove, then blocks of interleaved arms.
 *
 * A block holds every arm twice, in a random order followed by its mirror image (ABBA for two), in processes forked anew
 * for it: drift inside a block cancels, and the luck of one address space is part of the variance between blocks. Writes
 * records, judges nothing.
 */
#ifndef CORE_SAMPLER_H
#define CORE_SAMPLER_H

#include "base/util.h"
#include "core/emit.h"
#include "core/plan.h"
#include "core/schedule.h"
#include "machine/cgroup.h"
#include "machine/topo.h"

/* What a look at an item found. */
struct sampler_found {
	uint64_t passes; /* of a rep; 0: unknown */
	bool is_smaller; /* than the plan says: */
	struct params params;
};

struct sampler {
	const struct plan *plan;
	struct emit *emit;
	const struct topo *topo;
	const struct cg_info *cg;
	struct cg_tree *tree; /* NULL: no memory controller */
	const char *dir;      /* where folders of benches may be made; NULL: nowhere; in a guest @dir_why says why */
	const char *dir_why;
	bool in_guest;	      /* nothing else runs on this kernel */
	bool dir_is_ours; /* all of it, so that they lie directly in it */
	/* Of sampler_look(), by item; NULL: there was none, as in guests, whose results must not depend on the host's speed. */
	struct schedule_item *schedule;
	struct sampler_found *found;
	uint64_t end_ns; /* of the plan's budget, by clock_ns(); UINT64_MAX: none */
	bool has_measured; /* an item */
};

/*
 * Find out what the items take, before the first is measured: each is calibrated, and every arm runs one rep. With a budget, sizes that nobody asked for
 * become smaller where a pass takes far longer than a rep should. -ENOMEM, -EINTR; whatever else fails will fail again, and is said then.
 */
int sampler_look(struct sampler *sampler) __must_check;
void sampler_forget(struct sampler *sampler);

/*
 * Take all samples of item number @index of the plan. 0: done, or skipped with a record; -EINTR: interrupted; any other error has its record
 * already, and the next item may be tried.
 */
int sampler_item(struct sampler *sampler, size_t index) __must_check;

#endif
