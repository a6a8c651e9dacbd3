// SPDX-License-Identifier: GPL-2.0-or-later
/* Is the least of the reps free of the timer's ticks? */
#include <math.h>
#include <string.h>
#include <time.h>

#include "core/sampler_run.h"

/* Of all reps of an arm having a tick, which nobody sees afterwards. */
#define CHANCE_MAX 0.05

/* Between two ticks: the coarse clocks advance with them (clock_getres(2)). */
static uint64_t tick_ns(void)
{
	struct timespec tick;

	return clock_getres(CLOCK_MONOTONIC_COARSE, &tick) || tick.tv_sec ? 0 : (uint64_t)tick.tv_nsec;
}

static bool is_exact(const struct item_run *run)
{
	return run->sampler->in_guest && run->sampler->plan->clock == PLAN_INSN && run->item->nr_workers == 1;
}

void sampler_ticks_note(struct item_run *run, size_t arm, const struct team_rep *rep)
{
	struct item_ticks *ticks = &run->ticks[arm];
	size_t m;

	ticks->nr_reps++;
	for (m = 0; m < run->item->bench->nr_metrics; m++)
		if (rep->phase[m].ns && (!ticks->least_ns[m] || rep->phase[m].ns < ticks->least_ns[m]))
			ticks->least_ns[m] = rep->phase[m].ns;
}

/* Reps begin anywhere between two ticks (lose_step()), so one as long as a half of that has a tick every other time. */
static bool may_all_have_ticks(const struct item_run *run, size_t m, uint64_t tick)
{
	size_t i;

	for (i = 0; i < run->item->nr_arms; i++) {
		const struct item_ticks *ticks = &run->ticks[i];

		if (ticks->nr_reps && pow(fmin(1, (double)ticks->least_ns[m] / (double)tick), ticks->nr_reps) > CHANCE_MAX)
			return true;
	}
	return false;
}

void sampler_ticks_judge(struct item_run *run)
{
	const struct bench *bench = run->item->bench;
	uint64_t tick = is_exact(run) ? tick_ns() : 0;
	char names[256] = "";
	size_t m, len;

	for (m = 0; tick && m < bench->nr_metrics; m++) {
		if (!may_all_have_ticks(run, m, tick))
			continue;
		len = strlen(names);
		snprintf(names + len, sizeof(names) - len, "%s%s", len ? ", " : "", bench->metrics[m].name);
	}
	if (*names)
		emit_warning(run->sampler->emit, (int)run->index, "ticks",
			     "%s: so long, or measured so seldom, that even the least rep may hold a tick of the guest's timer, thousands of "
			     "instructions; do less in a rep, or more blocks", names);
}
