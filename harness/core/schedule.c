// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/schedule.h"

static uint64_t at_most(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static bool is_in(const struct schedule_item *item)
{
	return !item->is_over && item->blocks;
}

/* What those that are in take besides their blocks; *ret_block_ns: one block of each. */
static uint64_t rest_ns(const struct schedule_item *items, size_t nr, uint64_t extra_ns, uint64_t *ret_block_ns)
{
	uint64_t ns = 0;
	size_t i;

	*ret_block_ns = 0;
	for (i = 0; i < nr; i++) {
		if (!is_in(&items[i]))
			continue;
		*ret_block_ns += items[i].block_ns;
		ns += items[i].fixed_ns + at_most(items[i].warmup_ns, extra_ns) + at_most(items[i].latency_ns, extra_ns);
	}
	return ns;
}

static size_t nr_in(const struct schedule_item *items, size_t nr)
{
	size_t n = 0, i;

	for (i = 0; i < nr; i++)
		n += is_in(&items[i]);
	return n;
}

/* One that would not fit if it were the only one; else as struct schedule_item says. */
static void leave_one_out(struct schedule_item *items, size_t nr, unsigned int least, uint64_t left_ns)
{
	struct schedule_item *out = NULL;
	bool out_fits = true, fits;
	size_t i;

	for (i = 0; i < nr; i++) {
		if (!is_in(&items[i]))
			continue;
		fits = items[i].fixed_ns + least * items[i].block_ns <= left_ns;
		if (!out || (out_fits && !fits) || (out_fits == fits && items[i].spare >= out->spare)) {
			out = &items[i];
			out_fits = fits;
		}
	}
	if (out)
		out->blocks = 0;
}

uint64_t schedule_share(struct schedule_item *items, size_t nr, unsigned int blocks, uint64_t left_ns, bool must_one)
{
	unsigned int least = (unsigned int)at_most(SCHEDULE_LEAST_BLOCKS, blocks), share = blocks;
	uint64_t block_ns = 0, rest = 0, extra_ns = UINT64_MAX, ns = 0;
	size_t i, n;

	for (i = 0; i < nr; i++) {
		items[i].blocks = blocks;
		items[i].ns = 0;
	}
	while ((n = nr_in(items, nr))) {
		if (left_ns != UINT64_MAX)
			extra_ns = (uint64_t)((double)left_ns / (double)n * SCHEDULE_EXTRA_PART);
		rest = rest_ns(items, nr, extra_ns, &block_ns);
		if ((n == 1 && must_one) || left_ns == UINT64_MAX || (rest <= left_ns && (left_ns - rest) / least >= block_ns))
			break;
		leave_one_out(items, nr, least, left_ns);
	}
	if (n && left_ns != UINT64_MAX && block_ns)
		share = rest < left_ns ? (unsigned int)at_most((left_ns - rest) / block_ns, blocks) : 0;
	share = share < least ? least : share;
	for (i = 0; i < nr; i++) {
		struct schedule_item *item = &items[i];

		if (!is_in(item))
			continue;
		item->blocks = share;
		item->extra_ns = extra_ns;
		item->ns = item->fixed_ns + at_most(item->warmup_ns, extra_ns) + at_most(item->latency_ns, extra_ns) + share * item->block_ns;
		ns += item->ns;
	}
	return ns;
}
