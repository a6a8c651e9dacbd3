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

#include "base/beneath.h"
#include "base/err.h"
#include "data/history.h"
#include "data/lines.h"
#include "data/pool.h"
#include "data/record.h"

/* Raised when summaries or the rule for a unit's value change. */
#define INDEX_VERSION 3
#define INDEX ".index.jsonl"
/* Some KB a run: what lies behind is read from the runs again. */
#define INDEX_MAX_BYTES (256u << 20)

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
		struct stat st = {0};

		if (asprintf(&path, "%s/%s/%s", dir, run, files[i]) < 0)
			return false;
		/* A run whose samples are gone is a damaged one. */
		if (stat(path, &st) && i == 0)
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

static void index_read(struct index *index, const char *dir)
{
	struct lines lines;
	bool has_head = false;
	const char *line;
	size_t len;

	if (lines_open(&lines, dir, INDEX, INDEX))
		return;
	while (lines_next(&lines, &line, &len) > 0 && lines.bytes < INDEX_MAX_BYTES) {
		__free_mem char *copy = strndup(line, len);

		/* The last line of an index that was cut has no end. */
		if (!copy || line[len - 1] != '\n')
			break;
		copy[strcspn(copy, "\n")] = '\0';
		if (has_head)
			read_line(index, copy);
		else if (!is_head(copy))
			break;
		has_head = true;
	}
	lines_close(&lines);
}

/* The line of a run in the index; NULL: there is none, or of an older state of the run. */
static const struct known_run *index_find(struct index *index, const char *run, const char *stamp)
{
	struct known_run key = {.run = (char *)run}, **found = tfind(&key, &index->tree, by_run);

	return found && !strcmp((*found)->stamp, stamp) ? *found : NULL;
}

/* One run of a folder: what a thread makes of it. */
struct run_read {
	const char *run;	       /* its name */
	const struct known_run *known; /* of the index, if that is good */
	char *line;		       /* else what the index is to say; NULL: nothing */
	json_t *summary;	       /* NULL: there is no run */
	int error;		       /* if not 0, with its sentence */
	char *sentence;
};

/* A folder whose runs are read, and the index that is written as they are. */
struct folder {
	const char *dir;
	struct index index;
	struct run_read *runs;
	struct beneath_file file;
	FILE *out; /* NULL: it cannot be written */
	bool changed;
};

/* A name with quotes or backslashes stays out of the index, whose lines are searched for names. */
static bool is_plain(const char *run)
{
	return !strpbrk(run, "\"\\");
}

static int summarize_run(const struct folder *folder, const char *stamp, struct run_read *read)
{
	__free_mem char *path = NULL, *text = NULL;
	int ret;

	if (asprintf(&path, "%s/%s", folder->dir, read->run) < 0)
		return no_memory();
	ret = history_summarize(path, &read->summary);
	if (ret || !folder->out || !is_plain(read->run))
		return ret;
	text = json_dumps(read->summary, JSON_COMPACT);
	if (!text || asprintf(&read->line, "{\"run\":\"%s\",\"stamp\":\"%s\",\"summary\":%s}", read->run, stamp, text) < 0) {
		read->line = NULL;
		return no_memory();
	}
	return 0;
}

/* In a thread. The index is looked at by all and changed by none meanwhile. */
static void read_run(void *context, size_t i)
{
	struct folder *folder = context;
	struct run_read *read = &folder->runs[i];
	char stamp[128];
	json_t *line;

	if (!make_stamp(folder->dir, read->run, stamp, sizeof(stamp)))
		return;
	read->known = index_find(&folder->index, read->run, stamp);
	if (read->known) {
		line = json_loads(read->known->line, 0, NULL);
		if (line && !record_make_printable(line) && history_summary_is_good(json_object_get(line, "summary")))
			read->summary = json_incref(json_object_get(line, "summary"));
		json_decref(line);
		if (read->summary)
			return;
		read->known = NULL;
	}
	read->error = summarize_run(folder, stamp, read);
	/* A sentence belongs to its thread. */
	if (read->error)
		read->sentence = strdup(err_msg());
}

static int take_run(struct folder *folder, struct run_read *read, struct history *history)
{
	const char *line = read->known ? read->known->line : read->line;
	__free_mem char *path = NULL;
	int ret = read->error;

	if (ret)
		return err_set(-ret, "%s", read->sentence ? read->sentence : "out of memory");
	if (!read->summary)
		return 0;
	if (read->known)
		folder->index.nr_used++;
	else
		folder->changed = true;
	if (folder->out && line)
		fprintf(folder->out, "%s\n", line);
	if (asprintf(&path, "%s/%s", folder->dir, read->run) < 0)
		return no_memory();
	return history_add_summary(history, path, read->summary);
}

static void run_read_clear(struct run_read *read)
{
	json_decref(read->summary);
	free(read->line);
	free(read->sentence);
	*read = (struct run_read){0};
}

/* Hidden folders are none of runs. */
static int is_candidate(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* Runs are read side by side, and taken in by their names' order: the result never depends on which was read first. */
static int add_runs(struct folder *folder, size_t nr, struct history *history)
{
	struct pool *pool;
	size_t i, k;
	int ret = pool_start(nr, read_run, folder, &pool);

	if (ret)
		return ret;
	for (i = 0; !ret && i < nr; i++) {
		pool_wait(pool, i);
		ret = take_run(folder, &folder->runs[i], history);
		run_read_clear(&folder->runs[i]);
	}
	pool_stop(pool);
	/* After an error threads may have read a few more. */
	for (k = i; k < nr; k++)
		run_read_clear(&folder->runs[k]);
	return ret;
}

static int add_all(struct folder *folder, struct history *history)
{
	struct dirent **list;
	int nr = scandir(folder->dir, &list, is_candidate, alphasort), i, ret;

	if (nr < 0)
		return err_sys(errno, "read folder %s", folder->dir);
	folder->runs = calloc((size_t)nr + 1, sizeof(*folder->runs));
	for (i = 0; folder->runs && i < nr; i++)
		folder->runs[i].run = list[i]->d_name;
	ret = folder->runs ? add_runs(folder, (size_t)nr, history) : no_memory();
	free(folder->runs);
	for (i = 0; i < nr; i++)
		free(list[i]);
	free(list);
	return ret;
}

/* Replace the index by what was written, if anything differs. A folder that cannot be written to has none. */
static void finish_index(struct folder *folder, bool failed)
{
	bool stale = folder->changed || folder->index.nr != folder->index.nr_used;

	if (folder->out)
		(void)!beneath_end(&folder->file, failed || !stale ? -ECANCELED : 0);
}

int history_add_folder(struct history *history, const char *dir)
{
	struct folder folder = {.dir = dir};
	int ret;

	index_read(&folder.index, dir);
	if (!beneath_begin(dir, INDEX, &folder.file)) {
		folder.out = folder.file.out;
		fprintf(folder.out, "{\"schema\":\"memcgbench-index\",\"schema_version\":%d}\n", INDEX_VERSION);
	}
	ret = add_all(&folder, history);
	finish_index(&folder, ret != 0);
	index_free(&folder.index);
	return ret;
}
