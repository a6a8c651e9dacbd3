// SPDX-License-Identifier: GPL-2.0-or-later
/* data/history.h and data/trend.h: what is pooled, what is kept apart, in which order; and the index of a folder. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "data/history.h"
#include "data/trend.h"
#include "out/trend_formats.h"

/* --- versions --- */

static void versions_in_order(void **state)
{
	static const char *const order[] = {
		"5.10.247",	    "6.1.0-56-cloud-amd64", "6.1.192",	    "6.9",	     "6.10",
		"6.12-rc1",	    "6.12-rc2",		    "6.12-rc10",    "6.12",	     "6.12.0-dirty",
		"6.12.1",	    "6.12.94",		    "6.12.117+deb13-amd64", "6.13.0-rc1-00002-gabc", "6.13.0-rc1-00010-gaaa",
		"6.13.0",	    "7.0.13",
	};
	size_t i, k;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(order); i++)
		for (k = 0; k < ARRAY_SIZE(order); k++) {
			int got = history_version_compare(order[i], order[k]);

			if ((got < 0) != (i < k) || (got > 0) != (i > k))
				fail_msg("%s and %s: %d", order[i], order[k], got);
		}
}

/* --- histories of summaries --- */

struct run {
	const char *release, *version, *started, *qemu;
	unsigned int bench_version;
	const char *params, *keys;
	double child, off; /* of the first seed; the others are 1 and 2 more */
	bool live;
};

/* Two arms, off and child, and what child costs more; three seeds unless @keys says otherwise. */
static json_t *summary_of(const struct run *run)
{
	json_t *keys = json_loads(run->keys ? run->keys : "[1, 2, 3]", 0, NULL), *units = json_array(), *summary;
	size_t i, arm;

	for (arm = 0; arm < 3; arm++) {
		json_t *values = json_array();

		for (i = 0; i < json_array_size(keys); i++)
			json_array_append_new(values, json_real((arm == 0   ? run->off :
								 arm == 1   ? run->child :
									      run->child - run->off) +
								(arm < 2 ? (double)i : 0)));
		json_array_append_new(units, json_pack("[i, i, i, i, O, o]", 0, arm ? 1 : 0, arm == 2 ? 0 : -1, 0, keys, values));
	}
	summary = json_pack("{s:s, s:{s:s, s:s, s:s, s:s, s:s, s:s, s:i}, s:[{s:s, s:s}], s:[{s:s, s:i, s:o, s:i, s:i, s:s, s:s, "
			    "s:s, s:[{s:s, s:s, s:s, s:b, s:b}], s:[{s:s, s:i, s:n}, {s:s, s:i, s:n}], s:o}]}",
			    "started", run->started ? run->started : "2026-01-01T00:00:00Z", "env", "clock",
			    run->live ? "ns" : "insn", "executor", run->live ? "live" : "qemu", "accel", "tcg-icount", "guest_cpu",
			    "max", "qemu", run->qemu ? run->qemu : "7.2", "processor", "QEMU", "page_bytes", 4096, "kernels",
			    "release", run->release, "version", run->version ? run->version : "#1", "items", "bench", "fault_storm",
			    "version", run->bench_version ? (int)run->bench_version : 1, "params",
			    json_loads(run->params ? run->params : "{\"size\": \"1M\"}", 0, NULL), "workers", 1, "memcgs", 1, "mode",
			    "processes", "place", "compact", "memory", "default", "metrics", "name", "fault", "unit", "insn/page",
			    "op", "page", "lower", 1, "count", 0, "arms", "state", "off", "depth", 0, "limit", "state", "child",
			    "depth", 1, "limit", "units", units);
	json_decref(keys);
	assert_non_null(summary);
	return summary;
}

static void add(struct history *history, const struct run *run)
{
	json_t *summary = summary_of(run);

	assert_int_equal(history_add_summary(history, NULL, summary), 0);
	json_decref(summary);
}

static struct history *begin(void)
{
	struct history *history = NULL;

	assert_int_equal(history_new(&history), 0);
	return history;
}

static struct history *history_of(const struct run *runs, size_t nr, enum history_order order)
{
	struct history *history = begin();
	size_t i;

	for (i = 0; i < nr; i++)
		add(history, &runs[i]);
	assert_int_equal(history_finish(history, order), 0);
	return history;
}

static const struct history_series *series(const struct history *history, const char *state, const char *below)
{
	size_t i;

	for (i = 0; i < history->nr_series; i++) {
		const struct history_series *s = history->series[i];

		if (!strcmp(s->state, state) && (below ? s->below && !strcmp(s->below, below) : !s->below))
			return s;
	}
	fail_msg("no series %s - %s", state, below ? below : "nothing");
	return NULL;
}

static void orders(void **state)
{
	static const struct run runs[] = {
		{.release = "6.10.0", .child = 110, .off = 10, .started = "2026-01-01T00:00:00Z"},
		{.release = "6.9.0", .child = 100, .off = 10, .started = "2026-01-03T00:00:00Z"},
		{.release = "6.12.94", .child = 120, .off = 10, .started = "2026-01-02T00:00:00Z"},
	};
	struct history *history = history_of(runs, 3, HISTORY_BY_VERSION);
	const struct history_series *s = series(history, "child", "off");

	(void)state;
	assert_int_equal(history->nr_series, 3);
	assert_int_equal(s->nr_points, 3);
	assert_string_equal(history->kernels[0].label, "6.9.0");
	assert_string_equal(history->kernels[2].label, "6.12.94");
	assert_true(s->points[0].value == 90 && s->points[1].value == 100 && s->points[2].value == 110);
	history_free(history);

	history = history_of(runs, 3, HISTORY_BY_DATE);
	assert_string_equal(history->kernels[1].label, "6.12.94");
	assert_true(series(history, "child", "off")->points[1].value == 110);
	history_free(history);

	history = begin();
	add(history, &runs[0]);
	add(history, &runs[1]);
	history->kernels[0].rank = 1;
	history->kernels[1].rank = 2;
	assert_int_equal(history_finish(history, HISTORY_BY_RANK), 0);
	assert_string_equal(history->kernels[0].label, "6.10.0");
	history_free(history);
}

/* The same seed on the same kernel is one boot; another seed is another. */
static void pools_runs_of_one_kernel(void **state)
{
	static const struct run runs[] = {
		{.release = "6.12", .child = 100, .off = 10, .keys = "[1, 2]"},
		{.release = "6.12", .child = 104, .off = 10, .keys = "[1, 2]"},
		{.release = "6.12", .child = 100, .off = 10, .keys = "[7]"},
	};
	struct history *history = history_of(runs, 3, HISTORY_BY_VERSION);
	const struct history_series *s = series(history, "child", NULL);

	(void)state;
	assert_int_equal(history->nr_kernels, 1);
	assert_int_equal(history->kernels[0].nr_runs, 3);
	assert_int_equal(s->nr_points, 1);
	assert_int_equal(s->points[0].units.nr, 3);
	assert_true(s->points[0].units.key[0] == 1 && s->points[0].units.key[2] == 7);
	/* 100 and 104 of seed 1, 101 and 105 of seed 2. */
	assert_true(s->points[0].units.unit[0] == 102 && s->points[0].units.unit[1] == 103 && s->points[0].units.unit[2] == 100);
	assert_true(fabs(s->points[0].value - 305.0 / 3) < 1e-9 && s->points[0].low == 100 && s->points[0].high == 103);
	history_free(history);
}

/* On a real clock a repeated run is a new boot, whatever its seed. */
static void live_runs_are_boots(void **state)
{
	static const struct run runs[] = {
		{.release = "6.12", .child = 100, .off = 10, .keys = "[0]", .live = true},
		{.release = "6.12", .child = 104, .off = 10, .keys = "[0]", .live = true},
	};
	struct history *history = history_of(runs, 2, HISTORY_BY_VERSION);
	const struct history_series *s = series(history, "child", NULL);

	(void)state;
	assert_int_equal(s->points[0].units.nr, 2);
	assert_true(s->points[0].value == 102);
	history_free(history);
}

static void keeps_apart_what_differs(void **state)
{
	static const struct run runs[] = {
		{.release = "6.12", .child = 100, .off = 10},
		{.release = "6.13", .child = 100, .off = 10, .qemu = "9.0"},
		{.release = "6.14", .child = 100, .off = 10, .bench_version = 2},
		{.release = "6.15", .child = 100, .off = 10, .params = "{\"size\": \"2M\"}"},
		{.release = "6.16", .child = 100, .off = 10, .live = true},
	};
	struct history *history = history_of(runs, 5, HISTORY_BY_VERSION);
	size_t i;

	(void)state;
	assert_int_equal(history->nr_series, 15);
	for (i = 0; i < history->nr_series; i++)
		assert_int_equal(history->series[i]->nr_points, 1);
	/* Only the parameters that differ are named. */
	assert_string_equal(history->series[0]->params, "--size=1M");
	history_free(history);
}

static void names_of_kernels(void **state)
{
	static const struct run runs[] = {
		{.release = "6.1.0-56-cloud-amd64", .version = "#1 SMP PREEMPT_DYNAMIC Debian 6.1.192-2 (2026-11-16)", .child = 1},
		{.release = "6.12.117+deb13-cloud-amd64", .version = "#1 SMP Debian 6.12.117-1 (2026-11-12)", .child = 1},
		{.release = "6.12.117+deb13-amd64", .version = "#1 SMP Debian 6.12.117-1 (2026-11-12)", .child = 1},
		{.release = "6.13.0-rc1", .version = "#1 SMP Mon", .child = 1},
		{.release = "6.13.0-rc1", .version = "#2 SMP Tue", .child = 1},
	};
	struct history *history = history_of(runs, 5, HISTORY_BY_VERSION);

	(void)state;
	assert_int_equal(history->nr_kernels, 5);
	assert_string_equal(history->kernels[0].label, "6.1.192");
	assert_string_equal(history->kernels[1].label, "6.12.117+deb13-amd64");
	assert_string_equal(history->kernels[2].label, "6.12.117+deb13-cloud-amd64");
	assert_string_equal(history->kernels[3].label, "6.13.0-rc1 #1 SMP Mon");
	assert_string_equal(history->kernels[4].label, "6.13.0-rc1 #2 SMP Tue");
	history_free(history);
}

static void left_out_and_damaged(void **state)
{
	struct history *history = begin();
	json_t *left = json_pack("{s:s}", "left_out", "it is not complete"), *bad;
	static const struct run run = {.release = "6.12", .child = 1};

	(void)state;
	assert_int_equal(history_add_summary(history, NULL, left), 0);
	assert_int_equal(history->nr_left_out, 1);
	assert_string_equal(history->left_out[0].why, "it is not complete");
	assert_false(history->left_out[0].damaged);
	assert_int_equal(history->nr_runs, 0);
	bad = summary_of(&run);
	json_array_set_new(json_array_get(json_object_get(json_array_get(json_object_get(bad, "items"), 0), "units"), 0), 1,
			   json_integer(9));
	assert_int_equal(history_add_summary(history, NULL, bad), -EBADMSG);
	json_decref(left);
	json_decref(bad);
	assert_int_equal(history_finish(history, HISTORY_BY_VERSION), 0);
	history_free(history);
}

/* --- trends --- */

static const struct trend_options trend_defaults = {
	.changepoint = {.accept = CHANGEPOINT_T, .alpha = CHANGEPOINT_ALPHA, .alpha_pairs = CHANGEPOINT_ALPHA_PAIRS, .nr_permutations = 99,
			.seed = 1, .sigmas = 1},
};

static char *print(const struct history *history, const struct trend *trend, trend_format_fn *format)
{
	struct trend_view view = {.history = history, .trend = trend, .width = 80};
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_int_equal(format(&view, out), 0);
	fclose(out);
	return text;
}

static void trend_of_an_exact_history(void **state)
{
	static const struct run runs[] = {
		{.release = "6.9", .child = 3500, .off = 3000},	 {.release = "6.10", .child = 3500, .off = 3000},
		{.release = "6.11", .child = 3530, .off = 3000}, {.release = "6.12", .child = 3500, .off = 3000},
		{.release = "6.13", .child = 3550, .off = 3000},
	};
	struct history *history = history_of(runs, 5, HISTORY_BY_VERSION);
	struct trend *trend;
	char *text;

	(void)state;
	assert_int_equal(trend_compute(history, &trend_defaults, &trend), 0);
	/* The costs are the raw material of the overhead, which alone is looked at. */
	assert_int_equal(trend->nr_rows, 1);
	assert_int_equal(trend->rows[0].found.method, CHANGEPOINT_PAIRS);
	assert_true(isnan(trend->rows[0].found.change[0].p));
	assert_int_equal(trend->rows[0].found.nr, 3);
	assert_true(trend_is_worse(&trend->rows[0], &trend->rows[0].found.change[0]));
	assert_false(trend_is_worse(&trend->rows[0], &trend->rows[0].found.change[1]));
	assert_true(trend_is_newest(&trend->rows[0], &trend->rows[0].found.change[2]));
	assert_int_equal(trend_newest_regressions(trend), 1);
	/* 0.5 % of what the op costs in the child, not of the overhead. */
	assert_true(fabs(trend->rows[0].found.floor - 17.505) < 0.01);
	text = print(history, trend, trend_text);
	assert_non_null(strstr(text, "6.10 .. 6.11"));
	assert_non_null(strstr(text, "regression, newest"));
	free(text);
	text = print(history, trend, trend_csv);
	assert_non_null(strstr(text, "fault_storm,,1,fault,child - off,insn/page,\"qemu 7.2 tcg-icount, cpu max\",6.11,6.11,3,530,530,530,"
				     "30,30,30,regression\r\n"));
	free(text);
	text = print(history, trend, trend_otava);
	assert_non_null(strstr(text, "time,kernel,fault_storm_fault_child_-_off\n2026-01-01T00:00:00Z,6.9,500\n"));
	free(text);
	trend_free(trend);
	history_free(history);
}

static void trend_json_is_json(void **state)
{
	static const struct run runs[] = {{.release = "6.9", .child = 3500, .off = 3000}, {.release = "6.10", .child = 3530, .off = 3000}};
	struct history *history = history_of(runs, 2, HISTORY_BY_VERSION);
	struct trend_options all = trend_defaults;
	struct trend *trend;
	char *text;
	const char *verdict;
	json_t *json;

	(void)state;
	all.of = TREND_ALL;
	assert_int_equal(trend_compute(history, &all, &trend), 0);
	assert_int_equal(trend->nr_rows, 3);
	text = print(history, trend, trend_json);
	json = json_loads(text, 0, NULL);
	assert_int_equal(json_unpack(json_array_get(json_object_get(json, "series"), 2), "{s:[{s:s}]}", "changes", "verdict", &verdict),
			 0);
	assert_string_equal(verdict, "regression");
	json_decref(json);
	free(text);
	trend_free(trend);
	history_free(history);
}

static void trend_of_one_kernel(void **state)
{
	static const struct run run = {.release = "6.9", .child = 3500, .off = 3000};
	struct history *history = history_of(&run, 1, HISTORY_BY_VERSION);
	struct trend_options other = trend_defaults;
	struct trend *trend;

	(void)state;
	assert_int_equal(trend_compute(history, &trend_defaults, &trend), 0);
	assert_int_equal(trend->nr_rows, 0);
	assert_int_equal(trend->nr_single, 1);
	trend_free(trend);
	other.bench = "another";
	assert_int_equal(trend_compute(history, &other, &trend), 0);
	assert_int_equal(trend->nr_single, 0);
	trend_free(trend);
	history_free(history);
}

/* --- a folder and its index --- */

static char folder[] = "/tmp/memcgbench-test-history-XXXXXX";

static void shell(const char *format, ...) __printf(1, 2);
static void shell(const char *format, ...)
{
	char *command = NULL;
	va_list args;

	va_start(args, format);
	assert_true(vasprintf(&command, format, args) >= 0);
	va_end(args);
	assert_int_equal(system(command), 0);
	free(command);
}

static size_t read_folder(size_t *ret_left_out)
{
	struct history *history = begin();
	size_t nr;

	assert_int_equal(history_add_folder(history, folder), 0);
	assert_int_equal(history_finish(history, HISTORY_BY_VERSION), 0);
	nr = history->nr_runs;
	*ret_left_out = history->nr_left_out;
	history_free(history);
	return nr;
}

static size_t index_lines(void)
{
	char path[128], *line = NULL;
	size_t size = 0, nr = 0;
	FILE *in;

	snprintf(path, sizeof(path), "%s/.index.jsonl", folder);
	in = fopen(path, "re");
	if (!in)
		return 0;
	while (getline(&line, &size, in) > 0)
		nr++;
	free(line);
	fclose(in);
	return nr;
}

static void index_of_a_folder(void **state)
{
	size_t left_out;

	(void)state;
	shell("cp -r tests/data/runs/small %s/a && cp -r tests/data/runs/small %s/b && cp -r tests/data/runs/interrupted %s/c && "
	      "mkdir %s/no-run",
	      folder, folder, folder, folder);
	assert_int_equal(read_folder(&left_out), 2);
	assert_int_equal(left_out, 1);
	assert_int_equal(index_lines(), 4);
	/* The index is believed: what a line says is what is seen. */
	shell("sed -i '/\"run\":\"a\"/s/\"summary\":.*/\"summary\":{\"left_out\":\"so says the index\"}}/' %s/.index.jsonl", folder);
	assert_int_equal(read_folder(&left_out), 1);
	assert_int_equal(left_out, 2);
	/* … until the run is another. */
	shell("touch %s/a/samples.jsonl", folder);
	assert_int_equal(read_folder(&left_out), 2);
	assert_int_equal(left_out, 1);
	/* A run that is gone is forgotten. */
	shell("rm -r %s/b", folder);
	assert_int_equal(read_folder(&left_out), 1);
	assert_int_equal(index_lines(), 3);
}

static void damaged_index(void **state)
{
	static const char *const damage[] = {"echo nonsense >",
					     "truncate -s -40",
					     "sed -i 's/memcgbench-index/other/'",
					     "sed -i 's/\"schema_version\":1/\"schema_version\":99/'",
					     "sed -i 's/\"summary\":{/\"summary\":[/'",
					     "rm"};
	size_t left_out, i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(damage); i++) {
		shell("%s %s/.index.jsonl", damage[i], folder);
		assert_int_equal(read_folder(&left_out), 1);
		assert_int_equal(left_out, 1);
		assert_int_equal(index_lines(), 3);
	}
}

static void a_real_run(void **state)
{
	struct history *history = begin();

	(void)state;
	assert_int_equal(history_add_run(history, "tests/data/runs/small"), 0);
	assert_int_equal(history_finish(history, HISTORY_BY_VERSION), 0);
	assert_int_equal(history->nr_runs, 1);
	assert_true(history->nr_series > 0);
	/* A run on a live machine is one boot, however many blocks it has. */
	assert_int_equal(series(history, "child", "root")->points[0].units.nr, 1);
	history_free(history);
	history = begin();
	assert_int_equal(history_add_folder(history, "/nowhere"), -ENOENT);
	history_free(history);
}

/* A run of the folder, told in other words: as it would be stored today, or was before names changed. */
static void reword(const char *name, const char *sed)
{
	shell("cp -r tests/data/runs/small %s/%s && sed -i -e 's/\"fault_storm\"/\"reclaim_depth\"/' %s %s/%s/samples.jsonl %s/%s/run.json", folder, name,
	      sed, folder, name, folder, name);
}

/* A row goes on where only names have changed: of metrics, and of parameters that not every bench had. */
static void old_runs_continue_in_todays_rows(void **state)
{
	struct history *history;
	size_t i, nr_old = 0, of_both = 0;

	(void)state;
	shell("rm -rf %s/* %s/.index.jsonl", folder, folder);
	reword("old", "-e 's/\"fault\"/\"over\"/g; /reclaim_depth/s/\"params\":{/\"params\":{\"siblings\":\"0\",\"sibling-pages\":\"0\",\"lru-gen\":\"keep\",/'");
	reword("new", "-e 's/\"fault\"/\"overreclaim\"/g'");
	/* From the runs, and then from the index. */
	for (i = 0; i < 2; i++) {
		history = begin();
		assert_int_equal(history_add_folder(history, folder), 0);
		assert_int_equal(history_finish(history, HISTORY_BY_VERSION), 0);
		assert_int_equal(history->nr_runs, 2);
		for (size_t k = 0; k < history->nr_series; k++) {
			const struct history_series *s = history->series[k];

			if (strcmp(s->bench, "reclaim_depth"))
				continue;
			nr_old += !strcmp(s->metric, "over") || s->nr_points != 1;
			of_both += !strcmp(s->metric, "overreclaim") && s->points[0].units.nr == 2;
		}
		history_free(history);
	}
	assert_int_equal(nr_old, 0);
	assert_true(of_both >= 2);
}

/* More runs than threads may run ahead of: the index has them by name, each once, whichever thread read it. */
static void many_runs_in_order(void **state)
{
	size_t left_out;

	(void)state;
	shell("rm -rf %s/* && i=100 && while [ $i -lt 300 ]; do cp -r tests/data/runs/$([ $((i %% 7)) = 0 ] && echo interrupted || echo small) "
	      "%s/r$i; i=$((i + 1)); done",
	      folder, folder);
	assert_int_equal(read_folder(&left_out), 172);
	assert_int_equal(left_out, 28);
	assert_int_equal(index_lines(), 201);
	shell("sed -n 's/^{\"run\":\"\\(r[0-9]*\\)\".*/\\1/p' %s/.index.jsonl >%s/names && ls %s | grep ^r | cmp - %s/names", folder, folder, folder,
	      folder);
	/* Known and new ones mixed. */
	shell("touch %s/r[12]5*/run.json && rm -r %s/r199", folder, folder);
	assert_int_equal(read_folder(&left_out), 171);
	assert_int_equal(index_lines(), 200);
}

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	(void)state;
	shell("rm -rf %s", folder);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(versions_in_order),	     cmocka_unit_test(orders),
		cmocka_unit_test(pools_runs_of_one_kernel),  cmocka_unit_test(live_runs_are_boots),
		cmocka_unit_test(keeps_apart_what_differs),  cmocka_unit_test(names_of_kernels),
		cmocka_unit_test(left_out_and_damaged),	     cmocka_unit_test(trend_of_an_exact_history),
		cmocka_unit_test(trend_json_is_json),	     cmocka_unit_test(trend_of_one_kernel),
		cmocka_unit_test(index_of_a_folder),	     cmocka_unit_test(damaged_index),
		cmocka_unit_test(a_real_run),		     cmocka_unit_test(many_runs_in_order),
		cmocka_unit_test(old_runs_continue_in_todays_rows),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
