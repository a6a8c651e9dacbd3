// SPDX-License-Identifier: GPL-2.0-or-later
/* The pass that proves the work. */
#include <errno.h>
#include <unistd.h>

#include "base/err.h"
#include "core/ledger.h"
#include "core/sampler_run.h"

/* One child arm. */
struct proof {
	struct item_run *run;
	size_t arm;
	struct ledger *ledger;
	unsigned int nr_holds;
	bool *warned; /* once an item */
};

static void warn_once(const struct proof *proof, const char *code, const char *text)
{
	if (!*proof->warned)
		emit_warning(proof->run->sampler->emit, (int)proof->run->index, code, "%s", text);
	*proof->warned = true;
}

/* What all workers said since the last stop. */
static int take_expectations(const struct proof *proof)
{
	const struct team *team = proof->run->team[proof->arm];
	unsigned int i;
	size_t k;
	int ret = 0;

	ledger_expect_nothing(proof->ledger);
	for (i = 0; i < proof->run->item->nr_workers; i++) {
		const struct bench_run *worker = team_run(team, i);

		if (worker->error)
			return err_set(worker->error, "%s", worker->error_text);
		for (k = 0; !ret && k < worker->nr_expected; k++)
			ret = ledger_expect(proof->ledger, &worker->expected[k]);
	}
	return ret;
}

/* Of the first hold. */
static void record(const struct proof *proof, int64_t page_bytes)
{
	json_t *expected = json_object(), *stat = json_object();
	int64_t claimed = 0, pages;
	enum bench_charged charged;

	for (charged = 0; charged < BENCH_CHARGED_NR; charged++) {
		pages = ledger_expected(proof->ledger, charged);
		claimed += pages;
		if (pages)
			json_object_set_new(expected, ledger_name(charged), json_integer(pages * page_bytes));
		pages = ledger_charged(proof->ledger, charged);
		if (pages != INT64_MIN)
			json_object_set_new(stat, ledger_name(charged), json_integer(pages * page_bytes));
	}
	emit_proof(proof->run->sampler->emit, proof->run->index, proof->arm, claimed * page_bytes, ledger_usage(proof->ledger), expected, stat);
}

static void warn_if_nothing(const struct proof *proof, int64_t page_bytes)
{
	int64_t kernel = ledger_charged(proof->ledger, BENCH_KERNEL);
	enum bench_charged charged;
	char text[256];

	for (charged = 0; charged < BENCH_CHARGED_NR; charged++)
		if (ledger_expected(proof->ledger, charged))
			return;
	if (kernel > LEDGER_OWN_PAGES * (int64_t)proof->run->item->nr_workers)
		snprintf(text, sizeof(text), "with these parameters no page of memory, file or swap is charged, but %lld KiB of kernel memory are",
			 (long long)(kernel * page_bytes / 1024));
	else
		snprintf(text, sizeof(text), "with these parameters no page is charged: a control, not a cost of charging");
	warn_once(proof, "uncharged", text);
}

static int judge(struct proof *proof)
{
	struct item_run *run = proof->run;
	const char *unproven = NULL;
	bool over = team_run(run->team[proof->arm], 0)->stop == BENCH_STOP_END;
	int64_t page_bytes = sysconf(_SC_PAGESIZE);
	int ret;

	if (over && !proof->nr_holds)
		return 0; /* it has nothing to prove */
	ret = take_expectations(proof);
	if (!ret)
		ret = ledger_judge(proof->ledger, over, LEDGER_TRIES, &unproven);
	if (!over && !proof->nr_holds++) {
		record(proof, page_bytes);
		if (!ret)
			warn_if_nothing(proof, page_bytes);
	}
	if (unproven)
		warn_once(proof, "unproven", unproven);
	return ret ? err_prefix(ret, "%s", run->item->bench->name) : 0;
}

/* A pass before it, for what a process needs once. */
static int prove_child(struct proof *proof)
{
	struct item_run *run = proof->run;
	struct team *team = run->team[proof->arm];
	struct team_rep rep;
	bool stopped = true;
	int ret = team_rep(team, 1, false, BENCH_REP_UNNUMBERED, &rep);

	if (!ret)
		ret = team_prove(team);
	if (!ret)
		ret = ledger_open(run->groups, run->item->nr_arms, proof->arm, run->item->nr_workers, (uint64_t)sysconf(_SC_PAGESIZE),
				  &proof->ledger);
	if (!ret)
		ret = team_release(team, &stopped);
	while (!ret && stopped) {
		ret = judge(proof);
		if (!ret)
			ret = team_release(team, &stopped);
	}
	ledger_free(proof->ledger);
	return ret;
}

int sampler_prove(struct item_run *run)
{
	bool warned = false;
	size_t k;
	int ret;

	for (k = 0; k < run->nr_arms; k++) {
		struct proof proof = {.run = run, .arm = run->arms[k], .warned = &warned};

		if (run->item->arms[proof.arm].state != PLAN_CHILD)
			continue;
		run->failed_arm = (int)proof.arm;
		ret = prove_child(&proof);
		if (ret)
			return ret;
	}
	run->failed_arm = -1;
	return 0;
}

int sampler_prove_stats(struct item_run *run)
{
	size_t k;
	int ret = 0;

	for (k = 0; !ret && k < run->nr_arms && run->item->params.common[PARAMS_STATS] != STATS_AS_FOUND; k++) {
		run->failed_arm = (int)run->arms[k];
		ret = team_prove_stats(run->team[run->arms[k]]);
	}
	if (!ret)
		run->failed_arm = -1;
	return ret;
}
