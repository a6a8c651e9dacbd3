// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The reader of runs, and what is computed of what it read, on invented files. The first line of an input is run.json, the others are
 * samples.jsonl. Each input is read twice, with and without the streaming parser, and a difference is a failure too.
 */
#include "data/compare.h"
#include "data/history.h"
#include "data/ladder.h"
#include "data/overhead.h"
#include "data/rundata_loader.h"
#include "fuzz.h"

static void fail(const char *what)
{
	fprintf(stderr, "with and without the streaming parser: %s\n", what);
	abort();
}

static void compare_texts(const char *what, const char *a, const char *b)
{
	if (!a != !b || (a && strcmp(a, b))) {
		fprintf(stderr, "\"%s\"\n\"%s\"\n", a ? a : "(none)", b ? b : "(none)");
		fail(what);
	}
}

static void compare_items(const struct rundata_item *a, const struct rundata_item *b)
{
	if (a->item != b->item || a->nr_metrics != b->nr_metrics || a->nr_arms != b->nr_arms ||
	    a->nr_samples != b->nr_samples || a->nr_latencies != b->nr_latencies)
		fail("another item");
	for (size_t i = 0; i < a->nr_samples; i++) {
		const struct rundata_sample *x = &a->samples[i], *y = &b->samples[i];

		if (x->boot != y->boot || x->arm != y->arm || x->block != y->block || x->pos != y->pos || x->rep != y->rep ||
		    x->warmup != y->warmup || x->cut != y->cut)
			fail("another sample");
		if (memcmp(x->value, y->value, a->nr_metrics * sizeof(*x->value)))
			fail("another value");
	}
}

static void compare(const struct rundata *a, const struct rundata *b)
{
	compare_texts("another doubt", a->doubt, b->doubt);
	if (a->complete != b->complete || a->nr_items != b->nr_items)
		fail("another run");
	for (size_t i = 0; i < a->nr_items; i++)
		compare_items(&a->items[i], &b->items[i]);
}

/* The first kernel with itself, and with the last. */
static void compare_kernels_of(const struct rundata *data)
{
	const struct compare_options how = { 0 };
	struct compare_side base, cand;
	struct compare *comparison;
	char **names = NULL;
	size_t nr = 0;

	if (compare_kernels(data, &names, &nr))
		return;
	if (nr && !compare_side(data, names[0], &base) && !compare_side(data, names[nr - 1], &cand)) {
		if (!compare_compute(&base, &base, &how, &comparison))
			compare_free(comparison);
		if (!compare_compute(&base, &cand, &how, &comparison))
			compare_free(comparison);
	}
	while (nr--)
		free(names[nr]);
	free(names);
}

/* As part of a history: an error would end that of all other runs. */
static void summarize(void)
{
	struct history *history;
	json_t *summary;

	if (history_new(&history))
		abort();
	if (history_summarize(fuzz_dir(), &summary) || history_add_summary(history, NULL, summary))
		fuzz_fail(err_msg());
	json_decref(summary);
	if (history_finish(history, HISTORY_BY_VERSION))
		fuzz_fail(err_msg());
	history_free(history);
}

static void compute(const struct rundata *data)
{
	struct overhead *overhead = NULL;
	struct ladder *ladder = NULL;

	if (!overhead_compute(data, 0.02, &overhead))
		overhead_free(overhead);
	if (!ladder_compute(data, &ladder))
		ladder_free(ladder);
	compare_kernels_of(data);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	const uint8_t *newline = size ? memchr(input, '\n', size) : NULL;
	size_t run_size = newline ? (size_t)(newline + 1 - input) : size;
	struct rundata *data = NULL, *plain = NULL;
	char sentence[ERR_MSG_MAX + 1];
	int ret, plain_ret;

	fuzz_file("run.json", input, run_size);
	fuzz_file("samples.jsonl", input + run_size, size - run_size);
	fuzz_expect_sentence();
	ret = rundata_load(fuzz_dir(), &data);
	snprintf(sentence, sizeof(sentence), "%s", err_msg());
	plain_ret = loader_load(fuzz_dir(), false, &plain);
	if (ret != plain_ret)
		fail(ret ? sentence : err_msg());
	if (ret) {
		compare_texts("another sentence", sentence, err_msg());
		fuzz_check_error(ret);
		if (data || plain)
			fail("a failed function gave something back");
		return 0;
	}
	compare(data, plain);
	rundata_free(plain);
	compute(data);
	rundata_free(data);
	summarize();
	return 0;
}
