// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The parts of a split run, joined. An input is two parts, divided by a line "%%", each of which is run.json in one line and samples.jsonl in the
 * others, and behind another "%%" a table of symbols, which both parts have.
 */
#include "data/merge.h"
#include "data/rundata.h"
#include "fuzz.h"

static void write_part(const char *folder, struct fuzz_rest part, struct fuzz_rest symbols)
{
	struct fuzz_rest run = fuzz_part(&part, "\n");
	char name[64];

	fuzz_folder(folder);
	snprintf(name, sizeof(name), "%s/run.json", folder);
	fuzz_file(name, run.at, run.size);
	snprintf(name, sizeof(name), "%s/samples.jsonl", folder);
	fuzz_file(name, part.at, part.size);
	snprintf(name, sizeof(name), "%s/symbols", folder);
	fuzz_folder(name);
	snprintf(name, sizeof(name), "%s/symbols/id", folder);
	fuzz_file(name, symbols.at, symbols.size);
}

/* What it made of them is a run, or says that it is none, too. */
static void read_back(const char *dir)
{
	struct rundata *data = NULL;
	int ret;

	fuzz_expect_sentence();
	ret = rundata_load(dir, &data);
	fuzz_check_error(ret);
	if (!ret)
		rundata_free(data);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	static const char mark[] = "\n%%\n";
	struct fuzz_rest rest = {input, size}, a = fuzz_part(&rest, mark), b = fuzz_part(&rest, mark);
	struct merge_result result;
	const char *dirs[2];
	int ret;

	fuzz_remove("a");
	fuzz_remove("b");
	fuzz_remove("out");
	write_part("a", a, rest);
	write_part("b", b, rest);
	dirs[0] = fuzz_path("a");
	dirs[1] = fuzz_path("b");
	fuzz_expect_sentence();
	ret = merge_runs(dirs, 2, fuzz_path("out"), "merged", &result);
	fuzz_check_error(ret);
	if (ret)
		return 0;
	read_back(result.dir);
	merge_result_free(&result);
	return 0;
}
