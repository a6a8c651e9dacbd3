// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/run_time.h"

#include <errno.h>
#include <string.h>

#include "base/units.h"
#include "core/needs.h"
#include "core/schedule.h"

/* Beyond reps, on this machine: of a block, forking, setting up and ending the workers; of an item, calibration, warm-up, proof, counters. */
#define BLOCK_EXTRA_NS 12000000
#define ITEM_EXTRA_NS  800000000
#define LATENCY_OP_NS  1000

/* At the end of a run: table and files, and the pictures of an item. */
#define OUTPUT_NS  150000000ull
#define PICTURE_NS 90000000ull

/*
 * In guests, of the time of a processor that works at nothing else: an AMD EPYC of 2026-12 under QEMU 7.2's TCG with -icount, the card on Debian's
 * 6.12.117 (8 blocks): 4.2 s until the first item, then 8.0 s for the 11 items with memcg off and 26.1 s with it on. Of an item, a quarter does not depend on
 * its number of blocks.
 */
#define BOOT_NS		 4200000000ull
#define GUEST_ARM_NS	 300000000ull /* off; root and child are dearer */
#define GUEST_WORKER_NS	 200000000ull
#define GUEST_ON_FACTOR	 1.4
#define GUEST_BLOCKS_DONE 8.0

static uint64_t at_most(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t output_ns(const struct plan *plan, bool pictures)
{
	return OUTPUT_NS + (pictures ? plan->nr_items * PICTURE_NS : 0);
}

uint64_t run_time_for_runner(const struct plan *plan, bool pictures, uint64_t gone_ns)
{
	uint64_t budget_ns = plan->budget_ns, other_ns = gone_ns + output_ns(plan, pictures);

	return other_ns < budget_ns / 2 ? budget_ns - other_ns : budget_ns / 2;
}

static uint64_t item_ns(const struct plan *plan, const struct plan_item *item, unsigned int blocks)
{
	uint64_t latency_ns = item->bench->latency ? item->nr_arms * plan->latency_ops * LATENCY_OP_NS : 0;

	return ITEM_EXTRA_NS + latency_ns + blocks * (3 * item->nr_arms * plan->rep_ns + item->nr_arms * BLOCK_EXTRA_NS);
}

/* With all blocks, whatever the budget. */
static uint64_t all_ns(const struct plan *plan, bool pictures)
{
	uint64_t ns = output_ns(plan, pictures);
	char why[256];
	size_t i;

	for (i = 0; i < plan->nr_items; i++)
		if (needs_brought(params_needs(&plan->items[i].params), plan->items[i].threads, plan->dir[0] ? plan->dir : NULL, false, why, sizeof(why)))
			ns += item_ns(plan, &plan->items[i], plan->blocks);
	return ns;
}

uint64_t run_time_live_ns(const struct plan *plan, bool pictures)
{
	return plan->budget_ns ? at_most(plan->budget_ns, all_ns(plan, pictures)) : all_ns(plan, pictures);
}

uint64_t run_time_guest_item_ns(const struct plan *plan, size_t index, bool off)
{
	const struct plan_item *item = &plan->items[index];
	double arms = off ? 1 : GUEST_ON_FACTOR * (double)(item->nr_arms - 1);
	double ns = arms * (double)(GUEST_ARM_NS + GUEST_WORKER_NS * item->nr_workers);

	return (uint64_t)(ns * (0.25 + 0.75 * plan->blocks / GUEST_BLOCKS_DONE));
}

uint64_t run_time_boot_ns(const struct plan *plan, bool off)
{
	uint64_t ns = BOOT_NS;
	size_t i;

	for (i = 0; i < plan->nr_items; i++)
		ns += run_time_guest_item_ns(plan, i, off);
	return ns;
}

/* --- --dry-run --- */

static void print_budget(const struct plan *plan, const struct run_args *args)
{
	char text[32], all_text[32];
	uint64_t budget_ns = plan->budget_ns, all = all_ns(plan, !args->no_plots);

	printf("Would take about %s and write to a new folder",
	       format_duration(run_time_live_ns(plan, !args->no_plots) / 1000000000 * 1000000000, text, sizeof(text)));
	if (budget_ns && all > budget_ns)
		printf(".\nThat is the budget (--budget): %u blocks of each would take %s and more. There will be fewer,\n"
		       "but %d at least; what there is no time for is left out, those items first that are marked (spare)",
		       plan->blocks, format_duration(all / 1000000000 * 1000000000, all_text, sizeof(all_text)), SCHEDULE_LEAST_BLOCKS);
	else if (!budget_ns && args->budget && strcmp(args->budget, "none"))
		printf(".\n--blocks goes before --budget=%s, which %s kept", args->budget,
		       !parse_duration_ns(args->budget, &budget_ns) && all > budget_ns ? "is not" : "may not be");
	printf(".\nAn item takes longer where one pass of it is longer than a rep.\n");
}

static int print_item(const struct plan *plan, const struct plan_item *item, const struct topo *topo, const struct cg_info *cg)
{
	__free_mem struct topo_place *places = calloc(item->nr_workers, sizeof(*places));
	unsigned int needs = params_needs(&item->params);
	char text[64], why[256];
	bool oversubscribed;
	size_t k;

	printf("\n%s", item->bench->name);
	for (k = 0; k < params_nr(&item->params); k++)
		if (params_is_told(&item->params, k))
			printf(" %s=%s", params_at(&item->params, k)->name, params_text(&item->params, k, text, sizeof(text)));
	if (plan->budget_ns && item->spare)
		printf(" (spare)");
	if (!needs_met_all_of(needs, cg, why, sizeof(why)) ||
	    !needs_brought(needs, item->threads, plan->dir[0] ? plan->dir : NULL, false, why, sizeof(why))) {
		printf("\n  would be skipped: %s\n", why);
		return 0;
	}
	if (!places || topo_place(topo, item->place, item->nr_workers, places, &oversubscribed))
		return -EINVAL;
	printf("\n  %u %s on CPU", item->nr_workers, item->threads ? "threads" : item->nr_workers == 1 ? "process" : "processes");
	for (k = 0; k < item->nr_workers; k++)
		printf("%s%u", k ? "," : " ", places[k].pu);
	printf(" (%s%s), memory %s", item->place, oversubscribed ? ", more workers than CPUs" : "", item->memory);
	if (item->nr_memcgs > 1)
		printf(", %u child memcgs", item->nr_memcgs);
	printf("\n  %u blocks of", plan->blocks);
	for (k = 0; k < item->nr_arms; k++)
		printf("%s %s", k ? " /" : "", plan_arm_text(&item->arms[k], text, sizeof(text)));
	printf(", each twice, reps of %s\n", format_duration(plan->rep_ns, text, sizeof(text)));
	return 0;
}

int run_time_print_live(const struct verb *verb, const struct plan *plan, const struct topo *topo, const struct cg_info *cg,
			const struct run_args *args)
{
	size_t i;

	if (args->json) {
		json_t *json = plan_to_json(plan);

		json_dumpf(json, stdout, JSON_INDENT(2));
		putchar('\n');
		json_decref(json);
		return cmd_finish(verb, EXIT_OK);
	}
	print_budget(plan, args);
	for (i = 0; i < plan->nr_items; i++)
		if (print_item(plan, &plan->items[i], topo, cg))
			return cmd_usage(verb, NULL);
	return cmd_finish(verb, EXIT_OK);
}
