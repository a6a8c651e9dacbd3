// SPDX-License-Identifier: GPL-2.0-or-later
#include "data/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/beneath.h"
#include "base/err.h"
#include "data/record.h"

/* More runs of one name than anybody keeps: an end to the search for a free one. */
#define STORE_NAMES_MAX 10000

struct store {
	char *dir;
	char *name;
	char *topology; /* text of topology.xml */
	json_t *run;
	int samples_fd;
	int broken; /* errno of the first failed append; nothing is appended behind a hole */
};

static void store_free(struct store *store)
{
	if (!store)
		return;
	if (store->samples_fd >= 0)
		close(store->samples_fd);
	json_decref(store->run);
	free(store->topology);
	free(store->name);
	free(store->dir);
	free(store);
}

static void cleanup_store(struct store **store)
{
	store_free(*store);
}

static void cleanup_json(json_t **json)
{
	json_decref(*json);
}

#define __free_store __attribute__((__cleanup__(cleanup_store)))
#define __free_json  __attribute__((__cleanup__(cleanup_json)))

static void now_text(char *buf, size_t size)
{
	time_t now = time(NULL);
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(buf, size, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

static bool is_dir(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* mkdir -p. */
static int make_parents(const char *path)
{
	__free_mem char *copy = strdup(path);
	char *end = copy;

	if (!copy)
		return err_sys(ENOMEM, "create directory %s", path);
	for (;;) {
		char was;

		end += strspn(end, "/");
		end += strcspn(end, "/");
		was = *end;
		*end = '\0';
		if (!is_dir(copy) && mkdir(copy, 0777) < 0) {
			int err = errno;

			/* Somebody else may have made it in between. */
			if (!is_dir(copy))
				return err_sys(err == EEXIST ? ENOTDIR : err, "create directory %s", copy);
		}
		if (!was)
			return 0;
		*end = was;
	}
}

/* mkdir(2) decides who gets a name, so that two runs started at once get two directories. */
static int make_run_dir(const char *parent, const char *name, char **ret_dir, char **ret_name)
{
	for (unsigned int i = 1; i < STORE_NAMES_MAX; i++) {
		__free_mem char *run_name = NULL, *dir = NULL;
		int n = i == 1 ? asprintf(&run_name, "%s", name)
			       : asprintf(&run_name, "%s-%u", name, i);

		if (n < 0 || asprintf(&dir, "%s/%s", parent, run_name) < 0)
			return err_sys(ENOMEM, "create a run in %s", parent);
		if (mkdir(dir, 0777) == 0) {
			*ret_dir = take_ptr(dir);
			*ret_name = take_ptr(run_name);
			return 0;
		}
		if (errno != EEXIST)
			return err_sys(errno, "create directory %s", dir);
	}
	return err_sys(EEXIST, "create a run named %s in %s", name, parent);
}

static int sync_dir(const char *dir)
{
	__close_fd int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return err_sys(errno, "open %s", dir);
	/* EINVAL: a file system that has nothing to sync for a directory. */
	if (fsync(fd) < 0 && errno != EINVAL)
		return err_sys(errno, "fsync %s", dir);
	return 0;
}

/* Whoever opens @dir/@name finds the old text or the new, never a part. */
static int replace_file(const char *dir, const char *name, const char *text)
{
	int ret = beneath_write(dir, name, text, strlen(text), true);

	return ret ? ret : sync_dir(dir);
}

static int write_run(const struct store *store)
{
	__free_mem char *text = json_dumps(store->run, JSON_INDENT(2));
	__free_mem char *with_newline = NULL;

	if (!text || asprintf(&with_newline, "%s\n", text) < 0)
		return err_sys(ENOMEM, "write %s/run.json", store->dir);
	return replace_file(store->dir, "run.json", with_newline);
}

/* The store's own fields come first, for whoever looks at the file. */
static json_t *run_object(const char *name, const json_t *run)
{
	/* A copy all the way down: the caller may go on changing its own. */
	__free_json json_t *copy = json_deep_copy(run);
	__free_json json_t *object = NULL;
	char started[32];

	now_text(started, sizeof(started));
	object = json_pack("{s:s, s:i, s:s, s:s, s:s}", "schema", RECORD_SCHEMA_RUN,
			   "schema_version", RECORD_SCHEMA_VERSION, "run", name, "status",
			   "running", "started", started);
	if (!copy || !object || json_object_update_missing(object, copy) < 0)
		return NULL;
	return take_ptr(object);
}

static int open_samples(struct store *store)
{
	__free_mem char *path = NULL;

	if (asprintf(&path, "%s/samples.jsonl", store->dir) < 0)
		return err_sys(ENOMEM, "create samples.jsonl in %s", store->dir);
	store->samples_fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0666);
	if (store->samples_fd < 0)
		return err_sys(errno, "create %s", path);
	return 0;
}

static void remove_new_run(const struct store *store)
{
	static const char *const names[] = { "samples.jsonl", "run.json" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		__free_mem char *path = NULL;

		if (asprintf(&path, "%s/%s", store->dir, names[i]) >= 0)
			unlink(path);
	}
	rmdir(store->dir);
}

int store_create(const char *parent, const char *name, const json_t *run, struct store **ret_store)
{
	__free_store struct store *store = calloc(1, sizeof(*store));
	int ret;

	if (!store)
		return err_sys(ENOMEM, "create a run in %s", parent);
	store->samples_fd = -1;
	if (!*name || *name == '.' || strchr(name, '/'))
		return err_set(EINVAL, "\"%s\" is no name for a run: a name without / and not beginning with a dot",
			       name);
	ret = make_parents(*parent ? parent : ".");
	if (ret)
		return ret;
	ret = make_run_dir(*parent ? parent : ".", name, &store->dir, &store->name);
	if (ret)
		return ret;
	store->run = run_object(store->name, run);
	/* samples.jsonl first: a directory with a run.json then always has both. */
	ret = open_samples(store);
	if (!ret)
		ret = store->run ? write_run(store)
				 : err_sys(ENOMEM, "write %s/run.json", store->dir);
	if (ret) {
		remove_new_run(store);
		return ret;
	}
	*ret_store = take_ptr(store);
	return 0;
}

const char *store_dir(const struct store *store)
{
	return store->dir;
}

const char *store_name(const struct store *store)
{
	return store->name;
}

/* One write(2), so that a kill leaves a whole line or none on any sane file system. */
static int append(struct store *store, const json_t *record)
{
	__free_mem char *text = json_dumps(record, JSON_COMPACT);
	__free_mem char *line = NULL;
	int len;
	ssize_t n;

	if (store->broken)
		return err_sys(store->broken,
			       "%s/samples.jsonl: an earlier record could not be written, what is there is incomplete",
			       store->dir);
	if (!text)
		return err_sys(ENOMEM, "append to %s/samples.jsonl", store->dir);
	len = asprintf(&line, "%s\n", text);
	if (len < 0)
		return err_sys(ENOMEM, "append to %s/samples.jsonl", store->dir);
	do
		n = write(store->samples_fd, line, (size_t)len);
	while (n < 0 && errno == EINTR);
	if (n == len)
		return 0;
	/* A short write has no errno of its own; on a disk file it means that the disk is full. */
	store->broken = n < 0 ? errno : ENOSPC;
	return err_sys(store->broken, "append to %s/samples.jsonl, what is there is incomplete", store->dir);
}

/* @record becomes one with "type" and "boot" in front. */
static int with_boot(json_t *record, unsigned int boot, json_t **ret_record)
{
	json_t *object = json_object();

	if (!object || json_object_set(object, "type", json_object_get(record, "type")) < 0 ||
	    json_object_set_new(object, "boot", json_integer(boot)) < 0 ||
	    json_object_update_missing(object, record) < 0) {
		json_decref(object);
		return err_sys(ENOMEM, "keep a record");
	}
	*ret_record = object;
	return 0;
}

/* run.json is written at once: a run that is killed later still says what it ran on. */
static int add_boot(struct store *store, const char *executor, const json_t *record)
{
	json_t *boots = json_object_get(store->run, "boots");
	__free_json json_t *entry = NULL;

	if (!json_is_array(boots)) {
		boots = json_array();
		if (json_object_set_new(store->run, "boots", boots) < 0)
			return err_sys(ENOMEM, "keep a boot record");
	}
	entry = json_pack("{s:O, s:s}", "boot", json_object_get(record, "boot"), "executor", executor);
	if (!entry || json_object_update_missing(entry, (json_t *)record) < 0)
		return err_sys(ENOMEM, "keep a boot record");
	json_object_del(entry, "type");
	if (json_array_append(boots, entry) < 0)
		return err_sys(ENOMEM, "keep a boot record");
	return write_run(store);
}

/* The boots of a run mostly see one machine; one that sees another gets a file of its own. */
static int add_topology(struct store *store, unsigned int boot, const json_t *record)
{
	const char *xml = json_string_value(json_object_get(record, "xml"));
	char name[48] = "topology.xml";

	if (!xml)
		return err_set(EBADMSG, "not a record: a topology without \"xml\"");
	if (store->topology) {
		if (!strcmp(store->topology, xml))
			return 0;
		snprintf(name, sizeof(name), "topology-%u.xml", boot);
	} else {
		store->topology = strdup(xml);
		if (!store->topology)
			return err_sys(ENOMEM, "keep the topology");
	}
	return replace_file(store->dir, name, xml);
}

int store_line(struct store *store, unsigned int boot, const char *executor, const char *line,
	       json_t **ret_record)
{
	json_error_t error;
	__free_json json_t *parsed = json_loads(line, JSON_REJECT_DUPLICATES, &error);
	__free_json json_t *record = NULL;
	enum record_type type;
	int ret;

	if (!parsed)
		return err_set(EBADMSG, "not a record: %s: %.200s", error.text, line);
	ret = record_make_printable(parsed);
	if (ret)
		return ret;
	type = record_type(parsed);
	if (type == RECORD_NONE)
		return err_set(EBADMSG, "not a record, no \"type\" that is known: %.200s", line);
	ret = with_boot(parsed, boot, &record);
	if (ret)
		return ret;
	if (type == RECORD_TOPOLOGY)
		ret = add_topology(store, boot, record);
	else
		ret = append(store, record);
	if (!ret && type == RECORD_BOOT)
		ret = add_boot(store, executor, record);
	if (ret)
		return ret;
	if (ret_record)
		*ret_record = take_ptr(record);
	return 0;
}

void store_set(struct store *store, const char *key, json_t *value)
{
	json_object_set_new(store->run, key, value);
}

int store_file(const char *dir, const char *name, const char *text)
{
	if (!*name || *name == '.' || strchr(name, '/') || !strcmp(name, "run.json") ||
	    !strcmp(name, "samples.jsonl"))
		return err_set(EINVAL, "\"%s\" is no name for a further file of a run", name);
	return replace_file(dir, name, text);
}

static int finish(struct store *store, const char *status)
{
	char ended[32];

	if (strcmp(status, "complete") && strcmp(status, "interrupted") && strcmp(status, "failed"))
		return err_set(EINVAL, "\"%s\" is no status of a run that has ended", status);
	if (store->broken && !strcmp(status, "complete"))
		return err_sys(store->broken, "%s/samples.jsonl is incomplete", store->dir);
	if (fsync(store->samples_fd) < 0)
		return err_sys(errno, "fsync %s/samples.jsonl", store->dir);
	now_text(ended, sizeof(ended));
	if (json_object_set_new(store->run, "status", json_string(status)) < 0 ||
	    json_object_set_new(store->run, "ended", json_string(ended)) < 0)
		return err_sys(ENOMEM, "write %s/run.json", store->dir);
	return write_run(store);
}

int store_finish(struct store *store, const char *status)
{
	int ret = finish(store, status);

	store_free(store);
	return ret;
}

void store_abandon(struct store *store)
{
	store_free(store);
}
