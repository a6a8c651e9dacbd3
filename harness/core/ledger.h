/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ledger.h - what memcgs are charged, as what, against what a bench says of it: whose page is it?
 *
 * Numbers are lines of memory.stat and the swap that is charged, in pages, exact where workers have stirred the statistics
 * (bench_run_stir()). Knows memcgs, and no workers.
 */
#ifndef CORE_LEDGER_H
#define CORE_LEDGER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/util.h"
#include "core/arm_groups.h"
#include "core/bench_run.h"

/*
 * Pages that a worker itself may come to have, or lose, between two readings, with a pass behind it already: of its stack and heap. Measured
 * in guests and on a machine of 2 CPUs: none (docs/METHOD.md, "Proof of the work").
 */
#define LEDGER_OWN_PAGES 4

struct ledger;

/*
 * The memcgs of all arms, of which arm @arm works now. @page_bytes: of a base page. Reads all of them. Free with ledger_free(), NULL is fine.
 */
int ledger_open(const struct arm_groups *groups, size_t nr_arms, size_t arm, unsigned int nr_workers, uint64_t page_bytes,
		struct ledger **ret_ledger) __must_check;
void ledger_free(struct ledger *ledger);

/* Nothing is expected of anybody. */
void ledger_expect_nothing(struct ledger *ledger);
/* One more thing is. -ENOENT: there is no such memcg (any more). */
int ledger_expect(struct ledger *ledger, const struct bench_expected *expected) __must_check;

/*
 * Read again, and judge what was charged since ledger_open(). -EPROTO: not what was expected, or an expectation that could not fail; the
 * sentence names memcg, kind and pages. @over: the pass is over. *ret_unproven: an expectation that this kernel keeps no
 * number for, or none that is exact enough; a sentence that is the ledger's, else NULL. @nr_tries: readings, half a second apart, before it
 * blames: the kernel itself gathers statistics every 2 s (FLUSH_TIME, mm/memcontrol.c, Linux 6.12).
 */
#define LEDGER_TRIES 6
int ledger_judge(struct ledger *ledger, bool over, unsigned int nr_tries, const char **ret_unproven) __must_check;

/* Of the memcgs of the arm's workers together: pages expected and charged as @charged; INT64_MIN: this kernel keeps no such number. */
int64_t ledger_expected(const struct ledger *ledger, enum bench_charged charged);
int64_t ledger_charged(const struct ledger *ledger, enum bench_charged charged);
/* Bytes by which their usage grew. */
int64_t ledger_usage(const struct ledger *ledger);

/* As memory.stat calls it: "anon". */
const char *ledger_name(enum bench_charged charged);

#endif
