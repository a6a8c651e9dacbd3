// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Profiles, and what explains a number by them: of a run of one boot, item and metric. An input is a table of symbols, a line "%%", and a
 * profile from its version on: the word before it and the sum behind it are put to it, or nothing of an invented profile would be looked at.
 */
#include "base/profile_format.h"
#include "data/explain.h"
#include "data/profile.h"
#include "data/rundata.h"
#include "data/sharing.h"
#include "fuzz.h"

static void write_run(void)
{
	static const char run[] =
		"{\"schema\":\"memcgbench-run\",\"schema_version\":1,\"status\":\"complete\",\"clock\":\"insn\",\"boots\":[{\"boot\":0,"
		"\"seed\":1,\"kernel\":\"k\",\"facts\":{\"release\":\"6.12.1\"}}]}";
	static const char head[] =
		"{\"type\":\"boot\",\"boot\":0,\"schema\":\"memcgbench-samples\",\"schema_version\":1,\"clock\":\"insn\",\"seed\":1,"
		"\"clock_cost_ns\":30}\n"
		"{\"type\":\"item\",\"boot\":0,\"item\":0,\"bench\":\"b\",\"version\":1,\"op\":\"page\",\"params\":{},\"mode\":\"processes\","
		"\"place\":\"compact\",\"memory\":\"default\",\"oversubscribed\":false,\"workers\":[{\"pu\":0,\"core\":0,\"node\":0,"
		"\"package\":0}],\"metrics\":[{\"name\":\"fault\",\"help\":\"x\",\"op\":\"page\",\"unit\":\"insn/page\",\"better\":\"lower\"}],"
		"\"arms\":[{\"arm\":0,\"state\":\"off\",\"depth\":0,\"limit_bytes\":null},{\"arm\":1,\"state\":\"child\",\"depth\":1,"
		"\"limit_bytes\":null}],\"passes\":1}\n";
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		abort();
	fputs(head, out);
	for (unsigned int rep = 0; rep < 16; rep++)
		fprintf(out,
			"{\"type\":\"sample\",\"boot\":0,\"item\":0,\"arm\":%u,\"block\":0,\"pos\":0,\"rep\":%u,\"warmup\":false,\"passes\":1,"
			"\"metrics\":{\"fault\":{\"ops\":10,\"ns\":%u}},\"elapsed_ns\":1}\n", rep % 2, rep, 1000000 + rep);
	fputs("{\"type\":\"end\",\"boot\":0,\"status\":\"complete\"}\n", out);
	fclose(out);
	fuzz_file("run.json", run, sizeof(run) - 1);
	fuzz_file("samples.jsonl", text, size);
	free(text);
	fuzz_folder("boots");
	fuzz_folder("boots/0");
	fuzz_folder("symbols");
}

static const struct rundata *the_run(void)
{
	static struct rundata *data;

	if (!data) {
		write_run();
		if (rundata_load(fuzz_dir(), &data) || !data->complete)
			fuzz_fail(err_msg());
	}
	return data;
}

static void write_profile(struct fuzz_rest part)
{
	uint64_t sum = PROFILE_SUM_BASIS;
	size_t size = PROFILE_MAGIC_SIZE + part.size;
	uint8_t *bytes = malloc(size + sizeof(sum));

	if (!bytes)
		abort();
	memcpy(bytes, PROFILE_MAGIC, PROFILE_MAGIC_SIZE);
	if (part.size)
		memcpy(bytes + PROFILE_MAGIC_SIZE, part.at, part.size);
	for (size_t i = 0; i < size; i++)
		sum = (sum ^ bytes[i]) * PROFILE_SUM_PRIME;
	memcpy(bytes + size, &sum, sizeof(sum));
	fuzz_file("boots/0/profile", bytes, size + sizeof(sum));
	free(bytes);
}

static void explain(const struct rundata *data, const char *arm)
{
	const struct explain_query query = {.arm = arm};
	struct explain_side side;
	struct explain_view view;
	struct sharing sharing;
	int ret;

	fuzz_expect_sentence();
	ret = explain_side_load(data, &query, 1, &side);
	fuzz_check_error(ret);
	if (!ret) {
		for (size_t i = 0; i < side.with.nr_functions; i++)
			fuzz_check_printable(side.with.functions[i].name, false);
		if (explain_view_make(NULL, &side, &view))
			fuzz_fail(err_msg());
		explain_view_free(&view);
		explain_side_free(&side);
	}
	for (unsigned int line_bytes = 64; line_bytes <= 128; line_bytes *= 2) {
		fuzz_expect_sentence();
		ret = sharing_load(data, &query, 1, line_bytes, &sharing);
		fuzz_check_error(ret);
		if (!ret)
			sharing_free(&sharing);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	const struct rundata *data = the_run();
	struct fuzz_rest rest = {input, size}, symbols = fuzz_part(&rest, "\n%%\n");
	struct profile *profile;
	uint64_t *addresses;
	size_t nr = 0;
	int ret;

	write_profile(rest);
	fuzz_expect_sentence();
	ret = profile_load(fuzz_dir(), "boots/0/profile", &profile);
	fuzz_check_error(ret);
	if (ret)
		return 0;
	/* Under the name that the profile asks for, where that can be one. */
	if (profile->name[0] && profile->name[0] != '.' && !strchr(profile->name, '/')) {
		char name[sizeof(profile->name) + 16];

		snprintf(name, sizeof(name), "symbols/%s", profile->name);
		fuzz_file(name, symbols.at, symbols.size);
		explain(data, "child");
		explain(data, "off");
		fuzz_remove(name);
	}
	if (profile_addresses(profile, &addresses, &nr))
		fuzz_fail(err_msg());
	free(addresses);
	profile_free(profile);
	return 0;
}
