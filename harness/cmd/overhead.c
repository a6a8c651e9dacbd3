// SPDX-License-Identifier: GPL-2.0-or-later
/* overhead - print a stored run again; needs no root, no cgroup and no machine. */
#include "cmd/cmd.h"
#include "cmd/present.h"

extern const struct verb verb_overhead;

struct overhead_args {
	bool json, verbose, plots;
};

static const struct opt options[] = {
	{"json", 0, OPT_TO_FLAG(struct overhead_args, json), .help = "print JSON instead of the table"},
	{"verbose", 'v', OPT_TO_FLAG(struct overhead_args, verbose),
	 .help = "also the intervals of each memcg state, outliers, command line and places of the workers"},
	{"plots", 0, OPT_TO_FLAG(struct overhead_args, plots), .help = "draw the run's pictures again"},
	OPT_END,
};

static int overhead_main(int argc, char **argv)
{
	struct overhead_args args = {0};
	struct opt_parsed parsed;
	int status;

	if (cmd_parse(&verb_overhead, argc, argv, &args, &parsed, &status)) {
		struct present_options present = {.json = args.json, .verbose = args.verbose, .plots = args.plots};

		if (parsed.operands.nr != 1)
			status = cmd_usage(&verb_overhead, "one folder of a run is wanted, such as results/NAME");
		else
			status = present_run(&verb_overhead, parsed.operands.items[0], &present);
	}
	opt_free(options, &args, &parsed);
	return status;
}

const struct verb verb_overhead = {
	.name = "overhead",
	.summary = "print the table of a stored run again",
	.about = "Reads the samples of one run and prints what `memcgbench run` printed then, computed anew from the samples. "
		 "Works on any machine, without root and without a memory controller.",
	.operands = "RUN",
	.options = options,
	.main = overhead_main,
};
