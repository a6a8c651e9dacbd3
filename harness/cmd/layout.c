// SPDX-License-Identifier: GPL-2.0-or-later
/* layout - how the memory controller's structures lie in memory, and how that differs between two kernels. */
#include <string.h>

#include "base/err.h"
#include "cmd/cmd.h"
#include "cmd/text.h"
#include "data/layout.h"
#include "guest/btf.h"
#include "out/layout_json.h"
#include "out/layout_text.h"

extern const struct verb verb_layout;

struct layout_args {
	struct opt_list structs;
	unsigned int line; /* index of line_choices */
	bool brief, check, json, quiet;
};

static const char *const line_choices[] = {"64", "128", NULL};
static const unsigned int line_bytes[] = {64, 128};

static const struct opt options[] = {
	{"struct", 's', OPT_TO_LIST(struct layout_args, structs), .arg = "NAME",
	 .help = "this structure (or union) in place of those of memcg"},
	{"line", 0, OPT_TO_ENUM(struct layout_args, line, line_choices), .def = "64",
	 .help = "bytes of a cache line; 128 for processors that fetch pairs of lines"},
	{"brief", 0, OPT_TO_FLAG(struct layout_args, brief), .help = "one line for each structure"},
	{"check", 0, OPT_TO_FLAG(struct layout_args, check), .help = "exit status 1 when a structure differs"},
	{"json", 0, OPT_TO_FLAG(struct layout_args, json), .help = "print JSON"},
	{"quiet", 0, OPT_TO_FLAG(struct layout_args, quiet), .help = "do not say what takes long"},
	OPT_END,
};

/* A kernel whose layouts were read. */
struct side {
	struct layout *layout;
	char name[128];
};

static void say(void *ctx, const char *text)
{
	const struct layout_args *args = ctx;

	if (!args->quiet)
		fprintf(stderr, "memcgbench layout: %s\n", text);
}

static int read_side(struct layout_args *args, const char *spec, const char *const *names, size_t nr_names,
		     struct side *side)
{
	struct kernel_progress progress = {.say = say, .ctx = args};
	struct btf_bytes bytes;
	int ret = btf_open(spec, &progress, &bytes);

	if (ret)
		return ret;
	memcpy(side->name, bytes.name, sizeof(side->name));
	ret = layout_read(bytes.data, bytes.size, spec, names, nr_names, &side->layout);
	btf_bytes_free(&bytes);
	return ret;
}

/* A structure that was asked for by name and is nowhere is a mistake; one of our list is only too old or too new. */
static int check_found(const struct layout_args *args, const struct side *sides, size_t nr_sides)
{
	size_t i, j;

	for (i = 0; i < args->structs.nr; i++) {
		bool found = false;

		for (j = 0; j < nr_sides; j++)
			found |= sides[j].layout->structs[i].exists;
		if (!found)
			return cmd_fail(&verb_layout, "no structure \"%s\" in the BTF of %s%s%s", args->structs.items[i],
					sides[0].name, nr_sides > 1 ? " and of " : "", nr_sides > 1 ? sides[1].name : "");
	}
	return EXIT_OK;
}

static int print_one(const struct layout_args *args, const struct side *side)
{
	size_t i;

	if (args->json)
		return cmd_print_json(&verb_layout, layout_json(side->layout, side->name, line_bytes[args->line]));
	for (i = 0; i < side->layout->nr_structs; i++) {
		const struct layout_struct *s = &side->layout->structs[i];

		if (!s->exists)
			continue;
		if (args->brief)
			printf("%s: %llu bytes, %zu members\n", s->name, (unsigned long long)s->size_bytes, s->nr_members);
		else
			layout_struct_text(s, line_bytes[args->line], stdout);
	}
	return EXIT_OK;
}

static int print_diffs(const struct layout_args *args, const struct side *sides, const struct layout_diff *diffs,
		       size_t nr)
{
	struct layout_text_options text = {
		.old_name = sides[0].name,
		.new_name = sides[1].name,
		.line_bytes = line_bytes[args->line],
		.width = text_width(),
		.brief = args->brief,
	};
	int status = EXIT_OK;
	size_t i;

	if (args->json)
		status = cmd_print_json(&verb_layout, layout_diff_json(diffs, nr, sides[0].name, sides[1].name,
								       line_bytes[args->line]));
	else if (layout_diff_text(diffs, nr, &text, stdout))
		status = cmd_fail(&verb_layout, NULL);
	for (i = 0; !status && args->check && i < nr; i++)
		if (!diffs[i].same)
			status = EXIT_REGRESSION;
	return status;
}

static int print_two(const struct layout_args *args, const struct side *sides)
{
	size_t nr = sides[0].layout->nr_structs, done;
	struct layout_diff *diffs = calloc(nr + 1, sizeof(*diffs));
	int status = EXIT_OK;

	if (!diffs)
		return cmd_fail(&verb_layout, "no memory");
	for (done = 0; done < nr; done++)
		if (layout_compare(&sides[0].layout->structs[done], &sides[1].layout->structs[done],
				   line_bytes[args->line], &diffs[done])) {
			status = cmd_fail(&verb_layout, NULL);
			break;
		}
	if (!status)
		status = print_diffs(args, sides, diffs, nr);
	while (done--)
		layout_diff_free(&diffs[done]);
	free(diffs);
	return status;
}

static int layout_kernels(struct layout_args *args, const struct opt_list *specs)
{
	const char *const *names = args->structs.nr ? args->structs.items : layout_memcg_structs;
	size_t nr_names = args->structs.nr, i;
	struct side sides[2] = {0};
	int status = EXIT_OK;

	while (!args->structs.nr && names[nr_names])
		nr_names++;
	for (i = 0; !status && i < specs->nr; i++)
		if (read_side(args, specs->items[i], names, nr_names, &sides[i]))
			status = cmd_fail(&verb_layout, NULL);
	if (!status)
		status = check_found(args, sides, specs->nr);
	if (!status)
		status = specs->nr == 2 ? print_two(args, sides) : print_one(args, &sides[0]);
	for (i = 0; i < ARRAY_SIZE(sides); i++)
		layout_free(sides[i].layout);
	return cmd_finish(&verb_layout, status);
}

static int layout_main(int argc, char **argv)
{
	struct layout_args args = {0};
	struct opt_parsed parsed;
	int status;

	if (cmd_parse(&verb_layout, argc, argv, &args, &parsed, &status)) {
		if (parsed.operands.nr < 1 || parsed.operands.nr > 2)
			status = cmd_usage(&verb_layout, "one kernel is wanted, or two, such as deb:6.12.117-1 deb:7.1.13");
		else if (args.check && parsed.operands.nr != 2)
			status = cmd_usage(&verb_layout, "--check compares two kernels; one was given");
		else
			status = layout_kernels(&args, &parsed.operands);
	}
	opt_free(options, &args, &parsed);
	return status;
}

const struct verb verb_layout = {
	.name = "layout",
	.summary = "how the structures of memcg lie in memory, and differ between two kernels",
	.about = "With two kernels, says for each structure of the memory controller how its size changed, which members came, went, "
		 "moved or changed their type, and which share a cache line now and did not before, or no longer do. With one "
		 "kernel, prints the structures. Kernels are named as for run --kernel; a vmlinux, a file of BTF and \"running\" "
		 "(/sys/kernel/btf/vmlinux) do as well. Nothing is booted, and root is not needed.\n\n"
		 "A member that moved by itself costs nothing; one that shares its line with another that is written from every "
		 "CPU does. Offsets and lines count from the start of the structure, as if that lay on the start of a line. In "
		 "\"joined\" and \"parted\" a bar stands between members that share a line in only one of the two kernels.",
	.operands = "KERNEL [KERNEL]",
	.options = options,
	.main = layout_main,
};
