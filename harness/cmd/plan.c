// SPDX-License-Identifier: GPL-2.0-or-later
/* plan - split a run over machines: the commands of its parts, for whatever starts jobs. */
#include <string.h>

#include <jansson.h>

#include "base/err.h"
#include "cmd/cmd.h"
#include "guest/process.h"

extern const struct verb verb_plan;

enum plan_format { PLAN_LINES, PLAN_SLURM, PLAN_MATRIX };

struct plan_args {
	uint64_t nr_shards;
	unsigned int format;
	const char *results_dir;
};

static const char *const formats[] = {"lines", "slurm", "matrix", NULL};

static const struct opt options[] = {
	{"shards", 0, OPT_TO_U64(struct plan_args, nr_shards, 1, 10000), .arg = "N", .def = "2", .help = "into how many parts"},
	{"format", 0, OPT_TO_ENUM(struct plan_args, format, formats), .def = "lines",
	 .help = "lines: a command each, for GNU parallel or a shell; slurm: a job array for sbatch; matrix: JSON for the matrix of a CI "
		 "system"},
	{"output", 'o', OPT_TO_STRING(struct plan_args, results_dir), .arg = "DIR", .def = "results",
	 .help = "folder that gets the folders of the parts"},
	OPT_END,
};

/* @word as one word of a shell. */
static void put_word(FILE *out, const char *word)
{
	if (*word && !word[strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=+:,./@%")]) {
		fputs(word, out);
		return;
	}
	fputc('\'', out);
	for (; *word; word++)
		if (*word == '\'')
			fputs("'\\''", out);
		else
			fputc(*word, out);
	fputc('\'', out);
}

/* The part's command; @shard is taken as it stands, so that a shell may fill it in. */
static void put_command(const struct plan_args *args, const struct opt_list *words, const char *shard, FILE *out)
{
	size_t i;

	fprintf(out, "memcgbench run --quiet --no-plots --shard=%s --output=", shard);
	put_word(out, args->results_dir);
	for (i = 0; i < words->nr; i++) {
		fputc(' ', out);
		put_word(out, words->items[i]);
	}
}

static void print_lines(const struct plan_args *args, const struct opt_list *words)
{
	char shard[48];
	uint64_t i;

	for (i = 1; i <= args->nr_shards; i++) {
		snprintf(shard, sizeof(shard), "%llu/%llu", (unsigned long long)i, (unsigned long long)args->nr_shards);
		put_command(args, words, shard, stdout);
		putchar('\n');
	}
}

static void print_slurm(const struct plan_args *args, const struct opt_list *words)
{
	char shard[64];

	snprintf(shard, sizeof(shard), "$SLURM_ARRAY_TASK_ID/%llu", (unsigned long long)args->nr_shards);
	printf("#!/bin/sh\n#SBATCH --job-name=memcgbench\n#SBATCH --array=1-%llu\n#SBATCH --cpus-per-task=1\n"
	       "# One guest at a time: Slurm starts as many tasks as there are CPUs.\n",
	       (unsigned long long)args->nr_shards);
	put_command(args, words, shard, stdout);
	fputs(" --jobs=1\n", stdout);
}

static int print_matrix(const struct plan_args *args, const struct opt_list *words)
{
	json_t *include = json_array();
	char shard[48];
	uint64_t i;

	for (i = 1; i <= args->nr_shards; i++) {
		__free_mem char *command = NULL;
		size_t size;
		FILE *out = open_memstream(&command, &size);

		if (!out)
			break;
		snprintf(shard, sizeof(shard), "%llu/%llu", (unsigned long long)i, (unsigned long long)args->nr_shards);
		put_command(args, words, shard, out);
		fclose(out);
		json_array_append_new(include, json_pack("{s:s, s:s}", "shard", shard, "command", command));
	}
	return cmd_print_json(&verb_plan, json_pack("{s:o}", "include", include));
}

/* What `run` would refuse is refused here, before it is on a hundred machines. */
static int check(const struct plan_args *args, const struct opt_list *words)
{
	__free_mem const char **argv = calloc(words->nr + 6, sizeof(*argv));
	__free_mem char *text = NULL;
	char shard[64];
	size_t nr = 0, i;
	int status;

	if (!argv)
		return cmd_fail(&verb_plan, "no memory for the parts");
	snprintf(shard, sizeof(shard), "--shard=%llu/%llu", (unsigned long long)args->nr_shards,
		 (unsigned long long)args->nr_shards);
	argv[nr++] = "/proc/self/exe";
	argv[nr++] = "run";
	argv[nr++] = "--dry-run";
	argv[nr++] = shard;
	for (i = 0; i < words->nr; i++)
		argv[nr++] = words->items[i];
	status = process_text(argv, PROCESS_ERR, &text);
	if (status > 0)
		fputs(text, stderr);
	return status < 0 ? cmd_fail(&verb_plan, NULL) : status;
}

static int plan_main(int argc, char **argv)
{
	struct plan_args args = {0};
	struct opt_parsed parsed;
	int status;

	if (cmd_parse(&verb_plan, argc, argv, &args, &parsed, &status)) {
		status = check(&args, &parsed.operands);
		if (!status && args.format == PLAN_MATRIX)
			status = print_matrix(&args, &parsed.operands);
		else if (!status && args.format == PLAN_SLURM)
			print_slurm(&args, &parsed.operands);
		else if (!status)
			print_lines(&args, &parsed.operands);
		status = cmd_finish(&verb_plan, status);
	}
	opt_free(options, &args, &parsed);
	return status;
}

const struct verb verb_plan = {
	.name = "plan",
	.summary = "split a run of guests over machines",
	.about = "Prints the commands of the parts of one run, which any number of machines may run in any order; `memcgbench merge` joins "
		 "the results to what one machine would have stored. What stands behind two dashes is a command line of `memcgbench run` with "
		 "--kernel: a boot is the smallest part.\n\n"
		 "  memcgbench plan --shards=8 -- -k old=deb:6.1.192-3 -k new=deb:6.12.117-1 | parallel\n\n"
		 "  memcgbench plan --shards=8 --format=slurm -- -k old=deb:6.1.192-3 -k new=deb:6.12.117-1 | sbatch\n\n"
		 "Every part runs its own first boot twice, and so tests its machine. The machines need the same QEMU: merge "
		 "refuses parts that differ in it.",
	.operands = "RUN-OPTION...",
	.options = options,
	.main = plan_main,
};
