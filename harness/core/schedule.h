/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * schedule.h - how many blocks each item of a run gets, so that a budget of time is kept: arithmetic on what was measured of each item before
 * the first begins. Knows no clock.
 *
 * All items get as many blocks, as a row's interval depends on their number and not on how dear they are. None gets fewer than an interval
 * takes: where there is no time for that, items are left out whole.
 */
#ifndef CORE_SCHEDULE_H
#define CORE_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of signed ranks, 6 pairs are the least with a 95 % interval (2/2^6 is below 5 %, 2/2^5 is not). */
#define SCHEDULE_LEAST_BLOCKS 6

/* The part of an item's share that single ops (latencies) may take, and the warm-up. */
#define SCHEDULE_EXTRA_PART 0.1

/* What is known of one item, in ns. */
struct schedule_item {
	unsigned int spare; /* the greatest is left out first, of equals the last */
	bool is_over;	    /* done, or not to be run here: takes no time any more */
	uint64_t block_ns;  /* teams started, every arm three times, teams stopped */
	uint64_t fixed_ns;  /* whatever else an item takes, and cannot be made shorter */
	uint64_t warmup_ns, latency_ns; /* if nothing limits them */

	/* What schedule_share() makes of it. */
	unsigned int blocks; /* 0: left out */
	uint64_t extra_ns;   /* the most that warm-up and latencies may take, each */
	uint64_t ns;	     /* all that it is expected to take */
};

/*
 * Share @left_ns (UINT64_MAX: no limit) among the @nr items that are not over, each with at most @blocks. Returns what all of them take: no more than
 * @left_ns, unless there is but one, which has the least number of blocks, and @must_one: one is measured, whatever it takes.
 */
uint64_t schedule_share(struct schedule_item *items, size_t nr, unsigned int blocks, uint64_t left_ns, bool must_one);

#endif
