// SPDX-License-Identifier: GPL-2.0-or-later
/* How many passes, and in which order: what the parts of an item share. */
#include "core/sampler_run.h"

#include <stdlib.h>

int sampler_calibrate(struct item_run *run)
{
	uint64_t goal_ns = run->sampler->plan->rep_ns;
	struct team_rep rep;
	int ret;

	run->failed_arm = (int)run->arms[0];
	for (run->passes = 1;;) {
		uint64_t factor;

		ret = team_rep(run->team[run->arms[0]], run->passes, false, BENCH_REP_UNNUMBERED, &rep);
		if (ret)
			return ret;
		if (rep.elapsed_ns >= goal_ns / 2)
			break;
		/* Carefully: the first passes of a process are slower than the rest. */
		factor = goal_ns / (rep.elapsed_ns + 1);
		run->passes *= factor < 2 ? 2 : factor > 16 ? 16 : factor;
	}
	run->passes = run->passes * goal_ns / (rep.elapsed_ns + 1);
	if (!run->passes)
		run->passes = 1;
	run->rep_ns = rep.elapsed_ns;
	run->failed_arm = -1;
	return 0;
}

void sampler_draw_order(struct item_run *run, size_t *order)
{
	size_t n = run->nr_arms, i, j;

	for (i = 0; i < n; i++) {
		j = (size_t)nrand48(run->random) % (i + 1);
		order[i] = order[j];
		order[j] = run->arms[i];
	}
	for (i = 0; i < n; i++)
		order[n + i] = order[n - 1 - i];
}
