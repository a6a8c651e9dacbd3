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
#include "machine/cgroup.h"
#include "machine/topo.h"

struct sampler {
	const struct plan *plan;
	struct emit *emit;
	const struct topo *topo;
	const struct cg_info *cg;
	struct cg_tree *tree; /* NULL: no memory controller */
	const char *dir;      /* where folders of benches may be made; NULL: nowhere, @dir_why says why */
	const char *dir_why;
	bool in_guest;	      /* nothing else runs on this kernel */
	bool dir_is_ours; /* all of it, so that they lie directly in it */
};

/*
 * Take all samples of item number @index of the plan. 0: done, or skipped with a record; -EINTR: interrupted; any other error has its record
 * already, and the next item may be tried.
 */
int sampler_item(const struct sampler *sampler, size_t index) __must_check;

#endif
