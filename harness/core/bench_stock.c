// SPDX-License-Identifier: GPL-2.0-or-later
/* What the stock of charges is like on this kernel, for bench_memcg.h. */
#include <errno.h>
#include <sys/mman.h>

#include "base/err.h"
#include "core/worker.h"

/* More than a few batches, less than a page table. */
#define PAGES_MAX 511

int bench_stock_batch(struct bench_run *run, uint64_t *ret_bytes)
{
	struct bench_memcg *home = bench_memcg_home(run, 0);
	struct bench_pages pages;
	uint64_t before, after, rise = 0;
	size_t i;
	int ret;

	*ret_bytes = 0;
	if (!bench_in_memcg(run))
		return 0;
	ret = bench_pages_make(run, BENCH_BACKED_ANON, NULL, PAGES_MAX, 0, &pages);
	if (!ret)
		ret = bench_memcg_usage(run, home, &after);
	/* Twice in a row the same, to be sure. */
	for (i = 0; !ret && !*ret_bytes && i < pages.nr; i++) {
		before = after;
		ret = bench_pages_bring_in(&pages, i, 1);
		if (!ret)
			ret = bench_memcg_usage(run, home, &after);
		if (ret || after <= before)
			continue;
		*ret_bytes = after - before == rise ? rise : 0;
		rise = after - before;
	}
	bench_pages_free(&pages);
	return ret == -ENODATA ? 0 : ret;
}
