// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The index of a folder of runs, which whoever may write to the folder may have written. Two runs, "a" and "b", are there as the index has
 * them by size and time; what the input says of them is believed as far as it can be. Whatever it is, both runs are in the history.
 */
#include "data/history.h"
#include "data/trend.h"
#include "fuzz.h"

#define INDEX ".index.jsonl"

/* Of a size and a time that an index can name. */
static void write_run(const char *name)
{
	static const char run[] = "{\"schema\":\"memcgbench-run\",\"schema_version\":1,\"status\":\"running\",\"clock\":\"insn\"}";
	static const char head[] = "{\"type\":\"boot\",\"boot\":0,\"schema\":\"memcgbench-samples\",\"schema_version\":1,\"clock\":\"insn\","
				   "\"seed\":1,\"clock_cost_ns\":30}\n";
	const struct timespec times[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
	char file[64];

	fuzz_folder(name);
	snprintf(file, sizeof(file), "%s/run.json", name);
	fuzz_file(file, run, sizeof(run) - 1);
	if (utimensat(AT_FDCWD, fuzz_path(file), times, 0))
		abort();
	snprintf(file, sizeof(file), "%s/samples.jsonl", name);
	fuzz_file(file, head, sizeof(head) - 1);
	if (utimensat(AT_FDCWD, fuzz_path(file), times, 0))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	static bool has_runs;
	const struct trend_options options = {.of = TREND_ALL, .changepoint = {.alpha = 0.01, .alpha_pairs = 0.05, .sigmas = 1}};
	struct history *history;
	struct trend *trend;

	if (!has_runs) {
		write_run("a");
		write_run("b");
		has_runs = true;
	}
	fuzz_file(INDEX, input, size);
	if (history_new(&history) || history_add_folder(history, fuzz_dir()))
		fuzz_fail(err_msg());
	if (history->nr_runs + history->nr_left_out != 2)
		fuzz_fail("not both runs");
	if (history_finish(history, HISTORY_BY_VERSION) || trend_compute(history, &options, &trend))
		fuzz_fail(err_msg());
	trend_free(trend);
	history_free(history);
	return 0;
}
