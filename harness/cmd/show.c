// SPDX-License-Identifier: GPL-2.0-or-later
#include <jansson.h>
#include <string.h>

#include "base/err.h"
#include "base/units.h"
#include "cmd/cmd.h"
#include "cmd/list_choices.h"
#include "cmd/text.h"
#include "core/needs.h"
#include "machine/cgroup.h"

#define INDENT 2

struct show_args {
	bool json;
};

static const struct opt show_options[] = {
	{"json", 0, OPT_TO_FLAG(struct show_args, json), .help = "print JSON"},
	OPT_END,
};

extern const struct verb verb_show;

/* Wrap @text under a name that stands at INDENT. */
static void print_item(const char *name, size_t column, const char *text)
{
	int used = printf("%*s%s", INDENT, "", name);

	if ((size_t)used + 2 > column) {
		putchar('\n');
		used = 0;
	}
	text_wrap(stdout, text, (size_t)used, column, text_width());
}

/* What costs and counts are in on this machine's clock. */
static const char *unit_of(const struct bench_metric *metric)
{
	return metric->kind == BENCH_COUNT ? metric->unit : "ns";
}

static void print_metrics(const struct bench *bench)
{
	size_t column = 0, i;

	printf("\nMetrics:\n");
	for (i = 0; i < bench->nr_metrics; i++)
		if (text_columns(bench->metrics[i].name) + INDENT + 2 > column)
			column = text_columns(bench->metrics[i].name) + INDENT + 2;
	for (i = 0; i < bench->nr_metrics; i++) {
		const struct bench_metric *metric = &bench->metrics[i];
		char text[512];

		snprintf(text, sizeof(text), "%s per %s, %s is better: %s", unit_of(metric), metric->op,
			 metric->better == BENCH_LOWER_IS_BETTER ? "lower" : "higher", metric->help);
		print_item(metric->name, column, text);
	}
}

static char *format_number(const struct bench_param *param, uint64_t value, char *buf,
			   size_t buf_size)
{
	if (param->type == BENCH_PARAM_SIZE)
		return format_size(value, buf, buf_size);
	snprintf(buf, buf_size, "%llu", (unsigned long long)value);
	return buf;
}

/* "write|read", "4K to 1T bytes": what a parameter may be. */
static char *describe_range(const struct bench_param *param, char *buf, size_t buf_size)
{
	char low[32], high[32];
	size_t i, used = 0;

	buf[0] = '\0';
	if (param->type != BENCH_PARAM_ENUM) {
		snprintf(buf, buf_size, "%s to %s%s%s",
			 format_number(param, param->min, low, sizeof(low)),
			 format_number(param, param->max, high, sizeof(high)), param->unit ? " " : "",
			 param->unit ? param->unit : "");
		return buf;
	}
	for (i = 0; param->choices[i] && used < buf_size; i++)
		used += (size_t)snprintf(buf + used, buf_size - used, "%s%s", i ? "|" : "",
					 param->choices[i]);
	return buf;
}

static void print_params(const struct bench *bench)
{
	size_t column = 0, i;

	printf("\nParameters:\n");
	if (!bench->nr_params)
		printf("%*snone\n", INDENT, "");
	for (i = 0; i < bench->nr_params; i++)
		if (text_columns(bench->params[i].name) + INDENT + 2 > column)
			column = text_columns(bench->params[i].name) + INDENT + 2;
	for (i = 0; i < bench->nr_params; i++) {
		const struct bench_param *param = &bench->params[i];
		char range[256], text[1024];

		snprintf(text, sizeof(text), "%s: %s (default: %s%s%s)",
			 describe_range(param, range, sizeof(range)), param->help, param->def,
			 param->insn_def ? "; in guests: " : "", param->insn_def ? param->insn_def : "");
		print_item(param->name, column, text);
	}
}

static unsigned int needs_of_choices(const struct bench *bench)
{
	struct list_choice choice = {0};
	unsigned int needs = 0;

	while (list_choice_next(bench, &choice))
		needs |= choice.needs;
	return needs;
}

/* "kind=anon", for whom @flag is needed; "" where the bench itself needs it. */
static char *join_needy(const struct bench *bench, enum bench_needs flag, char *buf, size_t buf_size)
{
	struct list_choice choice = {0};
	size_t used = 0;

	buf[0] = '\0';
	while (!(bench->needs & flag) && list_choice_next(bench, &choice) && used < buf_size)
		if (choice.needs & flag)
			used += (size_t)snprintf(buf + used, buf_size - used, "%s%s=%s", used ? ", " : "", choice.param->name,
						 choice.name);
	return buf;
}

static void print_needs(const struct bench *bench, const struct cg_info *cg)
{
	unsigned int needs = bench->needs | needs_of_choices(bench);
	const struct need *need;
	char text[1024], why[256], whom[128];

	printf("\nNeeds:\n");
	if (!needs)
		printf("%*snothing\n", INDENT, "");
	for (need = needs_table; need->flag; need++) {
		if (!(needs & need->flag))
			continue;
		join_needy(bench, need->flag, whom, sizeof(whom));
		if (needs_met(need->flag, cg, why, sizeof(why)))
			snprintf(text, sizeof(text), "here%s%s: %s", whom[0] ? ", for " : "", whom, need->help);
		else
			snprintf(text, sizeof(text), "MISSING%s%s (%s): %s", whom[0] ? " for " : "", whom, why, need->help);
		print_item(need->name, 9, text);
	}
}

static int print_text(const struct bench *bench, const struct cg_info *cg)
{
	size_t width = text_width();

	printf("%s, version %u: ", bench->name, bench->version);
	text_wrap(stdout, bench->summary, 0, 0, width);
	putchar('\n');
	text_wrap(stdout, bench->about, 0, 0, width);
	print_metrics(bench);
	print_params(bench);
	print_needs(bench, cg);
	return cmd_finish(&verb_show, EXIT_OK);
}

static json_t *metrics_json(const struct bench *bench)
{
	json_t *metrics = json_array();
	size_t i;

	for (i = 0; i < bench->nr_metrics; i++) {
		const struct bench_metric *metric = &bench->metrics[i];

		json_array_append_new(
			metrics,
			json_pack("{s:s, s:o, s:s, s:s, s:s}", "name", metric->name, "unit",
				  json_sprintf("%s/%s", unit_of(metric), metric->op), "op", metric->op, "better",
				  metric->better == BENCH_LOWER_IS_BETTER ? "lower" : "higher", "help",
				  metric->help));
	}
	return metrics;
}

/* Of each choice that needs anything, what. */
static json_t *choice_needs_json(const struct bench *bench, const struct bench_param *param)
{
	json_t *needs = json_object();
	struct list_choice choice = {0};

	while (list_choice_next(bench, &choice))
		if (choice.param == param)
			json_object_set_new(needs, choice.name, list_needs_json(choice.needs));
	return needs;
}

static json_t *params_json(const struct bench *bench)
{
	static const char *const types[] = {"enum", "size", "uint"};
	json_t *params = json_array();
	size_t i, j;

	for (i = 0; i < bench->nr_params; i++) {
		const struct bench_param *param = &bench->params[i];
		json_t *object = json_pack("{s:s, s:s, s:s?, s:s, s:s}", "name", param->name, "type",
					   types[param->type], "unit", param->unit, "default", param->def,
					   "default_in_guests", param->insn_def ? param->insn_def : param->def);

		if (param->type == BENCH_PARAM_ENUM) {
			json_t *choices = json_array();

			for (j = 0; param->choices[j]; j++)
				json_array_append_new(choices, json_string(param->choices[j]));
			json_object_set_new(object, "choices", choices);
			json_object_set_new(object, "choice_needs", choice_needs_json(bench, param));
		} else {
			json_object_set_new(object, "min", json_integer((json_int_t)param->min));
			json_object_set_new(object, "max", json_integer((json_int_t)param->max));
		}
		json_object_set_new(object, "help", json_string(param->help));
		json_array_append_new(params, object);
	}
	return params;
}

static json_t *needs_json(const struct bench *bench, const struct cg_info *cg)
{
	unsigned int all = bench->needs | needs_of_choices(bench);
	json_t *needs = json_array();
	const struct need *need;
	char why[480], whom[128];

	for (need = needs_table; need->flag; need++) {
		bool met;

		if (!(all & need->flag))
			continue;
		met = needs_met(need->flag, cg, why, sizeof(why));
		join_needy(bench, need->flag, whom, sizeof(whom));
		json_array_append_new(needs, json_pack("{s:s, s:s?, s:b, s:s?, s:s}", "name", need->name, "for",
						       whom[0] ? whom : NULL, "met", met, "why_not", met ? NULL : why, "help",
						       need->help));
	}
	return needs;
}

static int print_json(const struct bench *bench, const struct cg_info *cg)
{
	return cmd_print_json(
		&verb_show,
		json_pack("{s:s, s:i, s:s, s:i, s:s, s:s, s:o, s:o, s:o}", "schema",
			  "memcgbench-show", "schema_version", 1, "name", bench->name, "version",
			  (int)bench->version, "summary", bench->summary, "about", bench->about,
			  "metrics", metrics_json(bench), "params", params_json(bench), "needs",
			  needs_json(bench, cg)));
}

static int show(const struct show_args *args, const struct opt_list *operands)
{
	const struct bench *bench;
	struct cg_info cg;

	if (operands->nr == 0)
		return cmd_usage(&verb_show, "which bench?");
	if (operands->nr > 1)
		return cmd_usage(&verb_show, "takes one bench, but \"%s\" was given as well",
				 operands->items[1]);
	bench = cmd_find_bench(operands->items[0]);
	if (!bench)
		return cmd_usage(&verb_show, NULL);
	if (cg_detect(&cg))
		return cmd_fail(&verb_show, NULL);
	return args->json ? print_json(bench, &cg) : print_text(bench, &cg);
}

static int show_main(int argc, char **argv)
{
	struct show_args args = {0};
	struct opt_parsed parsed;
	int status = EXIT_OK;

	if (cmd_parse(&verb_show, argc, argv, &args, &parsed, &status))
		status = show(&args, &parsed.operands);
	opt_free(show_options, &args, &parsed);
	return status;
}

const struct verb verb_show = {
	.name = "show",
	.summary = "tell what a bench does, its metrics, parameters and needs",
	.about = "Tell of BENCH what it does and why the memory cgroup controller is on that path, what "
		 "its numbers include and leave out, its metrics with their units, its parameters with "
		 "defaults and what they may be, and whether this machine has what it needs.",
	.operands = "BENCH",
	.options = show_options,
	.main = show_main,
};
