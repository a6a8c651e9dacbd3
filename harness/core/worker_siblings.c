// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Memcgs beside those of the workers, and what they hold (--siblings, --sibling-pages), whatever the bench; made by the process that the workers come
 * from, in the place of worker 0.
 */
#include <string.h>

#include "base/err.h"
#include "core/worker_priv.h"

static uint64_t common(const struct bench_run *run, enum params_common which)
{
	return run->team->item->params.common[which];
}

/* Pages of a sibling are what was brought in from inside it; they stay until they are reclaimed. */
static int fill(struct bench_run *run, uint64_t index)
{
	const uint64_t nr = common(run, PARAMS_SIBLING_PAGES);
	int ret = bench_pages_bring_in(&run->team->siblings, index * nr, nr);

	return ret ? bench_error(run, -ret, "bring in the pages of a sibling: %s", strerror(-ret)) : 0;
}

int worker_make_siblings(struct bench_run *run)
{
	const uint64_t nr = common(run, PARAMS_SIBLINGS), nr_pages = common(run, PARAMS_SIBLING_PAGES);
	struct bench_memcg *memcg;
	uint64_t i;
	int ret = 0;

	if (!bench_in_memcg(run))
		return 0;
	/* Of a file where there is a folder for it: what a bench that needs one streams itself. */
	if (nr && nr_pages)
		ret = bench_pages_make(run, run->team->dir ? BENCH_BACKED_FILE : BENCH_BACKED_ANON, "siblings", nr * nr_pages, 0,
				       &run->team->siblings);
	for (i = 0; !ret && i < nr; i++) {
		ret = worker_memcg_make(run, &memcg);
		if (!ret && nr_pages)
			ret = worker_memcg_enter(run, memcg);
		if (!ret && nr_pages)
			ret = fill(run, i);
	}
	if (!ret && nr && nr_pages)
		ret = worker_memcg_enter(run, bench_memcg_mine(run));
	/* To look at them. */
	return !ret && run->team->siblings.nr && !run->team->siblings.map ? bench_pages_map(run, &run->team->siblings, 0) : ret;
}

void bench_count_siblings(struct bench_run *run, size_t metric)
{
	const struct bench_pages *siblings = &run->team->siblings;

	if (siblings->nr)
		bench_count(run, metric, bench_pages_resident(run, siblings), common(run, PARAMS_SIBLINGS));
}
