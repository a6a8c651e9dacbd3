// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * DIR/.index.jsonl: a head, then a line for each run of the folder, {"run", "stamp", "summary"}. The stamp holds size and time of
 * run.json and samples.jsonl as they were when the run was read.
 */
#include <dirent.h>
#include <errno.h>
#include <search.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "data/history.h"

/* Raised when summaries or the rule for a unit's value change. */
#define INDEX_VERSION 1

static int no_memory(void)
{
	return err_sys(ENOMEM, "memory for the index of results");
}

struct known_run {
	char *run;
	char *stamp;
	char *line; /* as in the file */
};

struct index {
	void *tree; /* of entries, by run */
	size_t nr, nr_used;
};

static int by_run(const void *a, const void *b)
{
	return strcmp(((const struct known_run *)a)->run, ((const struct known_run *)b)->run);
}

static void known_run_free(void *p)
{
	struct known_run *entry = p;

	free(entry->run);
	free(entry->stamp);
	free(entry->line);
	free(entry);
}

static void index_free(struct index *index)
{
	tdestroy(index->tree, known_run_free);
}

/* False: there is no run in the folder. */
static bool make_stamp(const char *dir, const char *run, char *buf, size_t size)
{
	static const char *const files[] = {"run.json", "samples.jsonl"};
	size_t len = 0, i;

	for (i = 0; i < ARRAY_SIZE(files); i++) {
		__free_mem char *path = NULL;
		struct stat st;

		if (asprintf(&path, "%s/%s/%s", dir, run, files[i]) < 0 || stat(path, &st))
			return false;
		len += (size_t)snprintf(buf + len, size - len, "%s%lld@%lld.%09ld", i ? " " : "", (long long)st.st_size,
					(long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
	}
	return true;
}

/* The string behind "key":" near the start of a line that we wrote; keys and stamps need no escapes. */
static char *string_after(const char *line, const char *key)
{
	const char *at = strstr(line, key), *end;

	if (!at)
		return NULL;
	at += strlen(key);
	end = strchr(at, '"');
	return end ? strndup(at, (size_t)(end - at)) : NULL;
}

/* Only a run that is looked up is parsed: an index may know many that are gone. */
static void read_line(struct index *index, char *line)
{
	struct known_run *entry = calloc(1, sizeof(*entry)), **found;

	if (!entry)
		return;
	entry->run = string_after(line, "{\"run\":\"");
	entry->stamp = string_after(line, "\"stamp\":\"");
	entry->line = strdup(line);
	found = entry->run && entry->stamp && entry->line ? tsearch(entry, &index->tree, by_run) : NULL;
	if (!found || *found != entry)
		known_run_free(entry);
	else
		index->nr++;
}

static bool is_head(const char *line)
{
	json_t *head = json_loads(line, 0, NULL);
	const char *schema = json_string_value(json_object_get(head, "schema"));
	bool ours = schema && !strcmp(schema, "memcgbench-index") &&
		    json_integer_value(json_object_get(head, "schema_version")) == INDEX_VERSION;

	json_decref(head);
	return ours;
}

static void index_read(struct index *index, const char *path)
{
	__close_file FILE *in = fopen(path, "re");
	__free_mem char *line = NULL;
	size_t size = 0;
	ssize_t len;

	if (!in || getline(&line, &size, in) <= 0 || !is_head(line))
		return;
	while ((len = getline(&line, &size, in)) > 0)
		/* The last line of an index that was cut has no end. */
		if (line[len - 1] == '\n') {
			line[len - 1] = '\0';
			read_line(index, line);
		}
}

/* The summary of a run as the index has it; NULL: not, or of an older state of the run. */
static json_t *index_find(struct index *index, const char *run, const char *stamp, const char **ret_line)
{
	struct known_run key = {.run = (char *)run}, **found = tfind(&key, &index->tree, by_run);
	json_t *line, *summary;

	if (!found || strcmp((*found)->stamp, stamp))
		return NULL;
	line = json_loads((*found)->line, 0, NULL);
	summary = json_incref(json_object_get(line, "summary"));
	json_decref(line);
	if (summary) {
		*ret_line = (*found)->line;
		index->nr_used++;
	}
	return summary;
}

/* A folder whose runs are read, and the index that is written as they are. */
struct folder {
	const char *dir;
	struct index index;
	FILE *out; /* NULL: it cannot be written */
	bool changed;
};

/* A name with quotes or backslashes stays out of the index, whose lines are searched for names. */
static bool is_plain(const char *run)
{
	return !strpbrk(run, "\"\\");
}

static int read_run(struct folder *folder, const char *run, const char *stamp, json_t **ret_summary)
{
	__free_mem char *path = NULL, *text = NULL;
	json_t *summary;
	int ret;

	if (asprintf(&path, "%s/%s", folder->dir, run) < 0)
		return no_memory();
	ret = history_summarize(path, &summary);
	if (ret)
		return ret;
	*ret_summary = summary;
	folder->changed = true;
	if (!folder->out || !is_plain(run))
		return 0;
	text = json_dumps(summary, JSON_COMPACT);
	if (!text)
		return no_memory();
	fprintf(folder->out, "{\"run\":\"%s\",\"stamp\":\"%s\",\"summary\":%s}\n", run, stamp, text);
	return 0;
}

static int add_one(struct folder *folder, const char *run, struct history *history)
{
	const char *line = NULL;
	char stamp[128];
	json_t *summary;
	int ret = 0;

	if (!make_stamp(folder->dir, run, stamp, sizeof(stamp)))
		return 0;
	summary = index_find(&folder->index, run, stamp, &line);
	if (summary && folder->out)
		fprintf(folder->out, "%s\n", line);
	else if (!summary)
		ret = read_run(folder, run, stamp, &summary);
	if (ret)
		return ret;
	ret = history_add_summary(history, summary);
	json_decref(summary);
	return ret;
}

/* Hidden folders are none of runs. */
static int is_candidate(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int add_all(struct folder *folder, struct history *history)
{
	struct dirent **list;
	int nr = scandir(folder->dir, &list, is_candidate, alphasort), i, ret = 0;

	if (nr < 0)
		return err_sys(errno, "read folder %s", folder->dir);
	for (i = 0; i < nr; i++) {
		if (!ret)
			ret = add_one(folder, list[i]->d_name, history);
		free(list[i]);
	}
	free(list);
	return ret;
}

/* Replace the index by what was written, if anything differs. A folder that cannot be written to has none. */
static void finish_index(struct folder *folder, const char *beside, const char *path, bool failed)
{
	bool stale = folder->changed || folder->index.nr != folder->index.nr_used;

	if (!folder->out)
		return;
	failed |= ferror(folder->out) != 0;
	failed |= fclose(folder->out) != 0;
	if (failed || !stale || rename(beside, path))
		unlink(beside);
}

int history_add_folder(struct history *history, const char *dir)
{
	struct folder folder = {.dir = dir};
	__free_mem char *path = NULL, *beside = NULL;
	int ret;

	if (asprintf(&path, "%s/.index.jsonl", dir) < 0 || asprintf(&beside, "%s.%d.tmp", path, (int)getpid()) < 0)
		return no_memory();
	index_read(&folder.index, path);
	folder.out = fopen(beside, "we");
	if (folder.out)
		fprintf(folder.out, "{\"schema\":\"memcgbench-index\",\"schema_version\":%d}\n", INDEX_VERSION);
	ret = add_all(&folder, history);
	finish_index(&folder, beside, path, ret != 0);
	index_free(&folder.index);
	return ret;
}
