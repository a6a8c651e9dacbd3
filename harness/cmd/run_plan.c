// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/run_plan.h"

#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/units.h"
#include "cmd/cmd.h"
#include "core/registry.h"
#include "machine/workdir.h"

/* With --quick, where an option does not say otherwise. */
#define QUICK_BLOCKS	  16
#define QUICK_REP_NS	  15000000
#define QUICK_LATENCY_OPS 40000

/* In a guest: reps of one pass, the least of which counts; more of them only find a tick-free one more surely. */
#define GUEST_BLOCKS 8
#define GUEST_REP_NS 1

#define LIST_MAX PLAN_ARMS_MAX

/* For the card on this machine, where no option says otherwise. */
#define CARD_BUDGET_NS	     120000000000ull
#define QUICK_CARD_BUDGET_NS 30000000000ull
#define BUDGET_LEAST_NS	     1000000000ull

/* "1,5": up to LIST_MAX numbers, each checked by @parse. */
static int parse_list(const char *option, const char *text, uint64_t max, const struct topo *topo, uint64_t *ret_list,
		      size_t *ret_nr)
{
	__free_mem char *copy = strdup(text);
	char *rest = copy, *word;
	uint64_t list[LIST_MAX];
	size_t nr = 0;
	int ret;

	if (!copy)
		return err_sys(ENOMEM, "memory for --%s", option);
	while ((word = strsep(&rest, ","))) {
		if (nr == LIST_MAX)
			return err_set(ERANGE, "--%s=%s: at most %d numbers", option, text, LIST_MAX);
		if (topo && !strcmp(word, "cores")) {
			list[nr++] = topo_nr_cores(topo);
			continue;
		}
		if (topo && !strcmp(word, "pus")) {
			list[nr++] = topo_nr_pus(topo);
			continue;
		}
		ret = parse_u64(word, &list[nr]);
		if (ret)
			return err_prefix(ret, "--%s=%s", option, text);
		if (list[nr] < 1 || list[nr] > max)
			return err_set(ERANGE, "--%s=%s: %s is not between 1 and %llu", option, text, word,
				       (unsigned long long)max);
		nr++;
	}
	memcpy(ret_list, list, sizeof(list));
	*ret_nr = nr;
	return 0;
}

const char *const run_suite_names[] = {[SUITE_CARD] = "card", [SUITE_FULL] = "full", NULL};

static bool in_guests(const struct run_line *line)
{
	return line->args->kernels.nr > 0;
}

/* Under KVM a guest is measured as this machine is: in nanoseconds, over as many blocks. */
static bool on_insn_clock(const struct run_line *line)
{
	return in_guests(line) && line->args->accel != RUN_KVM && line->args->accel != RUN_TCG;
}

/* The memcg states to compare; the first is the baseline. */
static int make_arms(const struct run_line *line, const struct cg_info *cg, const char *depths, struct plan_item *item)
{
	struct plan_arm *base;
	uint64_t depth[LIST_MAX];
	size_t nr, i;
	unsigned int below = !cg->can_enter_root; /* levels from the root memcg to the baseline */
	int ret = parse_list("depth", depths, PLAN_DEPTH_MAX - below, NULL, depth, &nr);

	if (ret)
		return ret;
	if (nr + 1 + in_guests(line) > PLAN_ARMS_MAX)
		return err_set(ERANGE, "--depth=%s: at most %d depths", depths,
			       PLAN_ARMS_MAX - 1 - in_guests(line));
	if (in_guests(line))
		item->arms[item->nr_arms++] = (struct plan_arm){.state = PLAN_OFF, .limit_bytes = UINT64_MAX};
	base = &item->arms[item->nr_arms++];
	*base = (struct plan_arm){.state = PLAN_ROOT, .limit_bytes = UINT64_MAX};
	/* Where the root memcg is out of reach, a memcg of depth 1 in our own subtree is the baseline. */
	if (below)
		item->arms[0] = (struct plan_arm){.state = PLAN_CHILD, .depth = 1, .limit_bytes = UINT64_MAX};
	for (i = 0; i < nr; i++)
		item->arms[item->nr_arms++] = (struct plan_arm){
			.state = PLAN_CHILD,
			.depth = (unsigned int)depth[i] + below,
			.limit_bytes = line->args->limit_bytes ? line->args->limit_bytes : UINT64_MAX,
		};
	return 0;
}

/* Set "name=value", given by @option, where @item's bench has such a parameter. */
static int set_param(struct plan_item *item, const char *text, bool *ret_known)
{
	const char *equals = strchr(text, '=');
	char name[64];
	bool has_it = false;
	size_t i;

	if (!equals || equals - text >= (ptrdiff_t)sizeof(name))
		return err_set(EINVAL, "--param=%s: NAME=VALUE is wanted", text);
	snprintf(name, sizeof(name), "%.*s", (int)(equals - text), text);
	for (i = 0; i < params_nr(&item->params) && !has_it; i++) {
		has_it = !strcmp(params_at(&item->params, i)->name, name);
		item->given |= i < item->bench->nr_params ? (unsigned int)has_it << i : 0;
	}
	*ret_known |= has_it;
	return has_it ? params_set(&item->params, name, equals + 1) : 0;
}

static int set_params(const struct opt_list *list, struct plan *plan)
{
	size_t i, k;

	for (i = 0; i < list->nr; i++) {
		bool known = false;

		for (k = 0; k < plan->nr_items; k++) {
			int ret = set_param(&plan->items[k], list->items[i], &known);

			if (ret)
				return ret;
		}
		if (!known)
			return err_set(ENOENT, "--param=%s: none of the chosen benches has this parameter (memcgbench show "
					       "BENCH lists them)", list->items[i]);
	}
	return 0;
}

/* Cut short, it would name another place. */
static int copy_option(const char *option, const char *text, char *buf, size_t size)
{
	if (strlen(text) >= size)
		return err_set(ERANGE, "--%s: at most %zu letters, and \"%.16s...\" has %zu", option, size - 1, text,
			       strlen(text));
	strcpy(buf, text);
	return 0;
}

static int set_insn_defaults(struct plan_item *item)
{
	size_t i;
	int ret = 0;

	for (i = 0; !ret && i < item->bench->nr_params; i++)
		if (item->bench->params[i].insn_def)
			ret = params_set(&item->params, item->bench->params[i].name, item->bench->params[i].insn_def);
	return ret;
}

/* "shared", "each" or a number; @text NULL: as the bench says. */
static int set_memcgs(const char *text, struct plan_item *item)
{
	const char *how = text ? text : item->bench->memcgs;
	uint64_t nr = 1;
	int ret = 0;

	if (how && !strcmp(how, "each"))
		nr = item->nr_workers;
	else if (how && strcmp(how, "shared"))
		ret = parse_u64(how, &nr);
	if (ret)
		return err_set(EINVAL, "--memcgs=%s: shared, each, or a number of memcgs is wanted", how);
	if (nr < 1 || nr > PLAN_WORKERS_MAX)
		return err_set(ERANGE, "--memcgs=%s: not between 1 and %d", how, PLAN_WORKERS_MAX);
	/* Threads share one address space, and that has one memcg. */
	if (item->threads && nr > 1 && text)
		return err_set(EINVAL, "--memcgs=%s: the threads of one process are in one memcg", text);
	item->nr_memcgs = item->threads ? 1 : (unsigned int)nr;
	return 0;
}

static unsigned int default_workers(const struct bench *bench)
{
	return bench->nr_workers ? bench->nr_workers : 1;
}

/* What an item is to be; texts as those of run's options, and never NULL but for @memcgs: as the bench says. */
struct wish {
	const struct bench *bench;
	const char *memcgs, *depth, *place, *memory;
	bool threads;
	uint64_t nr_workers; /* 0: as the bench says */
	unsigned int spare;
};

/* Those that are options of run, where they are given: what a suite wants yields to them. */
static void set_common_params(const struct run_line *line, struct plan *plan)
{
	const struct run_args *args = line->args;
	const uint64_t given[PARAMS_COMMON_NR] = {
		[PARAMS_STATS] = args->stats,
		[PARAMS_SIBLINGS] = args->nr_siblings,
		[PARAMS_SIBLING_PAGES] = args->sibling_pages,
		[PARAMS_LRU_GEN] = args->lru_gen,
	};
	size_t i, k;

	for (i = 0; i < PARAMS_COMMON_NR; i++)
		for (k = 0; opt_is_given(line->options, line->parsed, params_common[i].name) && k < plan->nr_items; k++)
			plan->items[k].params.common[i] = given[i];
}

static int fill_item(const struct run_line *line, const struct cg_info *cg, const struct wish *wish, struct plan_item *item)
{
	int ret;

	item->bench = wish->bench;
	params_init(&item->params, wish->bench);
	ret = on_insn_clock(line) ? set_insn_defaults(item) : 0;
	if (ret)
		return ret;
	item->nr_workers = wish->nr_workers ? (unsigned int)wish->nr_workers : default_workers(wish->bench);
	item->threads = wish->threads;
	item->spare = wish->spare;
	ret = set_memcgs(wish->memcgs, item);
	if (!ret)
		ret = copy_option("place", wish->place, item->place, sizeof(item->place));
	if (!ret)
		ret = copy_option("memory-bind", wish->memory, item->memory, sizeof(item->memory));
	return ret ? ret : make_arms(line, cg, wish->depth, item);
}

static int add_item(const struct run_line *line, const struct cg_info *cg, const struct wish *wish, struct plan *plan)
{
	struct plan_item *item = plan_add(plan);

	return item ? fill_item(line, cg, wish, item) : err_sys(ENOMEM, "memory for the plan");
}

static bool items_are_equal(const struct plan_item *a, const struct plan_item *b)
{
	json_t *json_a = plan_item_to_json(a), *json_b = plan_item_to_json(b);
	bool equal = json_a && json_b && json_equal(json_a, json_b);

	json_decref(json_a);
	json_decref(json_b);
	return equal;
}

/* The last item, if there is one like it from @first on. */
static void drop_if_known(struct plan *plan, size_t first)
{
	size_t i, last = plan->nr_items - 1;

	for (i = first; i < last; i++)
		if (items_are_equal(&plan->items[i], &plan->items[last])) {
			plan->nr_items--;
			return;
		}
}

static int add_named(const struct run_line *line, const struct topo *topo, const struct cg_info *cg, struct plan *plan)
{
	const struct opt_list *names = &line->parsed->operands;
	struct wish wish = {.memcgs = line->args->memcgs, .depth = line->args->depth, .place = line->args->place,
			    .memory = line->args->memory, .threads = line->args->threads};
	uint64_t nr_workers[LIST_MAX] = {0};
	size_t nr = 1, i, k;
	int ret = 0;

	if (opt_is_given(line->options, line->parsed, "suite"))
		return err_set(EINVAL, "--suite=%s chooses the benches: name none, or leave it out", run_suite_names[line->args->suite]);
	if (line->args->workers)
		ret = parse_list("workers", line->args->workers, PLAN_WORKERS_MAX, topo, nr_workers, &nr);
	for (i = 0; !ret && i < names->nr; i++) {
		wish.bench = cmd_find_bench(names->items[i]);
		if (!wish.bench)
			return -ENOENT;
		for (k = 0; !ret && k < nr; k++) {
			wish.nr_workers = nr_workers[k];
			ret = add_item(line, cg, &wish, plan);
		}
	}
	return ret;
}

/* --- sweeps: every item once for each value --- */

/* Set @item to one value of the sweep @name. 1: it has such a thing; 0: it has not, and is as it was. */
static int set_swept(const struct run_line *line, const struct topo *topo, const char *name, const char *value,
		     struct plan_item *item)
{
	__free_mem char *text = NULL;
	uint64_t list[LIST_MAX];
	bool known = false;
	size_t nr;
	int ret;

	if (!strcmp(name, "workers")) {
		ret = parse_list("sweep=workers", value, PLAN_WORKERS_MAX, topo, list, &nr);
		if (!ret) {
			item->nr_workers = (unsigned int)list[0];
			ret = set_memcgs(line->args->memcgs, item);
		}
		return ret ? ret : 1;
	}
	if (!strcmp(name, "memcgs")) {
		ret = set_memcgs(value, item);
		return ret ? ret : 1;
	}
	if (asprintf(&text, "%s=%s", name, value) < 0)
		return err_sys(ENOMEM, "memory for the plan");
	ret = set_param(item, text, &known);
	return ret ? ret : known;
}

/* @item as it is, once for each of the values; or once, where it has no such thing. */
static int add_swept(const struct run_line *line, const struct topo *topo, const char *name, const char *values,
		     const struct plan_item *item, struct plan *plan, bool *known)
{
	const size_t first = plan->nr_items;
	__free_mem char *copy = strdup(values);
	char *rest = copy, *value;
	int ret = copy ? 1 : err_sys(ENOMEM, "memory for the plan");

	while (ret > 0 && (value = strsep(&rest, ","))) {
		struct plan_item *swept = plan_add(plan);

		if (!swept)
			return err_sys(ENOMEM, "memory for the plan");
		*swept = *item;
		ret = set_swept(line, topo, name, value, swept);
		*known |= ret > 0;
		if (ret > 0)
			drop_if_known(plan, first);
	}
	return ret < 0 ? ret : 0;
}

/* "NAME=V1,V2": every item of @plan once for each value, where it has such a thing. */
static int combine(const struct run_line *line, const struct topo *topo, const char *text, struct plan *plan, bool *known)
{
	struct plan swept = {0};
	const char *values = strchr(text, '=');
	__free_mem char *name = values ? strndup(text, (size_t)(values - text)) : NULL;
	size_t i;
	int ret = 0;

	if (!values || !name || !values[1])
		return err_set(EINVAL, "--sweep=%s: NAME=VALUE,VALUE… is wanted", text);
	for (i = 0; !ret && i < plan->nr_items; i++)
		ret = add_swept(line, topo, name, values + 1, &plan->items[i], &swept, known);
	if (ret) {
		plan_free(&swept);
		return ret;
	}
	free(plan->items);
	plan->items = swept.items;
	plan->nr_items = swept.nr_items;
	return 0;
}

static int apply_sweep(const struct run_line *line, const struct topo *topo, const struct cg_info *cg, const char *text,
		       struct plan *plan)
{
	bool known = false;
	size_t i;
	int ret = 0;

	if (strncmp(text, "depth=", strlen("depth="))) {
		ret = combine(line, topo, text, plan, &known);
	} else {
		/* Depths are arms of one item already. */
		known = true;
		for (i = 0; !ret && i < plan->nr_items; i++) {
			plan->items[i].nr_arms = 0;
			ret = make_arms(line, cg, text + strlen("depth="), &plan->items[i]);
		}
	}
	if (!ret && !known)
		ret = err_set(ENOENT, "--sweep=%s: neither workers, memcgs or depth, nor a parameter of the chosen benches", text);
	return ret;
}

/* --- suites --- */

/* What the suite wants to be set, in every combination. */
static int combine_all(const struct run_line *line, const struct topo *topo, const char *params, struct plan *plan)
{
	__free_mem char *copy = strdup(params ? params : "");
	char *rest = copy, *word;
	int ret = copy ? 0 : err_sys(ENOMEM, "memory for the plan");

	while (!ret && (word = strsep(&rest, " "))) {
		bool known = !*word;

		if (!known)
			ret = combine(line, topo, word, plan, &known);
		if (!ret && !known)
			ret = err_set(ENOENT, "%s has no such parameter: %s", plan->items[0].bench->name, word);
	}
	return ret;
}

static int append(struct plan *plan, const struct plan *more)
{
	size_t i;

	for (i = 0; i < more->nr_items; i++) {
		struct plan_item *item = plan_add(plan);

		if (!item)
			return err_sys(ENOMEM, "memory for the plan");
		*item = more->items[i];
	}
	return 0;
}

static int add_entry(const struct run_line *line, const struct topo *topo, const struct cg_info *cg, const struct bench *bench,
		     const struct bench_suite *entry, struct plan *plan)
{
	const struct run_args *args = line->args;
	const char *workers = args->workers ? args->workers : entry->workers;
	struct wish wish = {
		.bench = bench,
		.memcgs = args->memcgs ? args->memcgs : entry->memcgs,
		.depth = opt_is_given(line->options, line->parsed, "depth") || !entry->depth ? args->depth : entry->depth,
		.place = opt_is_given(line->options, line->parsed, "place") || !entry->place ? args->place : entry->place,
		.memory = opt_is_given(line->options, line->parsed, "memory-bind") || !entry->memory ? args->memory : entry->memory,
		.threads = args->threads || (entry->threads && !opt_is_given(line->options, line->parsed, "processes")),
		.spare = entry->spare,
	};
	uint64_t nr_workers[LIST_MAX] = {0};
	struct plan own = {0};
	size_t nr = 1, i;
	int ret = workers ? parse_list("workers", workers, PLAN_WORKERS_MAX, topo, nr_workers, &nr) : 0;

	for (i = 0; !ret && i < nr; i++) {
		wish.nr_workers = nr_workers[i];
		ret = add_item(line, cg, &wish, &own);
	}
	if (!ret)
		ret = combine_all(line, topo, entry->params, &own);
	if (!ret)
		ret = append(plan, &own);
	plan_free(&own);
	return ret;
}

/* A bench that says nothing of suites. Nobody asked for swap on his own machine. */
static const struct bench_suite in_full = {.suites = BENCH_FULL}, in_full_of_guests = {.suites = BENCH_FULL, .where = BENCH_GUESTS};

static int add_bench(const struct run_line *line, const struct topo *topo, const struct cg_info *cg, const struct bench *bench, struct plan *plan)
{
	const unsigned int suite = line->args->suite == SUITE_CARD ? BENCH_CARD : BENCH_FULL, here = in_guests(line) ? BENCH_GUESTS : BENCH_LIVE;
	const size_t nr_nodes = in_guests(line) ? line->args->numa.nr : topo_nr_nodes(topo), nr = bench->nr_suite ? bench->nr_suite : 1;
	const struct bench_suite *entries = bench->nr_suite ? bench->suite : bench->needs & BENCH_NEEDS_SWAP ? &in_full_of_guests : &in_full;
	size_t i;
	int ret = 0;

	for (i = 0; !ret && i < nr; i++) {
		const struct bench_suite *entry = &entries[i];
		const unsigned int where = entry->where & BENCH_ANYWHERE ? entry->where : entry->where | BENCH_ANYWHERE;

		/* Threads are in one memcg: what is about several has nothing to say of them. */
		if ((entry->suites & suite) && (where & here) && !(line->args->threads && entry->memcgs) &&
		    (!(where & BENCH_NODES) || nr_nodes >= 2))
			ret = add_entry(line, topo, cg, bench, entry, plan);
	}
	return ret;
}

static int add_suite(const struct run_line *line, const struct topo *topo, const struct cg_info *cg, struct plan *plan)
{
	size_t i;
	int ret = 0;

	for (i = 0; !ret && i < registry_nr(); i++)
		ret = add_bench(line, topo, cg, registry_at(i), plan);
	return ret;
}

static void set_amounts(const struct run_line *line, struct plan *plan)
{
	const struct run_args *args = line->args;

	plan->seed = args->seed;
	plan->blocks = (unsigned int)args->blocks;
	plan->rep_ns = args->rep_ns;
	plan->latency_ops = args->latency_ops;
	plan->counters = !args->no_counters;
	plan->clock = on_insn_clock(line) ? PLAN_INSN : PLAN_NS;
	if (in_guests(line))
		plan->counters = false;
	if (in_guests(line) && args->accel != RUN_KVM) {
		if (!opt_is_given(line->options, line->parsed, "blocks"))
			plan->blocks = GUEST_BLOCKS;
		if (!opt_is_given(line->options, line->parsed, "time"))
			plan->rep_ns = GUEST_REP_NS;
		/* One op between two readings of a clock of instructions is a distribution of nothing but code paths. */
		if (!opt_is_given(line->options, line->parsed, "latency-ops"))
			plan->latency_ops = 0;
		return;
	}
	if (!args->quick)
		return;
	if (!opt_is_given(line->options, line->parsed, "blocks"))
		plan->blocks = QUICK_BLOCKS;
	if (!opt_is_given(line->options, line->parsed, "time"))
		plan->rep_ns = QUICK_REP_NS;
	if (!opt_is_given(line->options, line->parsed, "latency-ops"))
		plan->latency_ops = QUICK_LATENCY_OPS;
}

int run_budget_parse(const char *text, uint64_t *ret_ns)
{
	uint64_t ns = 0;
	int ret = text && strcmp(text, "none") ? parse_duration_ns(text, &ns) : 0;

	if (ret)
		return err_prefix(ret, "--budget=%s: a time such as 2m, or none", text);
	if (text && strcmp(text, "none") && ns < BUDGET_LEAST_NS)
		return err_set(ERANGE, "--budget=%s: less than a second", text);
	*ret_ns = ns;
	return 0;
}

/* Guests have none: what they measure must not depend on this machine. --blocks is a wish that goes before it. */
static int set_budget(const struct run_line *line, struct plan *plan)
{
	const struct run_args *args = line->args;
	bool is_card = !line->parsed->operands.nr && args->suite == SUITE_CARD && !args->sweeps.nr;
	uint64_t budget_ns = args->quick ? QUICK_CARD_BUDGET_NS : CARD_BUDGET_NS;
	int ret = 0;

	if (args->budget || !is_card)
		ret = run_budget_parse(args->budget, &budget_ns);
	if (ret)
		return ret;
	if (!in_guests(line) && !opt_is_given(line->options, line->parsed, "blocks"))
		plan->budget_ns = budget_ns;
	return 0;
}

/* --dir, as the runner will find it wherever it works. */
static int set_dir(const struct run_line *line, struct plan *plan)
{
	__free_mem char *path = NULL;
	int ret;

	if (!line->args->dir)
		return 0;
	if (in_guests(line))
		return err_set(EINVAL, "--dir=%s: a folder of this machine, and guests have a disk of their own", line->args->dir);
	ret = workdir_check(line->args->dir);
	if (ret)
		return err_prefix(ret == -ENOMEM ? -EINVAL : ret, "--dir");
	path = realpath(line->args->dir, NULL);
	return copy_option("dir", path ? path : line->args->dir, plan->dir, sizeof(plan->dir));
}

/* What the user chose himself may make entries of a suite equal, and so may a machine of one core. */
static void drop_repeats(struct plan *plan)
{
	size_t i, nr = plan->nr_items;

	for (plan->nr_items = i = 0; i < nr; i++) {
		plan->items[plan->nr_items++] = plan->items[i];
		drop_if_known(plan, 0);
	}
}

int run_plan_make(const struct run_line *line, const struct topo *topo, const struct cg_info *cg,
		  struct plan *ret_plan)
{
	struct plan plan = {0};
	size_t i;
	int ret;

	set_amounts(line, &plan);
	ret = set_budget(line, &plan);
	if (!ret)
		ret = set_dir(line, &plan);
	if (ret)
		return ret;
	if (line->parsed->operands.nr)
		ret = add_named(line, topo, cg, &plan);
	else
		ret = add_suite(line, topo, cg, &plan);
	set_common_params(line, &plan);
	if (!ret)
		ret = set_params(&line->args->params, &plan);
	for (i = 0; !ret && i < line->args->sweeps.nr; i++)
		ret = apply_sweep(line, topo, cg, line->args->sweeps.items[i], &plan);
	if (ret) {
		plan_free(&plan);
		return ret;
	}
	if (!line->parsed->operands.nr)
		drop_repeats(&plan);
	*ret_plan = plan;
	return 0;
}

int run_shard_parse(const char *text, uint64_t *ret_index, uint64_t *ret_of)
{
	const char *slash = strchr(text, '/');
	__free_mem char *before = slash ? strndup(text, (size_t)(slash - text)) : NULL;
	uint64_t index, of;

	if (!before || parse_u64(before, &index) || parse_u64(slash + 1, &of) || !index || index > of || of > 100000)
		return err_set(EINVAL, "--shard=%s: a part of a whole such as 3/8 is wanted", text);
	*ret_index = index;
	*ret_of = of;
	return 0;
}
