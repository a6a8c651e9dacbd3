// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "base/err.h"
#include "cmd/cmd.h"
#include "cmd/list_choices.h"
#include "cmd/text.h"
#include "core/needs.h"
#include "core/registry.h"
#include "machine/cgroup.h"

enum { COLUMN_NAME, COLUMN_VERSION, COLUMN_OP, COLUMN_RUNS, COLUMN_SUMMARY, NR_COLUMNS };

struct list_args {
	bool json;
};

static const struct opt list_options[] = {
	{"json", 0, OPT_TO_FLAG(struct list_args, json), .help = "print JSON"},
	OPT_END,
};

extern const struct verb verb_list;

/* What costs are per: "page", or "page, process" where metrics differ. */
static char *join_ops(const struct bench *bench, char *buf, size_t buf_size)
{
	size_t i, j;

	buf[0] = '\0';
	for (i = 0; i < bench->nr_metrics; i++) {
		const char *op = bench->metrics[i].op;

		for (j = 0; j < i && strcmp(bench->metrics[j].op, op); j++)
			;
		if (j < i)
			continue;
		if (buf[0])
			strncat(buf, ", ", buf_size - strlen(buf) - 1);
		strncat(buf, op, buf_size - strlen(buf) - 1);
	}
	return buf;
}

/* "kind=file needs dir, kind=anon needs swap", "" where no choice needs anything. */
static char *join_choices(const struct bench *bench, char *buf, size_t buf_size)
{
	struct list_choice choice = {0};
	char needs[128];
	size_t used = 0;

	buf[0] = '\0';
	while (list_choice_next(bench, &choice) && used < buf_size)
		used += (size_t)snprintf(buf + used, buf_size - used, "%s%s=%s needs %s", used ? ", " : "", choice.param->name,
					 choice.name, list_needs_names(choice.needs, needs, sizeof(needs)));
	return buf;
}

/* Can this machine run @bench as it is, with no parameter given? */
static bool runs_here(const struct bench *bench, const struct cg_info *cg, char *why, size_t why_size)
{
	return needs_met_all_of(list_default_needs(bench), cg, why, why_size);
}

struct list_row {
	char version[16], op[128], summary[1536];
};

static int print_table(const struct cg_info *cg)
{
	static const char *const headings[NR_COLUMNS] = {"NAME", "VERSION", "OP", "RUNS HERE",
							 "SUMMARY"};
	size_t nr = registry_nr(), i;
	__free_mem struct list_row *rows = calloc(nr, sizeof(*rows));
	__free_mem const char **cells = calloc(nr * NR_COLUMNS, sizeof(*cells));

	if (!rows || !cells) {
		err_sys(ENOMEM, "list the benches");
		return cmd_fail(&verb_list, NULL);
	}
	for (i = 0; i < nr; i++) {
		const struct bench *bench = registry_at(i);
		const char **cell = &cells[i * NR_COLUMNS];
		char why[480] = "", choices[256];
		bool runs = runs_here(bench, cg, why, sizeof(why));

		snprintf(rows[i].version, sizeof(rows[i].version), "%u", bench->version);
		join_choices(bench, choices, sizeof(choices));
		snprintf(rows[i].summary, sizeof(rows[i].summary), "%s%s%s%s%s%s", bench->summary, choices[0] ? "; " : "",
			 choices, runs ? "" : " (", why, runs ? "" : ")");
		cell[COLUMN_NAME] = bench->name;
		cell[COLUMN_VERSION] = rows[i].version;
		cell[COLUMN_OP] = join_ops(bench, rows[i].op, sizeof(rows[i].op));
		cell[COLUMN_RUNS] = runs ? "yes" : "no";
		cell[COLUMN_SUMMARY] = rows[i].summary;
	}
	text_table(stdout, headings, NR_COLUMNS, cells, nr, text_width());
	return cmd_finish(&verb_list, EXIT_OK);
}

static json_t *choices_json(const struct bench *bench, const struct cg_info *cg)
{
	json_t *choices = json_array();
	struct list_choice choice = {0};
	char why[480];

	while (list_choice_next(bench, &choice)) {
		bool met = needs_met_all_of(choice.needs, cg, why, sizeof(why));

		json_array_append_new(choices, json_pack("{s:s, s:s, s:o, s:b, s:s?}", "param", choice.param->name, "choice",
							 choice.name, "needs", list_needs_json(choice.needs), "met", met,
							 "why_not", met ? NULL : why));
	}
	return choices;
}

static int print_json(const struct cg_info *cg)
{
	json_t *benches = json_array();
	size_t i;

	for (i = 0; i < registry_nr(); i++) {
		const struct bench *bench = registry_at(i);
		char op[128], why[480] = "";
		bool runs = runs_here(bench, cg, why, sizeof(why));

		json_array_append_new(
			benches,
			json_pack("{s:s, s:i, s:s, s:s, s:b, s:s?, s:o}", "name", bench->name, "version",
				  (int)bench->version, "op", join_ops(bench, op, sizeof(op)), "summary",
				  bench->summary, "runs_here", runs, "why_not", runs ? NULL : why, "choice_needs",
				  choices_json(bench, cg)));
	}
	return cmd_print_json(&verb_list,
			      json_pack("{s:s, s:i, s:o}", "schema", "memcgbench-list",
					"schema_version", 1, "benches", benches));
}

static int list_main(int argc, char **argv)
{
	struct list_args args = {0};
	struct opt_parsed parsed;
	struct cg_info cg;
	int status = EXIT_OK;

	if (cmd_parse(&verb_list, argc, argv, &args, &parsed, &status)) {
		if (cg_detect(&cg))
			status = cmd_fail(&verb_list, NULL);
		else
			status = args.json ? print_json(&cg) : print_table(&cg);
	}
	opt_free(list_options, &args, &parsed);
	return status;
}

const struct verb verb_list = {
	.name = "list",
	.summary = "list the benches",
	.about = "List every bench with its version, what one operation of it is, and whether this "
		 "machine can run it as it is. Some choices of parameters need more, which is said as well. A bench whose version differs measures something else under the "
		 "same name.",
	.operands = "",
	.options = list_options,
	.main = list_main,
};
