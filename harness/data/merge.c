// SPDX-License-Identifier: GPL-2.0-or-later
#include "data/merge.h"

#include <errno.h>
#include <string.h>

#include <jansson.h>

#include "base/beneath.h"
#include "base/err.h"
#include "data/lines.h"
#include "data/merge_profile.h"
#include "data/store.h"

/* More boots, and larger files, than any run has: an end to what is believed of them. Boots as in data/rundata.c, which is to read the whole. */
#define BOOTS_MAX 10000
#define RUN_MAX	  LINE_BYTES_MAX
#define PART_MAX  (1ul << 30)

struct part_line {
	char *text;
	size_t next; /* of the same boot; 0: none */
};

/* One part: its run.json, and its records in the order they were stored. */
struct part {
	const char *dir;
	json_t *run;
	char *text;   /* samples.jsonl; lines point into it */
	char *topology;
	struct part_line *lines; /* from 1 */
	size_t nr_lines, lines_size;
	size_t first[BOOTS_MAX], last[BOOTS_MAX]; /* of each boot's lines; 0: it has none */
};

struct merge {
	struct part *parts;
	size_t nr_parts;
	size_t nr_boots_all;
	size_t *owner; /* by boot: its part, nr_parts: nobody's */
};

static void merge_free(struct merge *merge)
{
	size_t i;

	for (i = 0; merge->parts && i < merge->nr_parts; i++) {
		json_decref(merge->parts[i].run);
		free(merge->parts[i].text);
		free(merge->parts[i].topology);
		free(merge->parts[i].lines);
	}
	free(merge->parts);
	free(merge->owner);
}
#define __free_merge __attribute__((__cleanup__(merge_free)))

static int add_line(struct part *part, char *text)
{
	json_t *record = json_loads(text, 0, NULL);
	json_t *boot = json_object_get(record, "boot");
	json_int_t number = json_integer_value(boot);
	bool good = json_is_integer(boot) && number >= 0 && number < BOOTS_MAX;
	size_t line = ++part->nr_lines;

	json_decref(record);
	if (!good)
		return err_set(EBADMSG, "%s/samples.jsonl, line %zu: not a record of a boot (is it cut?)", part->dir, line);
	if (line >= part->lines_size) {
		size_t size = part->lines_size ? 2 * part->lines_size : 64;
		struct part_line *lines = reallocarray(part->lines, size, sizeof(*lines));

		if (!lines)
			return err_sys(ENOMEM, "read %s", part->dir);
		part->lines = lines;
		part->lines_size = size;
	}
	part->lines[line] = (struct part_line){.text = text};
	if (part->last[number])
		part->lines[part->last[number]].next = line;
	else
		part->first[number] = line;
	part->last[number] = line;
	return 0;
}

static int load_part(const char *dir, struct part *part)
{
	__free_mem char *text = NULL;
	json_error_t error;
	char *rest, *line;
	int ret = beneath_read_all(dir, "run.json", RUN_MAX, &text, NULL);

	part->dir = dir;
	if (ret)
		return err_prefix(ret, "%s is no run", dir);
	part->run = json_loads(text, 0, &error);
	if (!part->run)
		return err_set(EBADMSG, "%s is no run: %s", dir, error.text);
	if (!json_is_object(json_object_get(part->run, "shard")))
		return err_set(EINVAL, "%s is no part of a split run: it was not made with --shard", dir);
	ret = beneath_read_all(dir, "samples.jsonl", PART_MAX, &part->text, NULL);
	if (ret)
		return ret;
	/* Every part has seen the same kind of guest; which one's export is kept does not matter. */
	(void)!beneath_read_all(dir, "topology.xml", RUN_MAX, &part->topology, NULL);
	rest = part->text;
	while (!ret && (line = strsep(&rest, "\n")))
		if (*line)
			ret = add_line(part, line);
	return ret;
}

/* What the parts of one run have in common. */
static int check_same(const struct part *a, const struct part *b)
{
	static const char *const fields[] = {"schema", "schema_version", "clock", "plan", "memcgbench", "guest", "kernels"};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(fields); i++) {
		json_t *of_a = json_object_get(a->run, fields[i]), *of_b = json_object_get(b->run, fields[i]);

		if (!of_a != !of_b || (of_a && !json_equal(of_a, of_b)))
			return err_set(EXDEV, "%s and %s are parts of different runs: \"%s\" differs", a->dir, b->dir,
				       fields[i]);
	}
	if (json_integer_value(json_object_get(json_object_get(a->run, "shard"), "boots")) !=
	    json_integer_value(json_object_get(json_object_get(b->run, "shard"), "boots")))
		return err_set(EXDEV, "%s and %s are parts of different runs: their plans have different numbers of boots",
			       a->dir, b->dir);
	return 0;
}

static int claim_boots(struct merge *merge, size_t index)
{
	const struct part *part = &merge->parts[index];
	size_t boot;

	for (boot = 0; boot < BOOTS_MAX; boot++) {
		if (!part->first[boot])
			continue;
		if (boot >= merge->nr_boots_all)
			return err_set(EBADMSG, "%s holds boot %zu, but its plan has %zu boots", part->dir, boot, merge->nr_boots_all);
		if (merge->owner[boot] != merge->nr_parts)
			return err_set(EEXIST, "%s and %s both hold boot %zu", merge->parts[merge->owner[boot]].dir, part->dir, boot);
		merge->owner[boot] = index;
	}
	return 0;
}

static int load(const char *const *dirs, size_t nr, struct merge *merge)
{
	json_int_t nr_boots;
	size_t i;
	int ret;

	merge->parts = calloc(nr, sizeof(*merge->parts));
	if (!merge->parts)
		return err_sys(ENOMEM, "memory for %zu parts", nr);
	for (i = 0; i < nr; i++) {
		merge->nr_parts = i + 1;
		ret = load_part(dirs[i], &merge->parts[i]);
		if (!ret && i)
			ret = check_same(&merge->parts[0], &merge->parts[i]);
		if (ret)
			return ret;
	}
	nr_boots = json_integer_value(json_object_get(json_object_get(merge->parts[0].run, "shard"), "boots"));
	if (nr_boots < 1 || nr_boots > BOOTS_MAX)
		return err_set(EBADMSG, "%s/run.json: a run of %lld boots is none", merge->parts[0].dir, (long long)nr_boots);
	merge->nr_boots_all = (size_t)nr_boots;
	merge->owner = calloc(merge->nr_boots_all + 1, sizeof(*merge->owner));
	if (!merge->owner)
		return err_sys(ENOMEM, "memory for %zu boots", merge->nr_boots_all);
	for (i = 0; i < merge->nr_boots_all; i++)
		merge->owner[i] = nr;
	for (i = 0; i < nr; i++) {
		ret = claim_boots(merge, i);
		if (ret)
			return ret;
	}
	return 0;
}

static const char *executor_of(const struct part *part, unsigned int boot)
{
	json_t *entry;
	size_t i;

	json_array_foreach(json_object_get(part->run, "boots"), i, entry)
		if (json_integer_value(json_object_get(entry, "boot")) == (json_int_t)boot)
			return json_string_value(json_object_get(entry, "executor"));
	return "qemu";
}

static int store_boot(struct store *store, const struct part *part, unsigned int boot)
{
	const char *executor = executor_of(part, boot);
	size_t line;
	int ret = 0;

	for (line = part->first[boot]; !ret && line; line = part->lines[line].next)
		ret = store_line(store, boot, executor, part->lines[line].text, NULL);
	return ret ? err_prefix(ret, "%s", part->dir) : 0;
}

/* run.json of the whole: that of a part without what only the part is. */
static json_t *whole_run(const struct part *part)
{
	static const char *const own[] = {"shard", "boots", "run", "status", "started", "ended"};
	json_t *run = json_deep_copy(part->run);
	size_t i;

	for (i = 0; run && i < ARRAY_SIZE(own); i++)
		json_object_del(run, own[i]);
	return run;
}

static bool all_complete(const struct merge *merge)
{
	size_t i;

	for (i = 0; i < merge->nr_parts; i++) {
		const char *status = json_string_value(json_object_get(merge->parts[i].run, "status"));

		if (!status || strcmp(status, "complete"))
			return false;
	}
	return true;
}

static int write_whole(const struct merge *merge, struct store *store, size_t *ret_nr_boots)
{
	size_t boot, i;
	int ret = 0;

	for (boot = 0; !ret && boot < merge->nr_boots_all; boot++) {
		if (merge->owner[boot] == merge->nr_parts)
			continue;
		ret = store_boot(store, &merge->parts[merge->owner[boot]], (unsigned int)boot);
		if (!ret)
			ret = merge_profile(merge->parts[merge->owner[boot]].dir, store_dir(store), (unsigned int)boot);
		++*ret_nr_boots;
	}
	for (i = 0; !ret && i < merge->nr_parts; i++)
		ret = merge_symbols(merge->parts[i].dir, store_dir(store));
	if (!ret && merge->parts[0].topology)
		ret = store_file(store_dir(store), "topology.xml", merge->parts[0].topology);
	return ret;
}

int merge_runs(const char *const *dirs, size_t nr, const char *parent, const char *name,
	       struct merge_result *ret_result)
{
	struct merge merge __free_merge = {0};
	struct merge_result result = {0};
	struct store *store;
	json_t *run;
	int ret = load(dirs, nr, &merge);

	if (ret)
		return ret;
	run = whole_run(&merge.parts[0]);
	ret = run ? store_create(parent, name, run, &store) : err_sys(ENOMEM, "memory for the merged run");
	json_decref(run);
	if (ret)
		return ret;
	result.nr_boots_all = merge.nr_boots_all;
	result.dir = strdup(store_dir(store));
	ret = result.dir ? write_whole(&merge, store, &result.nr_boots) : err_sys(ENOMEM, "memory for the merged run");
	if (ret) {
		store_abandon(store);
		merge_result_free(&result);
		return ret;
	}
	ret = store_finish(store, result.nr_boots == result.nr_boots_all && all_complete(&merge) ? "complete" : "failed");
	if (ret) {
		merge_result_free(&result);
		return ret;
	}
	*ret_result = result;
	return 0;
}

void merge_result_free(struct merge_result *result)
{
	free(result->dir);
	result->dir = NULL;
}
