// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/suite.h"

#include "base/util.h"

#define CARD (1 << SUITE_CARD)
#define FULL (1 << SUITE_FULL)
#define BOTH (CARD | FULL)

#define DEPTHS "1,2,3,5,8,16,32"

/* Fewer pages a worker, since they add up: a pass of 8 workers is then about as long as a tick of the timer. */
#define TURNS "way=turns pages=32"

#define NODES (SUITE_ANYWHERE | SUITE_NODES)

/* 256 pages: a thousand memcgs of them need --memory=3G; a guest as it comes has room for a hundred. */
#define HOLDING "sibling-pages=256 "
#define GLOBAL	"way=global siblings="

const char *const suite_names[] = {[SUITE_CARD] = "card", [SUITE_FULL] = "full", [SUITE_NR] = NULL};

const struct suite_entry suite_entries[] = {
	{BOTH, SUITE_ANYWHERE, "null"},

	{BOTH, SUITE_ANYWHERE, "fault_storm"},
	{BOTH, SUITE_LIVE, "fault_storm", .workers = "cores"},
	{FULL, SUITE_ANYWHERE, "fault_storm", "map=shmem"},
	{FULL, SUITE_ANYWHERE, "fault_storm", "map=file-cow"},

	{BOTH, SUITE_ANYWHERE, "charge_scaling", "way=pingpong", .spare = 1},
	{BOTH, SUITE_LIVE, "charge_scaling", .workers = "1,cores"},
	{BOTH, SUITE_LIVE, "charge_scaling", .workers = "cores", .memcgs = "each"},
	{CARD, SUITE_ANYWHERE, "charge_scaling", TURNS, .workers = "1,2,8", .memcgs = "each", .place = "one", .spare = 2},
	{FULL, SUITE_ANYWHERE, "charge_scaling", TURNS, .workers = "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16", .memcgs = "each",
	 .place = "one"},
	{FULL, SUITE_LIVE, "charge_scaling", "way=pingpong", .workers = "1,cores"},
	{FULL, SUITE_LIVE, "charge_scaling", "way=pingpong", .workers = "cores", .memcgs = "each"},
	/* One memcg over the nodes, one for each node, and memory that is not where its worker is. */
	{FULL, NODES, "charge_scaling", .workers = "1,2", .place = "scatter"},
	{FULL, NODES, "charge_scaling", .workers = "2", .memcgs = "each", .place = "scatter"},
	{FULL, NODES, "charge_scaling", .workers = "1", .memory = "remote"},

	{CARD, SUITE_GUESTS, "charge_depth", "way=single", .depth = "1,4,16"},
	{CARD, SUITE_GUESTS, "charge_depth", "way=stat", .depth = "1,4,16"},
	{CARD, SUITE_LIVE, "charge_depth", "way=single", .depth = "1,8,32"},
	{FULL, SUITE_ANYWHERE, "charge_depth", "way=hit", .depth = DEPTHS},
	{FULL, SUITE_ANYWHERE, "charge_depth", "way=single", .depth = DEPTHS},
	{FULL, SUITE_ANYWHERE, "charge_depth", "way=stat", .depth = DEPTHS},
	{FULL, SUITE_GUESTS, "charge_depth", "way=miss", .depth = DEPTHS},
	{FULL, SUITE_ANYWHERE, "charge_depth", "way=single siblings=1"},
	{FULL, SUITE_ANYWHERE, "charge_depth", "way=single siblings=10"},
	{FULL, SUITE_ANYWHERE, "charge_depth", "way=single siblings=100"},
	{FULL, SUITE_ANYWHERE, "charge_depth", "way=single siblings=300"},
	{FULL, SUITE_ANYWHERE, "charge_depth", "way=single siblings=1000"},

	{BOTH, SUITE_ANYWHERE, "reclaim_depth"},
	{FULL, SUITE_GUESTS, "reclaim_depth", "lru-gen=off"},
	{FULL, SUITE_GUESTS, "reclaim_depth", "way=high"},
	{FULL, SUITE_GUESTS, "reclaim_depth", "way=proactive"},
	{FULL, SUITE_GUESTS, "reclaim_depth", "kind=anon"},
	{FULL, SUITE_GUESTS, "reclaim_depth", "kind=anon lru-gen=off"},
	{FULL, SUITE_GUESTS, "reclaim_depth", "level=0", .depth = "4"},
	{FULL, SUITE_GUESTS, "reclaim_depth", "level=1", .depth = "4"},
	{FULL, SUITE_GUESTS, "reclaim_depth", "level=2", .depth = "4"},
	{FULL, SUITE_GUESTS, "reclaim_depth", "level=3", .depth = "4"},
	/* At a limit nobody else should be visited; of the whole machine everybody is. */
	{FULL, SUITE_GUESTS, "reclaim_depth", "siblings=100"},
	{FULL, SUITE_GUESTS, "reclaim_depth", "siblings=1000"},
	{FULL, SUITE_GUESTS, "reclaim_depth", GLOBAL "1"},
	{FULL, SUITE_GUESTS, "reclaim_depth", GLOBAL "100"},
	{FULL, SUITE_GUESTS, "reclaim_depth", GLOBAL "300"},
	{FULL, SUITE_GUESTS, "reclaim_depth", GLOBAL "1000"},
	{FULL, SUITE_GUESTS, "reclaim_depth", "lru-gen=off " GLOBAL "1"},
	{FULL, SUITE_GUESTS, "reclaim_depth", "lru-gen=off " GLOBAL "100"},
	{FULL, SUITE_GUESTS, "reclaim_depth", "lru-gen=off " GLOBAL "300"},
	{FULL, SUITE_GUESTS, "reclaim_depth", "lru-gen=off " GLOBAL "1000"},
	{FULL, SUITE_GUESTS, "reclaim_depth", HOLDING GLOBAL "30"},
	{FULL, SUITE_GUESTS, "reclaim_depth", HOLDING GLOBAL "100"},
	{FULL, SUITE_GUESTS, "reclaim_depth", "lru-gen=off " HOLDING GLOBAL "30"},
	{FULL, SUITE_GUESTS, "reclaim_depth", "lru-gen=off " HOLDING GLOBAL "100"},
	{FULL, SUITE_GUESTS, "reclaim_pressure"},
	{FULL, SUITE_GUESTS, "reclaim_pressure", "lru-gen=off"},
	{FULL, SUITE_GUESTS, "reclaim_pressure", "siblings=30"},
	{FULL, SUITE_GUESTS, "reclaim_pressure", "siblings=100"},
	{FULL, SUITE_GUESTS, "reclaim_pressure", "lru-gen=off siblings=30"},
	{FULL, SUITE_GUESTS, "reclaim_pressure", "lru-gen=off siblings=100"},

	/* Nobody asked for swap on his machine. */
	{BOTH, SUITE_GUESTS, "swapin_race"},
	{FULL, SUITE_GUESTS, "swapin_race", "way=reclaim"},
	{FULL, SUITE_GUESTS, "swapin_race", "way=limit"},
	{FULL, SUITE_GUESTS, "swapin_race", "move=swapped"},
	{FULL, SUITE_GUESTS, "swapin_race", "way=reclaim move=swapped"},
	{FULL, SUITE_GUESTS, "swapin_race", "faults=race"},
	{FULL, SUITE_GUESTS, "swapin_race", "faults=race", .workers = "4"},
	{FULL, SUITE_GUESTS, "swapin_race", .threads = true},
	{FULL, SUITE_GUESTS, "swapin_race", "faults=race", .threads = true},

	{BOTH, SUITE_ANYWHERE, "pagecache_share", .spare = 1},
	/* What a removed memcg leaves to its parent is seen where that is not the root. */
	{FULL, SUITE_ANYWHERE, "pagecache_share", .depth = "2"},
	{FULL, SUITE_GUESTS, "pagecache_share", "backing=dir", .depth = "1,2"},
};

const size_t nr_suite_entries = ARRAY_SIZE(suite_entries);
