// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/suite.h"

#include "base/util.h"

#define CARD (1 << SUITE_CARD)
#define FULL (1 << SUITE_FULL)
#define BOTH (CARD | FULL)

#define DEPTHS "1,2,3,5,8,16,32"

/* Fewer pages a worker, since they add up: a pass of 8 workers is then about as long as a tick of the timer. */
#define TURNS "way=turns pages=32"

const char *const suite_names[] = {[SUITE_CARD] = "card", [SUITE_FULL] = "full", [SUITE_NR] = NULL};

const struct suite_entry suite_entries[] = {
	{BOTH, SUITE_ANYWHERE, "null"},

	{BOTH, SUITE_ANYWHERE, "fault_storm"},
	{BOTH, SUITE_LIVE, "fault_storm", .workers = "cores"},
	{FULL, SUITE_ANYWHERE, "fault_storm", "map=shmem"},
	{FULL, SUITE_ANYWHERE, "fault_storm", "map=file-cow"},

	{BOTH, SUITE_ANYWHERE, "charge_scaling", "way=pingpong"},
	{BOTH, SUITE_LIVE, "charge_scaling", .workers = "1,cores"},
	{BOTH, SUITE_LIVE, "charge_scaling", .workers = "cores", .memcgs = "each"},
	{CARD, SUITE_ANYWHERE, "charge_scaling", TURNS, .workers = "1,2,8", .memcgs = "each", .place = "one"},
	{FULL, SUITE_ANYWHERE, "charge_scaling", TURNS, .workers = "1,2,3,4,5,6,7,8,9,10,12,16", .memcgs = "each", .place = "one"},
	{FULL, SUITE_LIVE, "charge_scaling", "way=pingpong", .workers = "1,cores"},
	{FULL, SUITE_LIVE, "charge_scaling", "way=pingpong", .workers = "cores", .memcgs = "each"},

	{CARD, SUITE_GUESTS, "charge_depth", "way=single", .depth = "1,4,16"},
	{CARD, SUITE_GUESTS, "charge_depth", "way=stat", .depth = "1,4,16"},
	{CARD, SUITE_LIVE, "charge_depth", "way=single", .depth = "1,8,32"},
	{FULL, SUITE_ANYWHERE, "charge_depth", "way=hit", .depth = DEPTHS},
	{FULL, SUITE_ANYWHERE, "charge_depth", "way=single", .depth = DEPTHS},
	{FULL, SUITE_ANYWHERE, "charge_depth", "way=stat", .depth = DEPTHS},
	{FULL, SUITE_GUESTS, "charge_depth", "way=miss", .depth = DEPTHS},
	{FULL, SUITE_ANYWHERE, "charge_depth", "way=single siblings=100"},
	{FULL, SUITE_ANYWHERE, "charge_depth", "way=single siblings=1000"},

	{BOTH, SUITE_ANYWHERE, "reclaim_depth"},
	/* Nobody asked for swap on his machine. */
	{BOTH, SUITE_GUESTS, "swapin_race"},
	{BOTH, SUITE_ANYWHERE, "pagecache_share"},
	{FULL, SUITE_GUESTS, "pagecache_share", "backing=dir"},
	{FULL, SUITE_GUESTS, "reclaim_depth", "way=high"},
	{FULL, SUITE_GUESTS, "reclaim_depth", "way=proactive"},
	{FULL, SUITE_GUESTS, "reclaim_depth", "kind=anon"},
	{FULL, SUITE_GUESTS, "reclaim_depth", "siblings=100"},
	{FULL, SUITE_GUESTS, "reclaim_pressure"},
};

const size_t nr_suite_entries = ARRAY_SIZE(suite_entries);
