// SPDX-License-Identifier: GPL-2.0-or-later
/* Were two sides measured in the same way on the same machine? */
#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "data/compare_match.h"

static int check_text(const char *what, const char *base, const char *cand)
{
	if (!strcmp(base, cand))
		return 0;
	return err_set(EXDEV, "the two cannot be compared: %s differs (%s and %s)", what, *base ? base : "not recorded",
		       *cand ? cand : "not recorded");
}

static int check_number(const char *what, const json_t *base, const json_t *cand, const char *key)
{
	json_int_t a = json_integer_value(json_object_get(base, key)), b = json_integer_value(json_object_get(cand, key));

	if (a == b)
		return 0;
	return err_set(EXDEV, "the two cannot be compared: %s differs (%" JSON_INTEGER_FORMAT " and %" JSON_INTEGER_FORMAT ")", what, a, b);
}

static bool has_memcg(const json_t *boot)
{
	const char *version = match_text(json_object_get(boot, "cgroup"), "version");

	return *version && strcmp(version, "none") != 0;
}

/* The first boot that has a memory controller switched on; NULL: none has. */
static const json_t *first_with_memcg(const struct compare_side *side)
{
	const json_t *boot;
	size_t i;

	json_array_foreach(json_object_get(side->data->run, "boots"), i, boot)
		if (match_is_of_side(side, boot) && has_memcg(boot))
			return boot;
	return NULL;
}

static int check_boot(const json_t *base, const json_t *boot)
{
	const json_t *facts_a = json_object_get(base, "facts"), *facts_b = json_object_get(boot, "facts");
	const json_t *topology_a = json_object_get(base, "topology"), *topology_b = json_object_get(boot, "topology");
	int ret = check_text("how the kernel was run", match_text(base, "executor"), match_text(boot, "executor"));

	if (!ret)
		ret = check_text("the architecture", match_text(facts_a, "arch"), match_text(facts_b, "arch"));
	if (!ret)
		ret = check_text("the processor", match_text(facts_a, "cpu_model"), match_text(facts_b, "cpu_model"));
	if (!ret)
		ret = check_number("the size of a page", facts_a, facts_b, "page_bytes");
	if (!ret)
		ret = check_number("the number of CPUs", topology_a, topology_b, "pus");
	if (!ret)
		ret = check_number("the number of memory nodes", topology_a, topology_b, "nodes");
	return ret;
}

/* A run may be joined of several, so one boot does not stand for all. */
static int check_boots(const json_t *base, const json_t *base_memcg, const struct compare_side *side)
{
	const json_t *boot;
	size_t i;
	int ret = 0;

	json_array_foreach(json_object_get(side->data->run, "boots"), i, boot) {
		if (!match_is_of_side(side, boot))
			continue;
		ret = check_boot(base, boot);
		if (!ret && base_memcg && has_memcg(boot))
			ret = check_text("the version of cgroup", match_text(json_object_get(base_memcg, "cgroup"), "version"),
					 match_text(json_object_get(boot, "cgroup"), "version"));
		if (ret)
			return ret;
	}
	return 0;
}

int match_environment(const struct compare_side *base, const struct compare_side *cand)
{
	static const char *const keys[][2] = {
		{"accel", "the accelerator"}, {"cpu_model", "QEMU's CPU model"}, {"qemu_version", "QEMU's version"},
	};
	const json_t *a = base->data->run, *b = cand->data->run, *boot = match_first_boot(base);
	size_t i;
	int ret = check_text("the clock", match_text(a, "clock"), match_text(b, "clock"));

	for (i = 0; !ret && i < ARRAY_SIZE(keys); i++)
		ret = check_text(keys[i][1], match_text(json_object_get(a, "guest"), keys[i][0]),
				 match_text(json_object_get(b, "guest"), keys[i][0]));
	/* A side that never booted has another sentence to come. */
	if (!ret && boot)
		ret = check_boots(boot, first_with_memcg(base), base);
	if (!ret && boot)
		ret = check_boots(boot, first_with_memcg(base), cand);
	return ret;
}

/* --- what should be alike --- */

/* malloc'd; NULL without memory. */
static char *whole_text(const json_t *value)
{
	char *text;

	if (json_is_integer(value))
		return asprintf(&text, "%" JSON_INTEGER_FORMAT, json_integer_value(value)) < 0 ? NULL : text;
	return strdup(json_is_string(value) && *json_string_value(value) ? json_string_value(value) : "none");
}

static int doubt_value(const char *what, const json_t *base, const json_t *cand, match_doubt_fn *doubt, void *ctx)
{
	__free_mem char *a = whole_text(base), *b = whole_text(cand);

	if (!a || !b)
		return err_sys(ENOMEM, "memory for a comparison");
	return strcmp(a, b) ? doubt(ctx, what, a, b) : 0;
}

struct fact {
	const char *key, *what;
};

static int doubt_facts(const struct fact *facts, size_t nr, const json_t *base, const json_t *cand, match_doubt_fn *doubt, void *ctx)
{
	size_t i;
	int ret = 0;

	for (i = 0; !ret && i < nr; i++)
		ret = doubt_value(facts[i].what, json_object_get(base, facts[i].key), json_object_get(cand, facts[i].key), doubt, ctx);
	return ret;
}

/* Of the machine: what an administrator sets, not what a kernel brings. */
static const struct fact machine_facts[] = {
	{"thp_enabled", "huge pages (THP)"}, {"thp_shmem", "huge pages of shmem"}, {"lru_gen", MATCH_LRU_GEN}, {"governor", "the CPU governor"},
	{"smt", "SMT"}, {"clocksource", "the clock source"}, {"hypervisor", "the hypervisor"},
	{"priority", "the priority of what measures"},
};
static const struct fact plan_facts[] = {{"blocks", "the number of blocks"}, {"rep_ns", "the length of a rep (ns)"}};
static const struct fact guest_facts[] = {{"append", "the guests' kernel command line"}};
static const struct fact own_facts[] = {
	{"version", "memcgbench's version"}, {"revision", "memcgbench's revision"}, {"compiler", "the compiler of memcgbench"},
};

/* Functions are then made of other instructions without a change of their source. Runs before this was recorded do not say. */
static int doubt_compiler(const json_t *base, const json_t *cand, match_doubt_fn *doubt, void *ctx)
{
	const char *a = match_text(base, "compiler"), *b = match_text(cand, "compiler");

	return *a && *b && strcmp(a, b) ? doubt(ctx, "the compiler of the kernels", a, b) : 0;
}

int match_doubts(const struct compare_side *base, const struct compare_side *cand, match_doubt_fn *doubt, void *ctx)
{
	const json_t *a = first_with_memcg(base), *b = first_with_memcg(cand), *run_a = base->data->run, *run_b = cand->data->run;
	int ret = 0;

	if (a && b)
		ret = doubt_facts(machine_facts, ARRAY_SIZE(machine_facts), json_object_get(a, "facts"), json_object_get(b, "facts"),
				  doubt, ctx);
	if (!ret && a && b)
		ret = doubt_compiler(json_object_get(a, "facts"), json_object_get(b, "facts"), doubt, ctx);
	if (!ret)
		ret = doubt_facts(plan_facts, ARRAY_SIZE(plan_facts), json_object_get(run_a, "plan"), json_object_get(run_b, "plan"),
				  doubt, ctx);
	if (!ret)
		ret = doubt_facts(guest_facts, ARRAY_SIZE(guest_facts), json_object_get(run_a, "guest"), json_object_get(run_b, "guest"),
				  doubt, ctx);
	if (!ret)
		ret = doubt_facts(own_facts, ARRAY_SIZE(own_facts), json_object_get(run_a, "memcgbench"),
				  json_object_get(run_b, "memcgbench"), doubt, ctx);
	return ret;
}
