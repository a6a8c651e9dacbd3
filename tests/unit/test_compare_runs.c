// SPDX-License-Identifier: GPL-2.0-or-later
/* Comparisons of whole runs: of one machine by blocks, of KVM guests by boots, and all that one side lacks. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "data/compare.h"
#include "data/store.h"
#include "scratch.h"

static unsigned int nr_runs;

static void near(double value, double expected, double margin)
{
	if (!(fabs(value - expected) <= margin))
		fail_msg("%.9g for %.9g", value, expected);
}

/* --- runs, line by line --- */

struct writer {
	struct store *store;
	const char *executor;
	unsigned int boot;
	char path[160];
};

static void line(struct writer *writer, const char *fmt, ...) __printf(2, 3);

static void line(struct writer *writer, const char *fmt, ...)
{
	char *text;
	va_list ap;

	va_start(ap, fmt);
	assert_true(vasprintf(&text, fmt, ap) >= 0);
	va_end(ap);
	if (store_line(writer->store, writer->boot, writer->executor, text, NULL))
		fail_msg("%s: %s", text, err_msg());
	free(text);
}

/* @guest: JSON of run.json's guest, or NULL for a live run. */
static void begin(struct writer *writer, const char *clock, const char *guest, const char *kernels)
{
	char *text, name[32];
	json_t *run;

	assert_true(asprintf(&text,
			     "{\"clock\": \"%s\", \"plan\": {\"seed\": 1, \"blocks\": 10, \"rep_ns\": 1000000, \"items\": []}"
			     "%s%s%s%s, \"memcgbench\": {\"version\": \"1\", \"revision\": \"r\"}}",
			     clock, guest ? ", \"guest\": " : "", guest ? guest : "", kernels ? ", \"kernels\": " : "",
			     kernels ? kernels : "") >= 0);
	run = json_loads(text, 0, NULL);
	assert_non_null(run);
	free(text);
	snprintf(name, sizeof(name), "run%u", nr_runs++);
	*writer = (struct writer){.executor = guest ? "qemu" : "live"};
	assert_int_equal(store_create(scratch, name, run, &writer->store), 0);
	json_decref(run);
	snprintf(writer->path, sizeof(writer->path), "%s", store_dir(writer->store));
}

static struct rundata *end(struct writer *writer, const char *status)
{
	struct rundata *data;

	assert_int_equal(store_finish(writer->store, status), 0);
	if (rundata_load(writer->path, &data))
		fail_msg("%s", err_msg());
	return data;
}

struct machine {
	const char *cpu_model, *cgroup, *thp;
	unsigned int cpus;
};

static const struct machine plain_machine = {"AMD EPYC", "v2", "madvise", 2};

static void boot(struct writer *writer, const char *clock, const char *kernel, const char *more, unsigned int seed, const struct machine *machine)
{
	line(writer,
	     "{\"type\": \"boot\", \"schema\": \"memcgbench-samples\", \"schema_version\": 1, \"clock\": \"%s\", \"seed\": %u, "
	     "\"clock_cost_ns\": 30, %s%s%s %s \"facts\": {\"release\": \"6.x\", \"arch\": \"x86_64\", \"cpu_model\": \"%s\", \"page_bytes\": "
	     "4096, \"thp_enabled\": \"%s\"}, \"cgroup\": {\"version\": \"%s\"}, \"topology\": {\"pus\": %u, \"nodes\": 1}}",
	     clock, seed, kernel ? "\"kernel\": \"" : "", kernel ? kernel : "", kernel ? "\"," : "", more, machine->cpu_model, machine->thp,
	     machine->cgroup, machine->cpus);
}

#define ROOT	 "{\"arm\": 0, \"state\": \"root\", \"depth\": 0, \"limit_bytes\": null}"
#define OFF	 "{\"arm\": 0, \"state\": \"off\", \"depth\": 0, \"limit_bytes\": null}"
#define CHILD(n) "{\"arm\": " #n ", \"state\": \"child\", \"depth\": " #n ", \"limit_bytes\": null}"

/* @metrics: "fault", or "fault,pages" where the second is a count. */
static void item(struct writer *writer, unsigned int number, const char *size, unsigned int nr_workers, const char *arms, bool count)
{
	line(writer,
	     "{\"type\": \"item\", \"item\": %u, \"bench\": \"fault_storm\", \"version\": 1, \"op\": \"page\", \"params\": {\"size\": \"%s\"}, "
	     "\"mode\": \"processes\", \"place\": \"compact\", \"memory\": \"default\", \"oversubscribed\": false, \"workers\": "
	     "[{\"pu\": 0, \"core\": 0, \"node\": 0, \"package\": 0}%s], \"metrics\": [{\"name\": \"fault\", \"help\": \"x\", \"op\": \"page\", "
	     "\"unit\": \"ns/page\", \"better\": \"lower\"}%s], \"arms\": [%s], \"passes\": 1}",
	     number, size, nr_workers == 2 ? ", {\"pu\": 1, \"core\": 1, \"node\": 0, \"package\": 0}" : "",
	     count ? ", {\"name\": \"error\", \"help\": \"x\", \"kind\": \"count\", \"op\": \"page\", \"unit\": \"pages/page\", \"better\": "
		     "\"lower\"}"
		   : "",
	     arms);
}

static void sample(struct writer *writer, unsigned int number, unsigned int arm, unsigned int block, unsigned int rep, double value)
{
	line(writer,
	     "{\"type\": \"sample\", \"item\": %u, \"arm\": %u, \"block\": %u, \"pos\": 0, \"rep\": %u, \"warmup\": false, \"passes\": 1, "
	     "\"metrics\": {\"fault\": {\"ops\": 1000, \"ns\": %lld}}, \"elapsed_ns\": 1, \"evidence\": {\"minflt\": 0, \"majflt\": 0, "
	     "\"nvcsw\": 0, \"nivcsw\": 0}}",
	     number, arm, block, rep, llround(value * 1000));
}

static void finish_boot(struct writer *writer)
{
	line(writer, "{\"type\": \"end\", \"status\": \"complete\"}");
}

/* Blocks of root and child, each twice; noise that both arms of a block share, and a little of their own. */
static struct rundata *live_run(double root, double child, const struct machine *machine, const char *arms, const char *size,
				unsigned int nr_workers)
{
	struct writer writer;
	unsigned int block, rep = 0, nr_arms = strstr(arms, "\"arm\": 2") ? 3 : strstr(arms, "\"arm\": 1") ? 2 : 1, arm;

	begin(&writer, "ns", NULL, NULL);
	boot(&writer, "ns", NULL, "", 1, machine);
	item(&writer, 0, size, nr_workers, arms, false);
	for (block = 1; block <= 12; block++) {
		double drift = 40 * sin(block), own = 0.4 * cos(3 * block);

		for (arm = 0; arm < nr_arms; arm++) {
			double value = (arm ? child : root) + drift + (arm ? own : -own);

			sample(&writer, 0, arm, block, rep++, value - 3);
			sample(&writer, 0, arm, block, rep++, value + 3);
		}
	}
	finish_boot(&writer);
	return end(&writer, "complete");
}

static struct rundata *live(double root, double child)
{
	return live_run(root, child, &plain_machine, ROOT ", " CHILD(1), "1M", 1);
}

static int compare_runs(const struct rundata *a, const char *kernel_a, const struct rundata *b, const char *kernel_b,
			struct compare **ret_compare)
{
	struct compare_options how = {0};
	struct compare_side base, cand;

	if (compare_side(a, kernel_a, &base) || compare_side(b, kernel_b, &cand))
		fail_msg("%s", err_msg());
	return compare_compute(&base, &cand, &how, ret_compare);
}

static struct compare *compare_all(const struct rundata *a, const char *kernel_a, const struct rundata *b, const char *kernel_b)
{
	struct compare *compare;

	if (compare_runs(a, kernel_a, b, kernel_b, &compare))
		fail_msg("%s", err_msg());
	return compare;
}

/* --- live runs --- */

/* A block's difference cancels what both arms share, which is ten times the change. */
static void test_live(void **state)
{
	struct rundata *a = live(1000, 1100), *b = live(1300, 1450);
	struct compare *compare = compare_all(a, NULL, b, NULL);
	const struct compare_row *row = &compare->rows[0];

	(void)state;
	assert_int_equal(compare->nr_rows, 1);
	assert_false(compare->paired);
	assert_string_equal(row->below->state, "root");
	assert_int_equal(row->change.method, COMPARE_SHIFT);
	assert_int_equal(row->change.nr, 12);
	near(row->change.value, 50, 0.5);
	near(row->control.value, 300, 5);
	near(row->total.value, 350, 5);
	near(row->base_overhead, 100, 0.5);
	assert_int_equal(row->verdict, COMPARE_REGRESSION);
	assert_int_equal(compare_status(compare, false), 1);
	/* One boot a side is said. */
	assert_non_null(strstr(compare->warnings[compare->nr_warnings - 1], "one boot"));
	compare_free(compare);
	compare = compare_all(b, NULL, a, NULL);
	assert_int_equal(compare->rows[0].verdict, COMPARE_IMPROVEMENT);
	assert_int_equal(compare_status(compare, true), 0);
	compare_free(compare);
	compare = compare_all(a, NULL, a, NULL);
	assert_int_equal(compare->rows[0].verdict, COMPARE_EQUIVALENT);
	compare_free(compare);
	rundata_free(a);
	rundata_free(b);
}

/* As the harness notes the machine while an item ran: @busy CPUs of two. */
static struct rundata *loaded(double root, double child, double busy)
{
	struct writer writer;
	unsigned int block, rep = 0;

	begin(&writer, "ns", NULL, NULL);
	boot(&writer, "ns", NULL, "", 1, &plain_machine);
	item(&writer, 0, "1M", 1, ROOT ", " CHILD(1), false);
	for (block = 1; block <= 12; block++) {
		for (unsigned int twice = 0; twice < 2; twice++) {
			sample(&writer, 0, 0, block, rep++, root + (block * 5) % 12);
			sample(&writer, 0, 1, block, rep++, child + (block * 5) % 12 + 0.1 * ((block * 7) % 12));
		}
	}
	line(&writer, "{\"type\": \"noise\", \"item\": 0, \"seconds\": 10, \"procs_running\": 1, \"cpu_seconds\": {\"user\": %g, \"system\": 0, "
		      "\"idle\": %g, \"irq\": 0, \"steal\": 0}}", 10 * busy, 10 * (2 - busy));
	finish_boot(&writer);
	return end(&writer, "complete");
}

/* A change of a side that doubts itself is none, whichever side that is; the reason names it. */
static void test_doubted_side(void **state)
{
	struct rundata *quiet = loaded(1000, 1100, 1), *dearer = loaded(1000, 1200, 1), *busy = loaded(1000, 1200, 1.9), *before = loaded(1000, 1100, 1.9);
	struct compare *compare = compare_all(quiet, NULL, dearer, NULL);

	(void)state;
	assert_int_equal(compare->rows[0].verdict, COMPARE_REGRESSION);
	assert_int_equal(compare->rows[0].nr_doubts, 0);
	compare_free(compare);
	compare = compare_all(quiet, NULL, busy, NULL);
	assert_int_equal(compare->rows[0].verdict, COMPARE_INCONCLUSIVE);
	assert_int_equal(compare_status(compare, false), 0);
	assert_string_equal(compare->rows[0].why, "a regression by itself, but in doubt: candidate, other-load: other tasks kept at least 0.9 CPUs busy "
						  "while fault_storm ran: stop them");
	assert_string_equal(compare->warnings[0], "candidate, other-load: other tasks kept at least 0.9 CPUs busy while fault_storm ran: stop them");
	compare_free(compare);
	compare = compare_all(before, NULL, dearer, NULL);
	assert_int_equal(compare->rows[0].verdict, COMPARE_INCONCLUSIVE);
	assert_non_null(strstr(compare->rows[0].why, "in doubt: base, other-load"));
	compare_free(compare);
	rundata_free(quiet);
	rundata_free(dearer);
	rundata_free(busy);
	rundata_free(before);
}

/* One state alone, as of what a memcg counts of itself: a machine that changed between two runs is no regression of memcg. */
static void test_row_without_control(void **state)
{
	struct rundata *a = live_run(1000, 1100, &plain_machine, ROOT, "1M", 1), *b = live_run(1500, 1600, &plain_machine, ROOT, "1M", 1);
	struct compare *compare = compare_all(a, NULL, b, NULL);

	(void)state;
	assert_null(compare->rows[0].below);
	assert_int_equal(compare->rows[0].verdict, COMPARE_INCONCLUSIVE);
	assert_non_null(strstr(compare->rows[0].why, "a regression by itself, but nothing was measured beside it"));
	compare_free(compare);
	rundata_free(a);
	rundata_free(b);
}

static void expect_apart(struct rundata *a, struct rundata *b, const char *words)
{
	struct compare *compare;

	assert_int_equal(compare_runs(a, NULL, b, NULL, &compare), -EXDEV);
	if (!strstr(err_msg(), words))
		fail_msg("\"%s\" does not say \"%s\"", err_msg(), words);
	rundata_free(b);
}

static void test_other_machine(void **state)
{
	struct rundata *a = live(1000, 1100);
	struct machine other = plain_machine;

	(void)state;
	other.cpu_model = "Intel Xeon";
	expect_apart(a, live_run(1000, 1100, &other, ROOT ", " CHILD(1), "1M", 1), "the processor differs (AMD EPYC and Intel Xeon)");
	other = plain_machine;
	other.cgroup = "v1";
	expect_apart(a, live_run(1000, 1100, &other, ROOT ", " CHILD(1), "1M", 1), "the version of cgroup differs (v2 and v1)");
	other = plain_machine;
	other.cpus = 4;
	expect_apart(a, live_run(1000, 1100, &other, ROOT ", " CHILD(1), "1M", 1), "the number of CPUs differs (2 and 4)");
	rundata_free(a);
}

/* What is set differently is said, and compared. */
static void test_doubts(void **state)
{
	struct machine other = plain_machine;
	struct rundata *a = live(1000, 1100), *b;
	struct compare *compare;

	(void)state;
	other.thp = "always";
	b = live_run(1000, 1100, &other, ROOT ", " CHILD(1), "1M", 1);
	compare = compare_all(a, NULL, b, NULL);
	assert_string_equal(compare->warnings[0], "huge pages (THP) differs: madvise and always");
	compare_free(compare);
	rundata_free(a);
	rundata_free(b);
}

/* --- what one side lacks --- */

static void expect_rows(struct rundata *a, struct rundata *b, size_t nr, const char *words, int status)
{
	struct compare *compare = compare_all(a, NULL, b, NULL);
	bool said = false;
	size_t i;

	assert_int_equal(compare->nr_rows, nr);
	for (i = 0; i < nr; i++) {
		said |= strstr(compare->rows[i].why, words) != NULL;
		if (strstr(compare->rows[i].why, words))
			assert_int_equal(compare->rows[i].verdict, COMPARE_INCOMPARABLE);
	}
	if (!said)
		fail_msg("nothing says \"%s\", but \"%s\"", words, compare->rows[nr - 1].why);
	assert_int_equal(compare_status(compare, true), status);
	compare_free(compare);
	rundata_free(a);
	rundata_free(b);
}

static void test_missing_arm(void **state)
{
	const struct machine *m = &plain_machine;

	(void)state;
	/* On either side, the other arm is compared all the same. */
	expect_rows(live_run(1000, 1100, m, ROOT ", " CHILD(1) ", " CHILD(2), "1M", 1), live(1000, 1100), 2, "was not measured in it", 3);
	expect_rows(live(1000, 1100), live_run(1000, 1100, m, ROOT ", " CHILD(1) ", " CHILD(2), "1M", 1), 2, "was not measured in it", 3);
	expect_rows(live_run(1000, 1100, m, ROOT, "1M", 1), live(1000, 1100), 1, "was not measured in it", 6);
}

static void test_other_question(void **state)
{
	const struct machine *m = &plain_machine;

	(void)state;
	expect_rows(live(1000, 1100), live_run(1000, 1100, m, ROOT ", " CHILD(1), "2M", 1), 1, "--size differs (1M and 2M)", 6);
	expect_rows(live(1000, 1100), live_run(1000, 1100, m, ROOT ", " CHILD(1), "1M", 2), 1, "number of workers differs (1 and 2)", 6);
	/* Of a run that took the statistics as it found them, nothing is said of their state. */
	expect_rows(live(1000, 1100), live_run(1000, 1100, m, ROOT ", " CHILD(1), "1M\", \"stats\": \"fresh", 1), 1,
		    "--stats differs (none and fresh)", 6);
	expect_rows(live_run(1000, 1100, m, ROOT ", " CHILD(1), "1M\", \"stats\": \"fresh", 1),
		    live_run(1000, 1100, m, ROOT ", " CHILD(1), "1M\", \"stats\": \"flushable", 1), 1, "--stats differs (fresh and flushable)", 6);
	expect_rows(live(1000, 1100),
		    live_run(1000, 1100, m, "{\"arm\": 0, \"state\": \"child\", \"depth\": 2, \"limit_bytes\": null}, " CHILD(1), "1M", 1), 1,
		    "what the others are set against differs", 6);
}

/* An error of one item leaves no number of it, and is worth a status of its own. */
static void test_item_error(void **state)
{
	struct writer writer;
	struct rundata *a = live(1000, 1100), *b;
	struct compare *compare;
	unsigned int block;

	(void)state;
	begin(&writer, "ns", NULL, NULL);
	boot(&writer, "ns", NULL, "", 1, &plain_machine);
	item(&writer, 0, "1M", 1, ROOT ", " CHILD(1), false);
	for (block = 1; block <= 12; block++) {
		sample(&writer, 0, 0, block, 2 * block, 1000);
		sample(&writer, 0, 1, block, 2 * block + 1, 1100);
	}
	line(&writer, "{\"type\": \"error\", \"item\": 0, \"bench\": \"fault_storm\", \"arm\": 1, \"text\": \"pages were not charged\"}");
	finish_boot(&writer);
	b = end(&writer, "failed");
	compare = compare_all(a, NULL, b, NULL);
	assert_int_equal(compare->rows[0].verdict, COMPARE_ERROR);
	assert_non_null(strstr(compare->rows[0].why, "pages were not charged"));
	assert_true(isnan(compare->rows[0].change.value) && isnan(compare->rows[0].ratio) && isnan(compare->rows[0].p_holm));
	assert_int_equal(compare_status(compare, false), 5);
	compare_free(compare);
	rundata_free(a);
	rundata_free(b);
}

/* --- guests under KVM --- */

#define KVM_GUEST "{\"accel\": \"kvm\", \"qemu_version\": \"7.2\", \"cpu_model\": \"host\", \"append\": null}"
#define ICOUNT_GUEST "{\"accel\": \"tcg-icount\", \"qemu_version\": \"7.2\", \"cpu_model\": \"max\", \"append\": null}"

static void guest_boot(struct writer *writer, const char *clock, const char *kernel, const char *more, unsigned int seed, bool off, double value,
		       double spread)
{
	struct machine machine = plain_machine;
	unsigned int rep;

	machine.cgroup = off ? "none" : "v2";
	boot(writer, clock, kernel, more, seed, &machine);
	item(writer, 0, "1M", 1, OFF ", " CHILD(1), false);
	/* Five reps whose median is the value, one of them far off. */
	for (rep = 0; rep < 5; rep++)
		sample(writer, 0, off ? 0 : 1, rep + 1, rep, value + (rep == 4 ? 300 : spread * ((double)rep - 2)));
	finish_boot(writer);
	writer->boot++;
}

static struct rundata *kvm_run(double change, unsigned int nr_seeds)
{
	struct writer writer;
	unsigned int seed;

	begin(&writer, "ns", KVM_GUEST, NULL);
	for (seed = 1; seed <= nr_seeds; seed++) {
		/* What the seed does, it does to both kernels. */
		double shared = 50 * sin(seed), own = cos(5 * seed);

		guest_boot(&writer, "ns", "old", "", seed, true, 1000 + shared, 2);
		guest_boot(&writer, "ns", "old", "", seed, false, 1200 + shared, 2);
		guest_boot(&writer, "ns", "new", "", seed, true, 1010 + shared, 2);
		guest_boot(&writer, "ns", "new", "", seed, false, 1210 + change + shared + own, 2);
	}
	return end(&writer, "complete");
}

static void test_kvm(void **state)
{
	struct rundata *data = kvm_run(60, 10);
	struct compare *compare = compare_all(data, "old", data, "new");
	const struct compare_row *row = &compare->rows[0];

	(void)state;
	assert_true(compare->paired);
	assert_int_equal(row->change.method, COMPARE_PAIRED_T);
	assert_int_equal(row->change.nr, 10);
	near(row->change.value, 60, 1);
	near(row->control.value, 10, 0.01);
	/* The median of reps, which the far one does not move: 1200 and the mean of 50 sin(seed). */
	near(row->base, 1207.1, 1);
	near(row->cand - row->base, row->total.value, 1e-9);
	near(row->cand_overhead - row->base_overhead, row->change.value, 1e-9);
	assert_int_equal(row->verdict, COMPARE_REGRESSION);
	/* Boots have reps: where the spread comes from is known, and what to do about it. */
	near(row->nested.reps, 5, 1e-9);
	assert_true(row->nested.within > 4 * 300 * 300 * 0.15 && row->nested.between >= 0);
	compare_free(compare);
	rundata_free(data);

	data = kvm_run(0, 10);
	compare = compare_all(data, "old", data, "new");
	assert_int_equal(compare->rows[0].verdict, COMPARE_EQUIVALENT);
	compare_free(compare);
	rundata_free(data);
}

/* As long as a sentence of an error may be. */
#define WORDS_40  "forty bytes of a sentence that go on... "
#define WORDS_200 WORDS_40 WORDS_40 WORDS_40 WORDS_40 WORDS_40
#define WORDS_800 WORDS_200 WORDS_200 WORDS_200 WORDS_200

/* A boot that failed under one seed of many: an error, and no number of the rest. */
static void test_failed_boot(void **state)
{
	struct writer writer;
	struct rundata *data;
	struct compare *compare;
	unsigned int seed;

	(void)state;
	begin(&writer, "insn", ICOUNT_GUEST, "[{\"name\": \"old\"}, {\"name\": \"new\"}, {\"name\": \"dead\"}]");
	for (seed = 1; seed <= 3; seed++) {
		guest_boot(&writer, "insn", "old", "", seed, true, 1000, 0);
		guest_boot(&writer, "insn", "old", "", seed, false, 1200, 0);
		guest_boot(&writer, "insn", "new", "", seed, true, 1000, 0);
		if (seed == 2) {
			line(&writer, "{\"type\": \"error\", \"text\": \"kernel new, memcg on, seed 2: panic: at once, " WORDS_800 "end\\nmore\"}");
			writer.boot++;
		} else {
			guest_boot(&writer, "insn", "new", "", seed, false, 1200, 0);
		}
	}
	line(&writer, "{\"type\": \"error\", \"text\": \"kernel dead, memcg on, seed 1: silence\"}");
	data = end(&writer, "failed");
	compare = compare_all(data, "old", data, "new");
	assert_int_equal(compare->rows[0].verdict, COMPARE_ERROR);
	assert_string_equal(compare->rows[0].why, "new: memcg on, seed 2: panic: at once, " WORDS_800 "end");
	assert_int_equal(compare_status(compare, false), 5);
	compare_free(compare);
	/* The other kernels of the run have nothing to do with it. */
	compare = compare_all(data, "old", data, "old");
	assert_int_equal(compare->rows[0].verdict, COMPARE_SAME);
	compare_free(compare);
	/* One that never booted is an error as well, not an unknown name. */
	compare = compare_all(data, "old", data, "dead");
	assert_int_equal(compare->rows[0].verdict, COMPARE_ERROR);
	assert_non_null(strstr(compare->rows[0].why, "silence"));
	compare_free(compare);
	rundata_free(data);
}

/* Two boots of one seed differed: the run says "failed", and no record says of what. */
static void test_failed_run(void **state)
{
	struct writer writer;
	struct rundata *data;
	struct compare *compare;
	unsigned int seed;

	(void)state;
	begin(&writer, "insn", ICOUNT_GUEST, NULL);
	for (seed = 1; seed <= 2; seed++) {
		guest_boot(&writer, "insn", "old", "", seed, true, 1000, 0);
		guest_boot(&writer, "insn", "old", "", seed, false, 1200, 0);
	}
	data = end(&writer, "failed");
	compare = compare_all(data, "old", data, "old");
	assert_int_equal(compare->rows[0].verdict, COMPARE_ERROR);
	compare_free(compare);
	rundata_free(data);
}

/* Off on one side alone: the arm by itself is not what the other rows say. */
static void test_one_off(void **state)
{
	struct writer writer;
	struct rundata *data;
	struct compare *compare;
	unsigned int seed;

	(void)state;
	begin(&writer, "insn", ICOUNT_GUEST, NULL);
	for (seed = 1; seed <= 2; seed++) {
		guest_boot(&writer, "insn", "old", "", seed, true, 1000, 0);
		guest_boot(&writer, "insn", "old", "", seed, false, 1200, 0);
		guest_boot(&writer, "insn", "new", "", seed, false, 1200, 0);
	}
	data = end(&writer, "complete");
	compare = compare_all(data, "old", data, "new");
	assert_int_equal(compare->rows[0].verdict, COMPARE_INCOMPARABLE);
	assert_non_null(strstr(compare->rows[0].why, "new has nothing in state \"off\""));
	assert_int_equal(compare_status(compare, false), 6);
	compare_free(compare);
	rundata_free(data);
}

/*
 * A variant of an old run has no boots with memcg off: it is set against those of its kernel, and that is said. It is no kernel of the run by itself.
 */
static void test_variant(void **state)
{
	struct writer writer;
	struct rundata *data;
	struct compare *compare;
	struct compare_side side;
	unsigned int seed;
	char **names;
	size_t nr;

	(void)state;
	begin(&writer, "insn", ICOUNT_GUEST, NULL);
	for (seed = 1; seed <= 3; seed++) {
		guest_boot(&writer, "insn", "k", "", seed, true, 1000, 0);
		guest_boot(&writer, "insn", "k", "", seed, false, 1200, 0);
		guest_boot(&writer, "insn", "k,nokmem", "\"variant_of\": \"k\",", seed, false, 1100, 0);
	}
	data = end(&writer, "complete");
	assert_int_equal(compare_kernels(data, &names, &nr), 0);
	assert_int_equal(nr, 1);
	free(names[0]);
	free(names);
	assert_int_equal(compare_side(data, NULL, &side), 0);
	assert_string_equal(side.kernel, "k");
	compare = compare_all(data, NULL, data, "k,nokmem");
	assert_int_equal(compare->nr_rows, 1);
	near(compare->rows[0].change.value, -100, 1e-9);
	near(compare->rows[0].control.value, 0, 1e-9);
	assert_int_equal(compare->rows[0].verdict, COMPARE_IMPROVEMENT);
	assert_int_equal(compare->nr_warnings, 1);
	assert_string_equal(compare->warnings[0], "k,nokmem was never booted with memcg off: its off is that of k, and what the argument does to "
						  "everybody is counted as memcg's.");
	compare_free(compare);
	rundata_free(data);
}

/* With its own: what the argument does to everybody is in its off as in its other states. A boot of them that failed is not the kernel's. */
static void test_variant_with_off(void **state)
{
	static const char more[] = "\"variant_of\": \"k\", \"own_off\": true,";
	struct writer writer;
	struct rundata *data;
	struct compare *compare;
	unsigned int seed;

	(void)state;
	begin(&writer, "insn", ICOUNT_GUEST, NULL);
	for (seed = 1; seed <= 4; seed++) {
		guest_boot(&writer, "insn", "k", "", seed, true, 1000, 0);
		guest_boot(&writer, "insn", "k", "", seed, false, 1200, 0);
		if (seed < 4)
			guest_boot(&writer, "insn", "k,zswap", more, seed, true, 600, 0);
		guest_boot(&writer, "insn", "k,zswap", more, seed, false, 790, 0);
	}
	data = end(&writer, "complete");
	compare = compare_all(data, "k", data, "k,zswap");
	assert_int_equal(compare->nr_rows, 1);
	assert_int_equal(compare->rows[0].change.nr, 3);
	near(compare->rows[0].change.value, -10, 1e-9);
	near(compare->rows[0].control.value, -400, 1e-9);
	near(compare->rows[0].cand_overhead, 190, 1e-9);
	assert_int_equal(compare->nr_warnings, 1);
	assert_non_null(strstr(compare->warnings[0], "seeds that one side alone has"));
	compare_free(compare);
	rundata_free(data);
}

/* An argument that did nothing: the comparison of that kernel says so, once, and no other. */
static void test_idle_argument(void **state)
{
	static const char text[] = "kernel k,x: the argument x had no effect: the kernel does not know it";
	struct writer writer;
	struct rundata *data;
	struct compare *compare;
	unsigned int seed;

	(void)state;
	begin(&writer, "insn", ICOUNT_GUEST, NULL);
	for (seed = 1; seed <= 3; seed++) {
		guest_boot(&writer, "insn", "k", "", seed, false, 1200, 0);
		boot(&writer, "insn", "k,x", "\"variant_of\": \"k\", \"own_off\": true,", seed, &plain_machine);
		item(&writer, 0, "1M", 1, OFF ", " CHILD(1), false);
		sample(&writer, 0, 1, 1, 1, 1200);
		line(&writer, "{\"type\": \"warning\", \"code\": \"boot-arg\", \"text\": \"%s\"}", text);
		finish_boot(&writer);
		writer.boot++;
	}
	data = end(&writer, "complete");
	compare = compare_all(data, "k", data, "k,x");
	assert_int_equal(compare->nr_warnings, 1);
	assert_string_equal(compare->warnings[0], text);
	compare_free(compare);
	compare = compare_all(data, "k", data, "k");
	assert_int_equal(compare->nr_warnings, 0);
	compare_free(compare);
	rundata_free(data);
}

/* Kernels without the controller have "off" alone. */
static void test_without_memcg(void **state)
{
	struct writer writer;
	struct rundata *data;
	struct compare *compare;
	unsigned int seed;

	(void)state;
	begin(&writer, "insn", ICOUNT_GUEST, NULL);
	for (seed = 1; seed <= 3; seed++) {
		guest_boot(&writer, "insn", "a", "", seed, true, 1000, 0);
		guest_boot(&writer, "insn", "b", "", seed, true, 1500, 0);
	}
	data = end(&writer, "complete");
	compare = compare_all(data, "a", data, "b");
	assert_int_equal(compare->nr_rows, 1);
	assert_string_equal(compare->rows[0].arm->state, "off");
	assert_int_equal(compare->rows[0].verdict, COMPARE_REGRESSION);
	compare_free(compare);
	rundata_free(data);
}

/* A run joined of two machines. */
static void test_mixed_run(void **state)
{
	struct machine other = plain_machine;
	struct rundata *a = live(1000, 1100), *b;
	struct writer writer;

	(void)state;
	begin(&writer, "ns", NULL, NULL);
	boot(&writer, "ns", NULL, "", 1, &plain_machine);
	item(&writer, 0, "1M", 1, ROOT ", " CHILD(1), false);
	finish_boot(&writer);
	writer.boot++;
	other.cpu_model = "Intel Xeon";
	boot(&writer, "ns", NULL, "", 1, &other);
	finish_boot(&writer);
	b = end(&writer, "complete");
	expect_apart(a, b, "the processor differs");
	rundata_free(a);
}

/* Many rows, few blocks: says that this design can show none, whatever was measured. */
static void test_hopeless_design(void **state)
{
	struct rundata *data[2];
	struct writer writer;
	struct compare *compare;
	unsigned int side, number, block;

	(void)state;
	for (side = 0; side < 2; side++) {
		begin(&writer, "ns", NULL, NULL);
		boot(&writer, "ns", NULL, "", 1, &plain_machine);
		for (number = 0; number < 9; number++) {
			char size[8];

			snprintf(size, sizeof(size), "%uM", number + 1);
			item(&writer, number, size, 1, ROOT ", " CHILD(1), false);
			for (block = 1; block <= 5; block++) {
				sample(&writer, number, 0, block, 2 * block, 1000);
				sample(&writer, number, 1, block, 2 * block + 1, 1100 + block + (side ? 300 : 0));
			}
		}
		finish_boot(&writer);
		data[side] = end(&writer, "complete");
	}
	compare = compare_all(data[0], NULL, data[1], NULL);
	assert_int_equal(compare->nr_rows, 9);
	assert_int_equal(compare->nr_tested, 9);
	assert_int_equal(compare->count[COMPARE_INCONCLUSIVE], 9);
	/* 2/C(10, 5) is 0.0079; 1 − (1 − 0.0079)⁹. */
	near(compare->rows[0].p_holm, 1 - pow(1 - 2 / 252., 9), 1e-9);
	assert_string_equal(compare->rows[0].why,
			    "a regression by itself, but 5 blocks can show none where 9 rows vary: it takes 6");
	assert_string_equal(compare->warnings[0], "5 blocks can show no change where 9 rows vary (p 0.069 at best): it takes 6");
	assert_int_equal(compare_status(compare, true), 3);
	compare_free(compare);
	rundata_free(data[0]);
	rundata_free(data[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_live, setup, teardown),
		cmocka_unit_test_setup_teardown(test_doubted_side, setup, teardown),
		cmocka_unit_test_setup_teardown(test_row_without_control, setup, teardown),
		cmocka_unit_test_setup_teardown(test_other_machine, setup, teardown),
		cmocka_unit_test_setup_teardown(test_doubts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_missing_arm, setup, teardown),
		cmocka_unit_test_setup_teardown(test_other_question, setup, teardown),
		cmocka_unit_test_setup_teardown(test_item_error, setup, teardown),
		cmocka_unit_test_setup_teardown(test_kvm, setup, teardown),
		cmocka_unit_test_setup_teardown(test_failed_boot, setup, teardown),
		cmocka_unit_test_setup_teardown(test_failed_run, setup, teardown),
		cmocka_unit_test_setup_teardown(test_one_off, setup, teardown),
		cmocka_unit_test_setup_teardown(test_variant, setup, teardown),
		cmocka_unit_test_setup_teardown(test_variant_with_off, setup, teardown),
		cmocka_unit_test_setup_teardown(test_idle_argument, setup, teardown),
		cmocka_unit_test_setup_teardown(test_without_memcg, setup, teardown),
		cmocka_unit_test_setup_teardown(test_mixed_run, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hopeless_design, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
