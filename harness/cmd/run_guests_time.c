// SPDX-License-Identifier: GPL-2.0-or-later
/* run_guests - how long the boots take: before the first, and while they run. */
#include "cmd/run_guests_priv.h"

#include <errno.h>
#include <string.h>

#include "base/units.h"
#include "cmd/run_time.h"
#include "machine/clock.h"

/* Until so much of the work is done, the estimate of before weighs as much as what was seen. */
#define TRUST_NS 5000000000.0

/* No fewer for the sake of time: kernels that are compared get verdicts; of one there is a table, with the spread over seeds. */
#define VERDICT_SEEDS 5
#define TABLE_SEEDS   3

/* Counting functions beside the instructions. */
#define PROFILE_FACTOR 1.25

size_t guests_nr_threads(const struct guests *guests, size_t nr_boots)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	size_t nr = guests->args->nr_jobs ? guests->args->nr_jobs : (size_t)(cores > 0 ? cores : 1);

	/* Counts do not care what else runs; times do. */
	if (guests->args->accel == RUN_KVM && !guests->args->nr_jobs)
		nr = 1;
	return nr < nr_boots ? nr : nr_boots;
}

/* One boot, until it comes to item @item (from 1), or to its end. */
static uint64_t boot_ns(const struct guests *guests, bool off, size_t item)
{
	double factor = guests->args->profile ? PROFILE_FACTOR : 1;
	struct plan part = *guests->plan;

	/* Items of nanoseconds take what they take on this machine. */
	part.nr_items = item - 1;
	return guests->args->accel == RUN_KVM ? run_time_live_ns(&part, false) : (uint64_t)(factor * (double)run_time_boot_ns(&part, off));
}

static uint64_t whole_boot_ns(const struct guests *guests, const struct guest_boot *boot)
{
	return boot_ns(guests, boot->off, guests->plan->nr_items + 1);
}

uint64_t guests_time_ns(const struct guests *guests)
{
	size_t i, nr = guests_nr_in_all(guests);
	uint64_t ns = 0;

	for (i = 0; i < nr; i++)
		ns += whole_boot_ns(guests, &guests->boots[i]);
	return nr ? ns / guests_nr_threads(guests, nr) : 0;
}

/* --- --budget --- */

/* Every kernel, and each variant of it, with memcg off and on under each seed; the first one twice. */
static uint64_t expected_ns(const struct guests *guests)
{
	size_t nr_on = guests->nr_kernels * guests->nr_seeds * (1 + guests->args->boot_args.nr), nr_off = nr_on + 1;
	uint64_t on_ns = boot_ns(guests, false, guests->plan->nr_items + 1), off_ns = boot_ns(guests, true, guests->plan->nr_items + 1);

	return (nr_on * on_ns + nr_off * off_ns) / guests_nr_threads(guests, nr_on + nr_off);
}

static int copy_plan(struct guests *guests)
{
	guests->kept = *guests->plan;
	guests->kept.items = calloc(guests->plan->nr_items, sizeof(*guests->kept.items));
	guests->left_out = json_array();
	if (!guests->kept.items || !guests->left_out)
		return err_sys(ENOMEM, "memory for the plan");
	memcpy(guests->kept.items, guests->plan->items, guests->plan->nr_items * sizeof(*guests->kept.items));
	guests->plan = &guests->kept;
	return 0;
}

static void leave_an_item_out(struct guests *guests)
{
	struct plan *plan = &guests->kept;
	size_t i, out = 0;
	char text[160];

	for (i = 1; i < plan->nr_items; i++)
		if (plan->items[i].spare >= plan->items[out].spare)
			out = i;
	json_array_append_new(guests->left_out, json_string(plan_item_text(&plan->items[out], text, sizeof(text))));
	plan->nr_items--;
	memmove(&plan->items[out], &plan->items[out + 1], (plan->nr_items - out) * sizeof(*plan->items));
}

static void say_what_is_left_out(struct guests *guests)
{
	size_t i, nr = json_array_size(guests->left_out);
	char text[512] = "";
	size_t len = 0;

	for (i = 0; i < nr && len < sizeof(text); i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s %s", i ? ";" : ", without",
					json_string_value(json_array_get(guests->left_out, i)));
	if (nr || guests->nr_seeds < guests->args->nr_seeds)
		fprintf(stderr, "memcgbench run: for time (--budget=%s): %llu seed%s instead of %llu%s\n", guests->args->budget,
			(unsigned long long)guests->nr_seeds, guests->nr_seeds == 1 ? "" : "s", (unsigned long long)guests->args->nr_seeds, text);
}

int guests_keep_budget(struct guests *guests)
{
	uint64_t budget_ns, least = guests->nr_kernels > 1 ? VERDICT_SEEDS : TABLE_SEEDS;
	int ret = run_budget_parse(guests->args->budget, &budget_ns);

	if (ret || !budget_ns)
		return ret;
	if (guests->args->shard)
		return err_set(EINVAL, "--budget=%s: parts of a run on machines with more or fewer cores would leave out other boots; say --seeds and benches",
			       guests->args->budget);
	ret = copy_plan(guests);
	if (ret)
		return ret;
	while (expected_ns(guests) > budget_ns && guests->nr_seeds > least)
		guests->nr_seeds--;
	while (expected_ns(guests) > budget_ns && guests->plan->nr_items > 1)
		leave_an_item_out(guests);
	say_what_is_left_out(guests);
	return 0;
}

/* --- while they run --- */

/* How much of the boot is done, by what that was expected to take: between the last that it said and the next. */
static uint64_t done_ns(const struct guests *guests, const struct guest_boot *boot)
{
	uint64_t since_ns = clock_ns() - boot->begin_ns, least_ns, most_ns;

	if (boot->done)
		return whole_boot_ns(guests, boot);
	if (!boot->begin_ns)
		return 0;
	least_ns = boot->item ? boot_ns(guests, boot->off, boot->item) : 0;
	most_ns = boot_ns(guests, boot->off, boot->item + 1);
	return since_ns < least_ns ? least_ns : since_ns > most_ns ? most_ns : since_ns;
}

/* By how much more than thought everything took that was seen so far. One that failed early is no measure of how long the others take. */
static double pace(const struct guests *guests)
{
	double spent = TRUST_NS, worth = TRUST_NS;
	size_t i;

	for (i = 0; i < guests_nr_in_all(guests); i++) {
		const struct guest_boot *boot = &guests->boots[i];

		if (!boot->begin_ns || boot->failed)
			continue;
		spent += (double)(boot->done ? boot->spent_ns : clock_ns() - boot->begin_ns);
		worth += (double)done_ns(guests, boot);
	}
	return spent / worth;
}

static uint64_t left_ns(const struct guests *guests)
{
	size_t i, nr = guests_nr_in_all(guests);
	double left = 0, longest = 0, of_boot;

	for (i = 0; i < nr; i++) {
		of_boot = (double)(whole_boot_ns(guests, &guests->boots[i]) - done_ns(guests, &guests->boots[i]));
		left += of_boot;
		longest = of_boot > longest ? of_boot : longest;
	}
	left /= (double)guests_nr_threads(guests, nr);
	/* The last boot has nobody to share its work with. */
	return (uint64_t)((left > longest ? left : longest) * pace(guests));
}

/* Under the lock. */
static void show(struct guests *guests)
{
	const struct guest_boot *boot = guests->heard;
	char what[160], text[96], item[128];

	guest_boot_kernel_name(boot, text, sizeof(text));
	snprintf(what, sizeof(what), "%zu of %zu boots, %s %s seed %llu%s%s", guests->nr_done, guests_nr_in_all(guests), text,
		 boot->off ? "off" : "on", (unsigned long long)boot->seed, boot->done ? "" : ": ",
		 boot->done	 ? ""
		 : !boot->item ? "starts"
			       : plan_item_text(&guests->plan->items[boot->item - 1], item, sizeof(item)));
	progress_show(&guests->progress, left_ns(guests), what);
}

void guests_refresh_progress(void *ctx)
{
	struct guests *guests = ctx;

	pthread_mutex_lock(&guests->lock);
	if (guests->heard)
		show(guests);
	pthread_mutex_unlock(&guests->lock);
}

void guests_note_begin(struct guests *guests, struct guest_boot *boot)
{
	boot->begin_ns = clock_ns();
	guests->heard = boot;
	show(guests);
}

void guests_note_item(struct guests *guests, struct guest_boot *boot, size_t item)
{
	if (item < 1 || item > guests->plan->nr_items)
		return;
	pthread_mutex_lock(&guests->lock);
	boot->item = item;
	guests->heard = boot;
	show(guests);
	pthread_mutex_unlock(&guests->lock);
}

void guests_note_end(struct guests *guests, struct guest_boot *boot)
{
	boot->spent_ns = clock_ns() - boot->begin_ns;
	guests->heard = boot;
	show(guests);
}

/* --- --dry-run --- */

void guests_print_plan(const struct guests *guests)
{
	const struct plan *plan = guests->plan;
	size_t nr = guests_nr_in_all(guests), threads = guests_nr_threads(guests, nr), i, k;
	char text[160], arm[64];

	printf("# %zu boots%s, %zu at a time, take about %s", guests->nr_boots, nr > guests->nr_boots ? " and one of them again" : "", threads,
	       format_duration(guests_time_ns(guests) / 1000000000 * 1000000000, text, sizeof(text)));
	printf(" (as on %zu idle core%s of an AMD EPYC of 2026; results do not depend on it)\n", threads, threads == 1 ? "" : "s");
	for (i = 0; i < plan->nr_items; i++) {
		const struct plan_item *item = &plan->items[i];

		printf("#   %s: %u blocks of", plan_item_text(item, text, sizeof(text)), plan->blocks);
		for (k = 0; k < item->nr_arms; k++)
			printf("%s %s", k ? " /" : "", plan_arm_text(&item->arms[k], arm, sizeof(arm)));
		putchar('\n');
	}
}
