// SPDX-License-Identifier: GPL-2.0-or-later
/* From samples in blocks to rows, verdicts and doubts. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>

#include "base/err.h"
#include "data/overhead.h"

#define SAMPLES_MAX 512
#define NR_METRICS  2
#define NR_ARMS	    3

/* One item with three arms, filled by hand. */
struct fixture {
	struct rundata data;
	struct rundata_item item;
	struct rundata_metric metrics[NR_METRICS];
	struct rundata_arm arms[NR_ARMS];
	struct rundata_sample samples[SAMPLES_MAX];
	double values[SAMPLES_MAX][NR_METRICS];
	struct rundata_latency latencies[8];
	struct overhead *overhead;
};

static void fixture_init(struct fixture *f)
{
	memset(f, 0, sizeof(*f));
	f->metrics[0] = (struct rundata_metric){ .name = (char *)"fault", .lower_is_better = true };
	f->metrics[1] = (struct rundata_metric){ .name = (char *)"free", .lower_is_better = true };
	f->arms[0] = (struct rundata_arm){ .state = (char *)"root" };
	f->arms[1] = (struct rundata_arm){ .state = (char *)"child", .depth = 1 };
	f->arms[2] = (struct rundata_arm){ .state = (char *)"child", .depth = 5 };
	f->item = (struct rundata_item){
		.bench = (char *)"fault_storm", .place = (char *)"compact", .metrics = f->metrics, .nr_metrics = NR_METRICS, .arms = f->arms,
		.nr_arms = NR_ARMS, .samples = f->samples, .latencies = f->latencies, .workers = json_pack("[{}]"),
		.noise = json_array(), .warnings = json_array(), .errors = json_array(), .counters = json_array(),
	};
	f->data = (struct rundata){ .dir = (char *)"nowhere", .items = &f->item, .nr_items = 1, .complete = true };
}

static void fixture_clear(struct fixture *f)
{
	overhead_free(f->overhead);
	json_decref(f->item.workers);
	json_decref(f->item.noise);
	json_decref(f->item.warnings);
	json_decref(f->item.errors);
	json_decref(f->item.counters);
}

static struct rundata_sample *add(struct fixture *f, unsigned int arm, unsigned int block, double fault, double free_)
{
	size_t i = f->item.nr_samples++;

	assert_true(i < SAMPLES_MAX);
	f->values[i][0] = fault;
	f->values[i][1] = free_;
	f->samples[i] = (struct rundata_sample){ .arm = arm, .block = block, .value = f->values[i] };
	return &f->samples[i];
}

/* A block A B B A of arms 0 and 1, in which time drifts upwards by @drift a rep. */
static void add_abba(struct fixture *f, unsigned int block, double base, double arm, double drift)
{
	add(f, 0, block, base, NAN);
	add(f, 1, block, arm + drift, NAN);
	add(f, 1, block, arm + 2 * drift, NAN);
	add(f, 0, block, base + 3 * drift, NAN);
}

/* Metrics of which there is a value at all: one that the bench does not do with these parameters has no row. */
static size_t nr_measured(const struct fixture *f)
{
	size_t nr = 0, m, i;

	for (m = 0; m < NR_METRICS; m++) {
		for (i = 0; i < f->item.nr_samples && isnan(f->item.samples[i].value[m]); i++)
			;
		nr += i < f->item.nr_samples;
	}
	return nr;
}

static const struct overhead_row *compute(struct fixture *f)
{
	size_t nr;

	overhead_free(f->overhead);
	f->overhead = NULL;
	if (overhead_compute(&f->data, OVERHEAD_DELTA_RATIO, &f->overhead))
		fail_msg("%s", err_msg());
	/* By metric, then by arm. */
	nr = f->item.nr_samples ? nr_measured(f) : NR_METRICS;
	assert_int_equal(f->overhead->nr_rows, nr * (NR_ARMS - 1));
	assert_ptr_equal(f->overhead->rows[1].arm, &f->arms[2]);
	if (nr > 1)
		assert_ptr_equal(f->overhead->rows[2].metric, &f->metrics[1]);
	return &f->overhead->rows[0];
}

static const char *warned(const struct overhead_row *row, const char *code)
{
	for (size_t i = 0; i < row->nr_warnings; i++)
		if (!strcmp(row->warnings[i].code, code))
			return row->warnings[i].text;
	return NULL;
}

static const char *run_warned(const struct overhead *overhead, const char *code)
{
	for (size_t i = 0; i < overhead->nr_warnings; i++)
		if (!strcmp(overhead->warnings[i].code, code))
			return overhead->warnings[i].text;
	return NULL;
}

static void near(double value, double expected, double tolerance)
{
	if (!(fabs(value - expected) <= tolerance))
		fail_msg("%.12g instead of %.12g", value, expected);
}

static void test_block_means(void **state)
{
	struct fixture f;
	const struct overhead_row *row;

	(void)state;
	fixture_init(&f);
	/* Warm-up is in no statistic, and a drift inside of blocks cancels. */
	add(&f, 0, 1, 9999, NAN)->warmup = true;
	add(&f, 1, 1, 1, NAN)->warmup = true;
	for (unsigned int b = 1; b <= 8; b++)
		add_abba(&f, b, 500 + b, 600 + b, 7);
	row = compute(&f);
	assert_int_equal(row->nr_blocks, 8);
	near(row->base_ns, 504.5 + 10.5, 1e-9);
	near(row->arm_ns, 604.5 + 10.5, 1e-9);
	near(row->diff_ns, 100, 1e-9);
	near(row->diff_interval.low, 100, 1e-9);
	near(row->diff_interval.high, 100, 1e-9);
	near(row->base_interval.low, 501 + 10.5, 1e-9); /* n = 8: first and last order statistic but one cover 93 % only */
	near(row->base_interval.confidence, 1 - 2.0 / 256, 1e-12);
	assert_true(row->ratio > 100 / 519.0 && row->ratio < 100 / 511.0);
	near(row->detectable_ns, 0, 1e-9);
	assert_int_equal(row->verdict, OVERHEAD_MORE);
	assert_int_equal(row->nr_warnings, 0);
	assert_int_equal(f.overhead->nr_warnings, 0);

	/* Nobody ever measured arm 2, nor the second metric: that is missing, not 0. */
	row = &f.overhead->rows[1];
	assert_int_equal(row->nr_blocks, 0);
	assert_true(isnan(row->diff_ns) && isnan(row->base_ns) && isnan(row->ratio) && isnan(row->detectable_ns));
	assert_int_equal(row->verdict, OVERHEAD_NONE);
	assert_string_equal(row->why, "no block holds both arms");
	assert_int_equal(f.overhead->rows[2].verdict, OVERHEAD_NONE);
	fixture_clear(&f);
}

/* Hamilton's depression scores (Hollander & Wolfe 1973, p. 29; the data of R's ?wilcox.test): the paired analysis end to end. */
static void test_hamilton(void **state)
{
	static const double first[] = { 1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30 };
	static const double second[] = { 0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29 };
	struct fixture f;
	const struct overhead_row *row;

	(void)state;
	fixture_init(&f);
	for (unsigned int b = 0; b < 9; b++)
		add_abba(&f, b, first[b], second[b], 0);
	row = compute(&f);
	assert_int_equal(row->nr_blocks, 9);
	near(row->diff_ns, -0.46, 0.0005);
	near(row->diff_interval.low, -0.786, 0.0005);
	near(row->diff_interval.high, -0.010, 0.0005);
	near(row->diff_interval.confidence, 0.961, 0.0005);
	near(row->base_ns, 1.68, 1e-12);
	near(row->arm_ns, 1.68 - 0.46, 0.0005);
	/* δ is a tenth of 1.68 here: the interval reaches beyond it, and excludes 0. */
	assert_int_equal(row->verdict, OVERHEAD_SMALL);
	fixture_clear(&f);
}

/* The verdict of blocks that differ by @low … @high around a baseline of @base. */
static enum overhead_verdict verdict_of(double base, double low, double high)
{
	struct fixture f;
	enum overhead_verdict verdict;

	fixture_init(&f);
	for (unsigned int b = 0; b < 8; b++)
		add_abba(&f, b, base, base + low + (high - low) * b / 7, 0);
	verdict = compute(&f)->verdict;
	fixture_clear(&f);
	return verdict;
}

static void test_verdicts(void **state)
{
	(void)state;
	/* δ = 2 % of 1000 = 20 ns. */
	assert_int_equal(verdict_of(1000, 30, 40), OVERHEAD_MORE);
	assert_int_equal(verdict_of(1000, -40, -30), OVERHEAD_LESS);
	assert_int_equal(verdict_of(1000, -5, 5), OVERHEAD_EQUIVALENT);
	assert_int_equal(verdict_of(1000, 5, 10), OVERHEAD_EQUIVALENT);
	assert_int_equal(verdict_of(1000, 5, 60), OVERHEAD_SMALL);
	assert_int_equal(verdict_of(1000, -60, -5), OVERHEAD_SMALL);
	assert_int_equal(verdict_of(1000, -60, 60), OVERHEAD_INCONCLUSIVE);
	assert_int_equal(verdict_of(1000, 0, 0), OVERHEAD_EQUIVALENT);
	/* δ = 0.5 ns, not 2 % of ten. */
	assert_int_equal(verdict_of(10, 0.25, 0.45), OVERHEAD_EQUIVALENT);
	assert_int_equal(verdict_of(10, 0.6, 0.8), OVERHEAD_MORE);
	/* The control costs less than that: a tenth of it. */
	assert_int_equal(verdict_of(0.3125, -0.015625, 0.015625), OVERHEAD_EQUIVALENT);
	assert_int_equal(verdict_of(0.3125, 0.125, 0.15625), OVERHEAD_MORE);
	assert_int_equal(verdict_of(0.3125, -0.15625, -0.125), OVERHEAD_LESS);
	assert_int_equal(verdict_of(3, 0.4, 0.45), OVERHEAD_MORE);
}

/* δ itself is inside: exactly at the edge is not beyond it. */
static void test_edge_of_delta(void **state)
{
	(void)state;
	assert_int_equal(verdict_of(1024, 20.25, 20.25), OVERHEAD_EQUIVALENT);
	assert_int_equal(verdict_of(1024, 20.5, 20.5), OVERHEAD_MORE);
	assert_int_equal(verdict_of(16, 0.5, 0.5), OVERHEAD_EQUIVALENT);
	assert_int_equal(verdict_of(16, -0.5, -0.5), OVERHEAD_EQUIVALENT);
	assert_int_equal(verdict_of(16, -0.75, -0.75), OVERHEAD_LESS);
}

static void test_few_blocks(void **state)
{
	struct fixture f;
	const struct overhead_row *row;

	(void)state;
	fixture_init(&f);
	for (unsigned int b = 0; b < 5; b++)
		add_abba(&f, b, 500, 600 + b, 0);
	row = compute(&f);
	near(row->diff_ns, 102, 1e-9);
	assert_true(isnan(row->diff_interval.low) && isnan(row->ratio_interval.high) && isnan(row->base_interval.low));
	assert_int_equal(row->verdict, OVERHEAD_NONE);
	assert_string_equal(row->why, "5 blocks: a 95 % interval needs 6");
	assert_non_null(warned(row, "few-blocks"));
	add_abba(&f, 5, 500, 605, 0);
	row = compute(&f);
	assert_false(isnan(row->diff_interval.low));
	assert_int_equal(row->verdict, OVERHEAD_MORE);
	assert_null(warned(row, "few-blocks"));
	fixture_clear(&f);

	fixture_init(&f);
	add_abba(&f, 0, 500, 600, 0);
	row = compute(&f);
	near(row->diff_ns, 100, 1e-9);
	assert_true(isnan(row->detectable_ns));
	assert_string_equal(row->why, "1 block: a 95 % interval needs 6");
	fixture_clear(&f);
}

static void test_no_samples(void **state)
{
	struct fixture f;
	struct overhead *overhead = NULL;

	(void)state;
	fixture_init(&f);
	assert_int_equal(overhead_compute(&f.data, 0.02, &overhead), -ENODATA);
	f.data.nr_items = 0;
	assert_int_equal(overhead_compute(&f.data, 0.02, &overhead), -ENODATA);
	assert_null(overhead);
	overhead_free(NULL);
	fixture_clear(&f);
}

static void test_what_pairs(void **state)
{
	struct fixture f;
	const struct overhead_row *row;

	(void)state;
	fixture_init(&f);
	for (unsigned int b = 0; b < 7; b++)
		add_abba(&f, b, 500, 600, 0);
	add(&f, 0, 7, 500, NAN); /* one rep of each */
	add(&f, 1, 7, 600, NAN);
	add(&f, 0, 8, 1, NAN); /* one arm only */
	add(&f, 0, 8, 1, NAN);
	add(&f, 0, 9, 1, NAN)->cut = true; /* killed in the middle */
	add(&f, 1, 9, 9, NAN)->cut = true;
	row = compute(&f);
	assert_int_equal(row->nr_blocks, 8);
	near(row->base_ns, 500, 1e-9);
	near(row->diff_interval.low, 100, 1e-9);
	assert_string_equal(warned(row, "one-rep"), "1 block holds a single rep of an arm, so that drift does not cancel there: see "
						    "the errors of this bench");
	assert_string_equal(warned(row, "unpaired"), "1 block lost one of the arms and is left out: see the errors of this bench");
	assert_non_null(warned(row, "cut-block"));
	fixture_clear(&f);
}

/* Block 1 of one boot is not block 1 of another. */
static void test_blocks_of_boots(void **state)
{
	struct fixture f;
	const struct overhead_row *row;

	(void)state;
	fixture_init(&f);
	for (unsigned int boot = 0; boot < 8; boot++) {
		add(&f, 0, 1, 100 * (boot + 1), NAN)->boot = boot;
		add(&f, 1, 1, 100 * (boot + 1) + 50, NAN)->boot = boot;
	}
	row = compute(&f);
	assert_int_equal(row->nr_blocks, 8);
	near(row->diff_ns, 50, 1e-9);
	fixture_clear(&f);

	/* Arms that never meet in a boot do not pair. */
	fixture_init(&f);
	for (unsigned int b = 0; b < 8; b++) {
		add(&f, 0, b, 100, NAN)->boot = 0;
		add(&f, 1, b, 150, NAN)->boot = 1;
	}
	row = compute(&f);
	assert_int_equal(row->nr_blocks, 0);
	assert_non_null(warned(row, "unpaired"));
	fixture_clear(&f);
}

static void test_zero_cost(void **state)
{
	struct fixture f;
	const struct overhead_row *row;

	(void)state;
	fixture_init(&f);
	for (unsigned int b = 0; b < 8; b++)
		add_abba(&f, b, b ? 0.25 : 0, 0.25, 0);
	row = compute(&f);
	near(row->ratio, 0, 1e-12);
	near(row->diff_ns, 0, 1e-12);
	assert_non_null(warned(row, "no-ratio"));
	assert_int_equal(row->verdict, OVERHEAD_INCONCLUSIVE);
	fixture_clear(&f);
}

/* One statistic, on one scale: what a reader works out of the row's numbers is what stands in it. */
static void test_one_scale(void **state)
{
	struct fixture f;
	const struct overhead_row *row;

	(void)state;
	fixture_init(&f);
	for (unsigned int b = 0; b < 12; b++)
		add_abba(&f, b, 100 + 17 * (b % 3), 100 + 17 * (b % 5) + b * b, 0);
	row = compute(&f);
	near(row->arm_ns, row->base_ns + row->diff_ns, 1e-12);
	near(row->arm_interval.high, row->base_ns + row->diff_interval.high, 1e-12);
	near(row->ratio, row->diff_ns / row->base_ns, 1e-12);
	near(row->ratio_interval.low, row->diff_interval.low / row->base_ns, 1e-12);
	near(row->detectable_ratio, row->detectable_ns / row->base_ns, 1e-12);
	/* 1 + 0.8416 / 1.9600 of half the interval. */
	near(row->detectable_ns, 1.42941 * (row->diff_interval.high - row->diff_interval.low) / 2, 1e-3);
	fixture_clear(&f);
}

/* A difference as large as rows say they would have seen: how often does the interval leave out 0? Normal noise, and one with far values. */
static void test_power(void **state)
{
	static const unsigned int sizes[] = { 6, 8, 16, 30 };
	const unsigned int rounds = 1200;
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);

	(void)state;
	gsl_rng_set(rng, 3);
	for (size_t k = 0; k < 2 * ARRAY_SIZE(sizes); k++) {
		unsigned int nr = sizes[k / 2], found = 0;
		double effect = 0, power;

		for (unsigned int round = 0; round < 2 * rounds; round++) {
			bool changed = round >= rounds;
			struct fixture f;
			const struct overhead_row *row;

			fixture_init(&f);
			for (unsigned int b = 0; b < nr; b++) {
				double noise = k % 2 ? gsl_ran_tdist(rng, 3) : gsl_ran_gaussian(rng, 1);

				add_abba(&f, b, 1000, 1000 + noise + (changed ? effect : 0), 0);
			}
			row = compute(&f);
			if (changed)
				found += row->diff_interval.low > 0;
			else
				effect += row->detectable_ns / rounds;
			fixture_clear(&f);
		}
		power = (double)found / rounds;
		/* 3 points, and two standard errors; far values make the figure vary, and rather too large than too small. */
		if (power < 0.77 - 0.023 || power > (k % 2 ? 0.9 : 0.83 + 0.023))
			fail_msg("%u blocks, noise %zu: a power of %.3f", nr, k % 2, power);
	}
	gsl_rng_free(rng);
}

/* Differences that follow each other with a correlation of @phi; how often is that doubted, and how often does the interval leave out 0? */
static void count_dependent(gsl_rng *rng, double phi, unsigned int nr_blocks, unsigned int rounds, double *ret_doubted, double *ret_missed)
{
	unsigned int doubted = 0, missed = 0;

	for (unsigned int round = 0; round < rounds; round++) {
		double noise = gsl_ran_gaussian(rng, 1 / sqrt(1 - phi * phi));
		struct fixture f;
		const struct overhead_row *row;

		fixture_init(&f);
		for (unsigned int b = 0; b < nr_blocks; b++) {
			add_abba(&f, b, 1000, 1000 + noise, 0);
			noise = phi * noise + gsl_ran_gaussian(rng, 1);
		}
		row = compute(&f);
		doubted += warned(row, "dependent") != NULL;
		missed += row->diff_interval.low > 0 || row->diff_interval.high < 0;
		fixture_clear(&f);
	}
	*ret_doubted = (double)doubted / rounds;
	*ret_missed = (double)missed / rounds;
}

/* The doubt has the level that METHOD states, and sees what costs the interval its coverage. */
static void test_dependent_blocks(void **state)
{
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
	double doubted, missed;

	(void)state;
	gsl_rng_set(rng, 4);
	count_dependent(rng, 0, 60, 2000, &doubted, &missed);
	assert_true(doubted > 0.003 && doubted < 0.017 && missed > 0.035 && missed < 0.065);
	count_dependent(rng, 0, 16, 2000, &doubted, &missed);
	assert_true(doubted > 0.003 && doubted < 0.017);
	count_dependent(rng, 0.3, 60, 1000, &doubted, &missed);
	assert_true(doubted > 0.4 && missed > 0.1 && missed < 0.2);
	count_dependent(rng, 0.6, 60, 300, &doubted, &missed);
	assert_true(doubted > 0.97 && missed > 0.25);
	gsl_rng_free(rng);
}

static void test_row_doubts(void **state)
{
	struct fixture f;
	const struct overhead_row *row;

	(void)state;
	fixture_init(&f);
	for (unsigned int b = 0; b < 10; b++)
		add_abba(&f, b, (b < 5 ? 500 : 550) + b, 600 + 51.0 * b, 0);
	f.values[0][1] = 1; /* once: it has rows */
	f.item.oversubscribed = true;
	json_array_append_new(f.item.counters, json_pack("{s:i, s:{s:{s:b}}}", "arm", 1, "metrics", "fault", "scaled", 1));
	row = compute(&f);
	assert_string_equal(warned(row, "drift"), "the baseline moved by +11.0 % from the first half of the blocks to the second: let the "
						  "machine come to rest, or fix its frequency");
	assert_non_null(warned(row, "oversubscribed"));
	assert_non_null(warned(row, "multiplexed"));
	assert_null(warned(row, "outliers"));
	/* Arm 2 has its own counts, and metric 1 too. */
	assert_null(warned(&f.overhead->rows[1], "multiplexed"));
	assert_null(warned(&f.overhead->rows[3], "multiplexed"));
	fixture_clear(&f);

	/* 9 blocks cannot show drift at 1 %: 4 against 4 has a smallest p of 2/70. */
	fixture_init(&f);
	for (unsigned int b = 0; b < 9; b++)
		add_abba(&f, b, b < 5 ? 500 + b : 5000 + b, 600, 0);
	assert_null(warned(compute(&f), "drift"));
	fixture_clear(&f);

	/* Three of fifteen far out: labelled, and still in. */
	fixture_init(&f);
	for (unsigned int b = 0; b < 15; b++)
		add_abba(&f, b, 500, b % 5 == 3 ? 5000 : 600 + b, 0);
	row = compute(&f);
	assert_int_equal(row->nr_outliers, 3);
	assert_int_equal(row->nr_blocks, 15);
	assert_non_null(warned(row, "outliers"));
	assert_true(row->detectable_ns > 1000);
	fixture_clear(&f);
}

static void test_run_doubts(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	for (unsigned int b = 0; b < 6; b++)
		add_abba(&f, b, 500, 600, 0);
	/* All quiet, and a fact that is missing is no 0 and no doubt. */
	json_array_append_new(f.item.noise, json_pack("{s:f, s:{s:f, s:f, s:f, s:f, s:f, s:f}, s:i, s:i, s:i}", "seconds", 10.0,
						      "cpu_seconds", "user", 5.0, "system", 5.0, "idle", 10.0, "irq", 0.0, "steal",
						      0.1, "iowait", 0.0, "procs_running", 1, "swap_in_pages", 0, "swap_out_pages", 0));
	json_array_append_new(f.item.noise, json_pack("{s:f}", "seconds", 10.0));
	compute(&f);
	assert_int_equal(f.overhead->nr_warnings, 0);

	json_array_append_new(f.item.noise,
			      json_pack("{s:f, s:{s:f, s:f, s:f, s:f, s:f}, s:i, s:i, s:i, s:i, s:i, s:i}", "seconds", 10.0, "cpu_seconds",
					"user", 5.0, "system", 4.0, "idle", 10.0, "irq", 0.0, "steal", 1.0, "procs_running", 3,
					"throttle_count", 1, "swap_in_pages", 2, "swap_out_pages", 3, "freq_min_khz", 1000000,
					"freq_max_khz", 2000000));
	compute(&f);
	assert_string_equal(run_warned(f.overhead, "steal"), "the hypervisor took 5.0 % of the CPU time away while fault_storm ran: use a "
							     "host of your own, or a quieter hour");
	assert_non_null(strstr(run_warned(f.overhead, "other-load"), "2 other tasks could run"));
	assert_non_null(strstr(run_warned(f.overhead, "frequency"), "50 %"));
	assert_non_null(strstr(run_warned(f.overhead, "throttled"), "1 time "));
	assert_non_null(strstr(run_warned(f.overhead, "swapping"), "5 pages"));
	/* Of a bench that swaps it is the work. */
	f.item.swaps = true;
	compute(&f);
	assert_null(run_warned(f.overhead, "swapping"));

	/* One worker in 10 s, and 15 s of CPU used. */
	json_array_append_new(f.item.noise, json_pack("{s:f, s:{s:f, s:f}}", "seconds", 10.0, "cpu_seconds", "user", 10.0, "system", 5.0));
	compute(&f);
	assert_non_null(strstr(run_warned(f.overhead, "other-load"), "at least 0.5 CPUs"));
	fixture_clear(&f);
}

static void test_latency(void **state)
{
	uint64_t first[][2] = { { 10, 2 }, { 12, 2 }, { 1024, 1 } }, second[][2] = { { 10, 2 }, { 11, 2 }, { 4096, 1 } };
	struct fixture f;
	const struct overhead_latency_row *row;

	(void)state;
	fixture_init(&f);
	add(&f, 0, 0, 1, 1);
	f.latencies[0] = (struct rundata_latency){ .arm = 1, .metric = 1, .count = 5, .clock_cost_ns = 20, .min_ns = 10,
						   .max_ns = 1030, .histogram = first, .nr_buckets = 3 };
	f.latencies[1] = (struct rundata_latency){ .arm = 1, .metric = 1, .round = 1, .count = 0, .min_ns = NAN, .max_ns = NAN };
	f.latencies[2] = (struct rundata_latency){ .arm = 1, .metric = 1, .round = 2, .count = 5, .clock_cost_ns = 22, .min_ns = 10.5,
						   .max_ns = 4100, .histogram = second, .nr_buckets = 3 };
	f.item.nr_latencies = 3;
	compute(&f);
	assert_int_equal(f.overhead->nr_latencies, 1);
	row = &f.overhead->latencies[0];
	assert_ptr_equal(row->arm, &f.arms[1]);
	assert_ptr_equal(row->metric, &f.metrics[1]);
	assert_int_equal(row->count, 10);
	assert_int_equal(row->nr_buckets, 5);
	assert_int_equal(row->histogram[0][1], 4);
	assert_int_equal(row->histogram[1][0], 11);
	near(row->clock_cost_ns, 21, 1e-9);
	near(row->min_ns, 10, 0);
	near(row->max_ns, 4100, 0);
	near(row->p50_ns, 11.5, 1e-9);	   /* 5 of 10: 4 below 11, half of the next two */
	near(row->p90_ns, 1024 + 16, 1e-9); /* the whole of its bucket of 16 ns */
	near(row->p999_ns, 4100, 0);	   /* and none beyond the largest */
	fixture_clear(&f);
}

static void test_small_run(void **state)
{
	struct rundata *data = NULL;
	struct overhead *overhead = NULL;

	(void)state;
	assert_int_equal(rundata_load("tests/data/runs/small", &data), 0);
	assert_int_equal(overhead_compute(data, OVERHEAD_DELTA_RATIO, &overhead), 0);
	assert_int_equal(overhead->nr_rows, 3);
	assert_int_equal(overhead->rows[0].verdict, OVERHEAD_EQUIVALENT);
	assert_int_equal(overhead->rows[1].verdict, OVERHEAD_MORE);
	near(overhead->rows[1].diff_ns, 40, 2);
	near(overhead->rows[2].ratio, 0.1, 0.005);
	assert_int_equal(overhead->nr_latencies, 2);
	overhead_free(overhead);
	rundata_free(data);
}

/* A count has no least difference in ns that matters, and may be 0. */
static void test_counts(void **state)
{
	struct fixture f;
	const struct overhead_row *row;
	unsigned int block;

	(void)state;
	fixture_init(&f);
	f.metrics[0].is_count = true;
	for (block = 1; block <= 12; block++)
		add_abba(&f, block, 1, 1.25, 0);
	row = compute(&f);
	assert_int_equal(row->verdict, OVERHEAD_MORE);
	near(row->diff_ns, 0.25, 1e-12);
	fixture_clear(&f);
	fixture_init(&f);
	f.metrics[0].is_count = true;
	for (block = 1; block <= 12; block++)
		add_abba(&f, block, 0, 0, 0);
	row = compute(&f);
	assert_int_equal(row->verdict, OVERHEAD_EQUIVALENT);
	assert_int_equal(row->nr_warnings, 0);
	/* As a time the same would be doubted. */
	f.metrics[0].is_count = false;
	assert_non_null(warned(compute(&f), "no-ratio"));
	fixture_clear(&f);
}

/* What only a memcg counts has a value in its arm, and no difference; nothing was lost. */
static void test_number_that_the_baseline_has_not(void **state)
{
	struct fixture f;
	const struct overhead_row *row;
	unsigned int block;

	(void)state;
	fixture_init(&f);
	f.metrics[0].is_count = true;
	for (block = 1; block <= 12; block++)
		add_abba(&f, block, NAN, 3, 0);
	row = compute(&f);
	assert_int_equal(row->verdict, OVERHEAD_NONE);
	assert_string_equal(row->why, "the baseline has no such number");
	assert_true(row->is_alone);
	near(row->arm_ns, 3, 1e-12);
	assert_true(isnan(row->base_ns) && isnan(row->diff_ns));
	assert_int_equal(row->nr_warnings, 0);
	/* Here a block did lose the baseline. */
	add_abba(&f, 13, 2, 3, 0);
	row = compute(&f);
	assert_false(row->is_alone);
	assert_non_null(warned(row, "unpaired"));
	fixture_clear(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_block_means),
		cmocka_unit_test(test_hamilton),
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_edge_of_delta),
		cmocka_unit_test(test_few_blocks),
		cmocka_unit_test(test_no_samples),
		cmocka_unit_test(test_what_pairs),
		cmocka_unit_test(test_blocks_of_boots),
		cmocka_unit_test(test_zero_cost),
		cmocka_unit_test(test_one_scale),
		cmocka_unit_test(test_power),
		cmocka_unit_test(test_dependent_blocks),
		cmocka_unit_test(test_row_doubts),
		cmocka_unit_test(test_run_doubts),
		cmocka_unit_test(test_latency),
		cmocka_unit_test(test_small_run),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_number_that_the_baseline_has_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
