// SPDX-License-Identifier: GPL-2.0-or-later
/* merge - the parts of a run that was split with run --shard become one run. */
#include <limits.h>
#include <string.h>

#include "base/err.h"
#include "cmd/cmd.h"
#include "data/merge.h"

extern const struct verb verb_merge;

struct merge_args {
	const char *results_dir, *name;
};

static const struct opt options[] = {
	{"output", 'o', OPT_TO_STRING(struct merge_args, results_dir), .arg = "DIR", .def = "results",
	 .help = "folder that gets a folder for the merged run"},
	{"name", 0, OPT_TO_STRING(struct merge_args, name), .arg = "NAME", .def = "merged",
	 .help = "name of the merged run; it gets \"-2\" and so on when it is taken"},
	OPT_END,
};

static int merge_operands(const struct merge_args *args, const struct opt_list *dirs)
{
	struct merge_result result;
	int status = EXIT_OK;

	if (merge_runs(dirs->items, dirs->nr, args->results_dir, args->name, &result))
		return cmd_fail(&verb_merge, NULL);
	printf("%s\n", result.dir);
	if (result.nr_boots < result.nr_boots_all)
		status = cmd_fail(&verb_merge, "%zu of the %zu boots are in none of the parts; %s is not complete",
				  result.nr_boots_all - result.nr_boots, result.nr_boots_all, result.dir);
	merge_result_free(&result);
	return cmd_finish(&verb_merge, status);
}

static int merge_main(int argc, char **argv)
{
	struct merge_args args = {0};
	struct opt_parsed parsed;
	int status;

	if (cmd_parse(&verb_merge, argc, argv, &args, &parsed, &status)) {
		if (parsed.operands.nr)
			status = merge_operands(&args, &parsed.operands);
		else
			status = cmd_usage(&verb_merge, "folders of the parts are wanted");
	}
	opt_free(options, &args, &parsed);
	return status;
}

const struct verb verb_merge = {
	.name = "merge",
	.summary = "join the parts of a run that was split over machines",
	.about = "Each part was made by `memcgbench run --shard=I/N` with otherwise the same command line and the same memcgbench "
		 "(memcgbench plan prints the commands). The merged run has every boot of the parts under its own number, and is "
		 "what one machine would have stored, sample for sample. Its folder is printed; memcgbench compare and overhead "
		 "read it.\n\n"
		 "When a boot is in none of the parts the exit status is 5, and the merged run is not complete.",
	.operands = "RUN...",
	.options = options,
	.main = merge_main,
};
