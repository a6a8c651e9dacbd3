// SPDX-License-Identifier: GPL-2.0-or-later
#include "data/explain.h"

#include <errno.h>
#include <string.h>

#include "base/err.h"

#define NONE	 UINT32_MAX
#define PATH_MAX_FUNCTIONS 256
/* Of one rep: more than any has, and an end to what is believed of a file. */
#define FUNCTIONS_MAX	8192
#define PATHS_MAX_BYTES (256u << 20)

/* Entries of interrupts (arch/x86/include/asm/idtentry.h, Linux 5.8 and later); exceptions such as asm_exc_page_fault are work. */
static const char *const interrupt_entries[] = {
	"asm_sysvec_", "asm_common_interrupt", "common_interrupt", "irq_entries_start", "__irqentry_text_start", "spurious_entries_start", "asm_spurious_",
	"asm_exc_nmi",
};

/* Whoever is in one of these waits for work (kernel/sched/idle.c, drivers/cpuidle, arch/x86/kernel/process.c). */
static const char *const idle_functions[] = {
	"do_idle", "cpu_startup_entry", "cpuidle_idle_call", "default_idle_call", "default_idle", "arch_cpu_idle", "cpuidle_enter",
	"cpuidle_enter_state", "schedule_idle", "native_safe_halt", "pv_native_safe_halt",
};

/* While the tables of a rep are made. */
struct make {
	const struct profile *profile;
	const struct symbols *symbols;
	double per_op;
	struct explain_rep *out;
	size_t functions_room, edges_room, stacks_room;
	uint32_t *edge_at; /* caller × callee → edge, NONE: not yet */
	uint32_t *by_symbol; /* symbol → function, NONE: not yet */
	bool *is_idle;	     /* function */
	uint32_t *node_site, *node_entry; /* functions that a node adds to its parent's path; NONE: none */
	uint32_t *node_last;		  /* the last function of its path */
	uint32_t *node_with;		  /* itself, or the nearest above it that adds a function; 0: none */
	size_t path_bytes;		  /* of the stacks so far */
	bool *is_interrupt;
	uint32_t user, interrupt, idle;
	uint32_t *stamp; /* function → number of the count that it was last seen in */
	uint32_t *path;	 /* of the count at hand */
	size_t nr_path;
};

static int no_memory(void)
{
	return err_sys(ENOMEM, "memory for functions");
}

static int grow(void *array, size_t *room, size_t index, size_t size)
{
	void **at = array, *more;

	if (index < *room)
		return 0;
	more = realloc(*at, (index * 2 + 64) * size);
	if (!more)
		return no_memory();
	*at = more;
	*room = index * 2 + 64;
	return 0;
}

static bool begins_with_any(const char *name, const char *const *list, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++)
		if (!strncmp(name, list[i], strlen(list[i])))
			return true;
	return false;
}

static bool is_any(const char *name, const char *const *list, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++)
		if (!strcmp(name, list[i]))
			return true;
	return false;
}

/* Index of the function called @name, made when there is none. */
static int function_index(struct make *make, const char *name, uint32_t *ret_index)
{
	struct explain_rep *out = make->out;
	size_t i;

	for (i = 0; i < out->nr_functions; i++)
		if (!strcmp(out->functions[i].name, name))
			break;
	if (i == FUNCTIONS_MAX)
		return err_set(EBADMSG, "a profile of more than %d functions in one rep", FUNCTIONS_MAX);
	if (i == out->nr_functions) {
		if (grow(&out->functions, &make->functions_room, i, sizeof(*out->functions)))
			return -ENOMEM;
		out->functions[i] = (struct explain_function){.name = strdup(name)};
		if (!out->functions[i].name)
			return no_memory();
		out->nr_functions++;
	}
	*ret_index = (uint32_t)i;
	return 0;
}

static int function_at(struct make *make, uint64_t address, uint32_t *ret_index)
{
	size_t symbol = symbols_function(make->symbols, address);
	char plain[SYMBOLS_NAME_MAX];
	int ret;

	if (symbol == SIZE_MAX)
		return function_index(make, "[unknown]", ret_index);
	if (make->by_symbol[symbol] == NONE) {
		symbols_plain_name(make->symbols->functions[symbol].name, plain, sizeof(plain));
		ret = function_index(make, plain, &make->by_symbol[symbol]);
		if (ret)
			return ret;
	}
	*ret_index = make->by_symbol[symbol];
	return 0;
}

/* A part that is jumped to is no call: f.cold, and what is not the first address of a function. */
static bool is_entry(const struct make *make, uint64_t address)
{
	size_t symbol = symbols_function(make->symbols, address);

	return symbol != SIZE_MAX && make->symbols->functions[symbol].address == address &&
	       !strstr(make->symbols->functions[symbol].name, ".cold");
}

static int read_node(struct make *make, size_t i)
{
	const struct profile_node *node = &make->profile->nodes[i];
	uint32_t last = i ? make->node_last[node->parent] : NONE, entry;
	int ret = 0;

	make->node_site[i] = make->node_entry[i] = NONE;
	make->is_interrupt[i] = i && make->is_interrupt[node->parent];
	/* A function that was jumped to, not called, calls from its own address. */
	if (node->kind == PROFILE_CALL && node->site) {
		ret = function_at(make, node->site, &entry);
		if (!ret && entry != last)
			make->node_site[i] = last = entry;
	}
	if (!ret && node->kind == PROFILE_USER) {
		make->node_entry[i] = last = make->user;
	} else if (!ret && node->entry) {
		ret = function_at(make, node->entry, &entry);
		if (!ret) {
			const char *name = make->out->functions[entry].name;

			make->node_entry[i] = last = entry;
			make->is_interrupt[i] |= node->kind == PROFILE_EVENT &&
						 begins_with_any(name, interrupt_entries, ARRAY_SIZE(interrupt_entries));
		}
	}
	make->node_last[i] = last;
	if (i)
		make->node_with[i] = make->node_site[i] != NONE || make->node_entry[i] != NONE ? (uint32_t)i : make->node_with[node->parent];
	return ret;
}

static int make_init(struct make *make)
{
	size_t nr = make->profile->nr_nodes, i;
	int ret;

	make->by_symbol = malloc((make->symbols->nr_functions + 1) * sizeof(*make->by_symbol));
	make->node_site = calloc(nr + 1, sizeof(*make->node_site));
	make->node_entry = calloc(nr + 1, sizeof(*make->node_entry));
	make->node_last = calloc(nr + 1, sizeof(*make->node_last));
	make->node_with = calloc(nr + 1, sizeof(*make->node_with));
	make->is_interrupt = calloc(nr + 1, sizeof(*make->is_interrupt));
	make->path = calloc(PATH_MAX_FUNCTIONS, sizeof(*make->path));
	if (!make->by_symbol || !make->node_site || !make->node_entry || !make->node_last || !make->node_with ||
	    !make->is_interrupt || !make->path)
		return no_memory();
	memset(make->by_symbol, 0xff, (make->symbols->nr_functions + 1) * sizeof(*make->by_symbol));
	ret = function_index(make, EXPLAIN_USER, &make->user);
	if (!ret)
		ret = function_index(make, EXPLAIN_INTERRUPT, &make->interrupt);
	if (!ret)
		ret = function_index(make, EXPLAIN_IDLE, &make->idle);
	for (i = 0; !ret && i < nr; i++)
		ret = read_node(make, i);
	return ret;
}

static void make_free(struct make *make)
{
	free(make->by_symbol);
	free(make->is_idle);
	free(make->node_site);
	free(make->node_entry);
	free(make->node_last);
	free(make->node_with);
	free(make->is_interrupt);
	free(make->stamp);
	free(make->edge_at);
	free(make->path);
}

/* Every function that the counts need, so that their number is known. */
static int name_all(struct make *make, const struct profile_rep *rep)
{
	uint32_t index;
	size_t i;
	int ret = 0;

	for (i = 0; !ret && i < rep->nr_counts; i++)
		if (make->profile->nodes[rep->counts[i].node].kind != PROFILE_USER)
			ret = function_at(make, rep->counts[i].address, &index);
	if (ret)
		return ret;
	make->is_idle = calloc(make->out->nr_functions, sizeof(*make->is_idle));
	make->stamp = calloc(make->out->nr_functions, sizeof(*make->stamp));
	make->edge_at = malloc(make->out->nr_functions * make->out->nr_functions * sizeof(*make->edge_at));
	if (!make->is_idle || !make->stamp || !make->edge_at)
		return no_memory();
	memset(make->edge_at, 0xff, make->out->nr_functions * make->out->nr_functions * sizeof(*make->edge_at));
	for (i = 0; i < make->out->nr_functions; i++)
		make->is_idle[i] = is_any(make->out->functions[i].name, idle_functions, ARRAY_SIZE(idle_functions));
	return 0;
}

static void add_to_path(struct make *make, uint32_t function)
{
	if (function != NONE && make->nr_path < PATH_MAX_FUNCTIONS)
		make->path[make->nr_path++] = function;
}

/* make->path = the functions from the root to @count's own, or the one name of what is no function. */
static int find_path(struct make *make, const struct profile_count *count)
{
	uint32_t node = count->node, own, i;
	bool idle = false;
	int ret;

	make->nr_path = 0;
	if (make->is_interrupt[node] || make->profile->nodes[node].kind == PROFILE_USER) {
		add_to_path(make, make->is_interrupt[node] ? make->interrupt : make->user);
		return 0;
	}
	ret = function_at(make, count->address, &own);
	if (ret)
		return ret;
	if (own != make->node_last[node])
		add_to_path(make, own);
	node = make->node_with[node];
	while (node && make->nr_path < PATH_MAX_FUNCTIONS) {
		add_to_path(make, make->node_entry[node]);
		add_to_path(make, make->node_site[node]);
		node = make->node_with[make->profile->nodes[node].parent];
	}
	for (i = 0; i < make->nr_path; i++)
		idle |= make->is_idle[make->path[i]];
	if (idle) {
		make->nr_path = 0;
		add_to_path(make, make->idle);
	}
	/* It was gathered from the inside out. */
	for (i = 0; i < make->nr_path / 2; i++) {
		uint32_t swap = make->path[i];

		make->path[i] = make->path[make->nr_path - 1 - i];
		make->path[make->nr_path - 1 - i] = swap;
	}
	return 0;
}

static int add_edge(struct make *make, uint32_t caller, uint32_t callee, double insns, double calls)
{
	struct explain_rep *out = make->out;
	uint32_t *at = &make->edge_at[caller * out->nr_functions + callee];

	if (*at == NONE) {
		if (grow(&out->edges, &make->edges_room, out->nr_edges, sizeof(*out->edges)))
			return -ENOMEM;
		*at = (uint32_t)out->nr_edges++;
		out->edges[*at] = (struct explain_edge){.caller = caller, .callee = callee};
	}
	out->edges[*at].inclusive += insns;
	out->edges[*at].calls += calls;
	return 0;
}

static int add_stack(struct make *make, double insns)
{
	struct explain_rep *out = make->out;
	char *text = NULL;
	size_t size, i;
	FILE *stream = open_memstream(&text, &size);

	if (!stream)
		return no_memory();
	for (i = 0; i < make->nr_path; i++)
		fprintf(stream, "%s%s", i ? ";" : "", out->functions[make->path[i]].name);
	if (fclose(stream) || grow(&out->stacks, &make->stacks_room, out->nr_stacks, sizeof(*out->stacks))) {
		free(text);
		return no_memory();
	}
	out->stacks[out->nr_stacks++] = (struct explain_stack){.path = text, .insns = insns};
	make->path_bytes += size;
	return make->path_bytes > PATHS_MAX_BYTES ? err_set(EBADMSG, "a profile of more call paths than any rep has") : 0;
}

static int add_count(struct make *make, const struct profile_count *count, uint32_t number)
{
	struct explain_function *functions = make->out->functions;
	double insns = (double)count->insns * make->per_op, calls = 0;
	int ret = find_path(make, count);
	uint32_t last;
	size_t i;

	if (ret || !make->nr_path)
		return ret;
	last = make->path[make->nr_path - 1];
	if (make->nr_path > 1 || functions[last].name[0] != '[')
		calls = is_entry(make, count->address) ? (double)count->execs * make->per_op : 0;
	functions[last].self += insns;
	functions[last].calls += calls;
	for (i = 0; i < make->nr_path; i++) {
		/* A function that calls itself pays once. */
		if (make->stamp[make->path[i]] != number)
			functions[make->path[i]].inclusive += insns;
		make->stamp[make->path[i]] = number;
		if (!ret && i && make->path[i] != make->path[i - 1])
			ret = add_edge(make, make->path[i - 1], make->path[i], insns, i + 1 == make->nr_path ? calls : 0);
	}
	return ret || !count->insns ? ret : add_stack(make, insns);
}

static int compare_stacks(const void *a, const void *b)
{
	return strcmp(((const struct explain_stack *)a)->path, ((const struct explain_stack *)b)->path);
}

static int compare_functions(const void *a, const void *b)
{
	return strcmp(((const struct explain_function *)a)->name, ((const struct explain_function *)b)->name);
}

/* Stacks of the same path become one. */
static void join_stacks(struct explain_rep *rep)
{
	size_t kept = 0, i;

	if (rep->nr_stacks)
		qsort(rep->stacks, rep->nr_stacks, sizeof(*rep->stacks), compare_stacks);
	for (i = 0; i < rep->nr_stacks; i++) {
		if (kept && !strcmp(rep->stacks[kept - 1].path, rep->stacks[i].path)) {
			rep->stacks[kept - 1].insns += rep->stacks[i].insns;
			free(rep->stacks[i].path);
		} else {
			rep->stacks[kept++] = rep->stacks[i];
		}
	}
	rep->nr_stacks = kept;
}

/* Sort functions by name, drop those that nothing is known of, and let the edges follow. */
static int sort_functions(struct explain_rep *rep)
{
	__free_mem char **names = calloc(rep->nr_functions + 1, sizeof(*names));
	__free_mem size_t *index = calloc(rep->nr_functions + 1, sizeof(*index));
	size_t i, kept = 0;

	if (!names || !index)
		return no_memory();
	for (i = 0; i < rep->nr_functions; i++)
		names[i] = rep->functions[i].name;
	if (rep->nr_functions)
		qsort(rep->functions, rep->nr_functions, sizeof(*rep->functions), compare_functions);
	for (i = 0; i < rep->nr_functions; i++) {
		if (rep->functions[i].inclusive > 0 || rep->functions[i].calls > 0)
			rep->functions[kept++] = rep->functions[i];
	}
	for (i = 0; i < rep->nr_functions; i++) {
		const struct explain_function key = {.name = names[i]}, *found =
			bsearch(&key, rep->functions, kept, sizeof(key), compare_functions);

		index[i] = found ? (size_t)(found - rep->functions) : SIZE_MAX;
		if (!found)
			free(names[i]);
	}
	rep->nr_functions = kept;
	for (i = 0, kept = 0; i < rep->nr_edges; i++) {
		struct explain_edge edge = rep->edges[i];

		edge.caller = index[edge.caller];
		edge.callee = index[edge.callee];
		if (edge.caller != SIZE_MAX && edge.callee != SIZE_MAX)
			rep->edges[kept++] = edge;
	}
	rep->nr_edges = kept;
	return 0;
}

/* What the sample counted beyond the marks. */
static int add_outside(struct make *make, const char *name, double per_op)
{
	uint32_t index;
	int ret;

	if (!name)
		return 0;
	ret = function_index(make, name, &index);
	if (!ret) {
		make->out->functions[index].self += per_op;
		make->out->functions[index].inclusive += per_op;
	}
	return ret;
}

int explain_rep_make(const struct profile *profile, const struct profile_rep *rep, const struct symbols *symbols, uint64_t ops,
		     const char *outside, double outside_per_op, struct explain_rep *ret_rep)
{
	struct explain_rep out = {.rep = rep->rep, .ops = ops, .insns = rep->insns};
	struct make make = {.profile = profile, .symbols = symbols, .per_op = 1 / (double)ops, .out = &out};
	size_t i;
	int ret = ops ? make_init(&make) : err_set(EBADMSG, "a sample of no operation");

	if (!ret)
		ret = name_all(&make, rep);
	for (i = 0; !ret && i < rep->nr_counts; i++)
		ret = add_count(&make, &rep->counts[i], (uint32_t)i + 1);
	if (!ret)
		ret = add_outside(&make, outside, outside_per_op);
	make_free(&make);
	if (!ret) {
		join_stacks(&out);
		ret = sort_functions(&out);
	}
	if (ret) {
		explain_rep_free(&out);
		return ret;
	}
	for (i = 0; i < out.nr_functions; i++)
		out.cost += out.functions[i].self;
	*ret_rep = out;
	return 0;
}

void explain_rep_free(struct explain_rep *rep)
{
	size_t i;

	for (i = 0; i < rep->nr_functions; i++)
		free(rep->functions[i].name);
	for (i = 0; i < rep->nr_stacks; i++)
		free(rep->stacks[i].path);
	free(rep->functions);
	free(rep->edges);
	free(rep->stacks);
	*rep = (struct explain_rep){0};
}

const struct explain_function *explain_rep_find(const struct explain_rep *rep, const char *name)
{
	const struct explain_function key = {.name = (char *)name};

	return rep->nr_functions ? bsearch(&key, rep->functions, rep->nr_functions, sizeof(key), compare_functions) : NULL;
}
