// SPDX-License-Identifier: GPL-2.0-or-later
/* run_guests - what of a boot is stored, and whether two boots said the same. */
#include "cmd/run_guests_priv.h"

#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "data/rundata.h"
#include "guest/files.h"

static void say_error(struct guests *guests, const struct guest_boot *boot, const char *text)
{
	char what[256];

	progress_say(&guests->progress, "memcgbench run: %s: %s\n", guest_boot_text(boot, what, sizeof(what)), text ? text : "(no text)");
	guests->nr_errors++;
}

/* A boot that went wrong leaves no sample: one error record says why. */
static int store_failure(struct guests *guests, unsigned int number, const struct guest_boot *boot)
{
	char what[256];
	json_t *record = json_pack("{s:s, s:o}", "type", "error", "text",
				   json_sprintf("%s: %s", guest_boot_text(boot, what, sizeof(what)), guest_boot_error(boot)));
	char *line = record ? json_dumps(record, JSON_COMPACT) : NULL;
	int ret = line ? store_line(guests->store, number, "qemu", line, NULL)
		       : err_set(EINVAL, "an error that cannot be stored: %s", guest_boot_error(boot));

	say_error(guests, boot, guest_boot_error(boot));
	json_decref(record);
	free(line);
	return ret;
}

/* The guest does not know what its kernel is called here: its boot record is told. */
static void complete_boot_record(const struct guest_boot *boot, json_t *record)
{
	const char *version = json_string_value(json_object_get(json_object_get(record, "cgroup"), "version"));
	char name[200];

	json_object_set_new(record, "kernel", json_string(guest_boot_kernel_name(boot, name, sizeof(name))));
	if (boot->arg) {
		json_object_set_new(record, "variant_of", json_string(boot->kernel->name));
		json_object_set_new(record, "boot_arg", json_string(boot->arg->args));
		json_object_set_new(record, "own_off", json_true());
	}
	/* Memcg was not switched off, and yet there is none. */
	if (guests_lacks_memcg(boot->kernel) || (!boot->off && version && !strcmp(version, "none")))
		json_object_set_new(record, "no_memcg", json_true());
}

static int store_guest_line(struct guests *guests, unsigned int number, const struct guest_boot *boot, const char *line,
			    json_t **ret_record)
{
	json_t *record = json_loads(line, 0, NULL);
	__free_mem char *named = NULL;

	if (record && json_is_string(json_object_get(record, "type")) &&
	    !strcmp(json_string_value(json_object_get(record, "type")), "boot")) {
		complete_boot_record(boot, record);
		named = json_dumps(record, JSON_COMPACT | JSON_REAL_PRECISION(9));
	}
	json_decref(record);
	return store_line(guests->store, number, "qemu", named ? named : line, ret_record);
}

/* As the runner writes it: the type comes first. */
static bool is_type(const char *line, const char *type)
{
	char begin[64];

	return !strncmp(line, begin, (size_t)snprintf(begin, sizeof(begin), "{\"type\":\"%s\"", type));
}

/* TCG without -icount shows whether a bench runs; its times are those of an emulator on a busy machine, and no cost. */
static bool is_dropped(const struct guests *guests, const char *line)
{
	return guests->args->accel == RUN_TCG && (is_type(line, "sample") || is_type(line, "latency") || is_type(line, "counters"));
}

/* Has a boot before said the same? All seeds of a variant do. */
static bool is_news(struct guests *guests, const char *text)
{
	const json_t *said;
	size_t i;

	json_array_foreach(guests->said, i, said)
		if (!strcmp(json_string_value(said), text))
			return false;
	json_array_append_new(guests->said, json_string(text));
	return true;
}

/* Before the end record, behind which a boot has nothing more to say. */
static int store_arg_warnings(struct guests *guests, unsigned int number, const struct guest_boot *boot, const char *end_line)
{
	json_t *end = json_loads(end_line, 0, NULL), *warnings = guest_boot_arg_warnings(guests, boot, end), *warning;
	size_t i;
	int ret = 0;

	json_array_foreach(warnings, i, warning) {
		const char *text = json_string_value(json_object_get(warning, "text"));
		__free_mem char *line = json_dumps(warning, JSON_COMPACT);

		ret = line ? store_line(guests->store, number, "qemu", line, NULL) : err_sys(ENOMEM, "memory for a record");
		if (ret)
			break;
		if (is_news(guests, text))
			guests_say(guests, text);
	}
	json_decref(warnings);
	json_decref(end);
	return ret;
}

/*
 * A kernel that is measured may send what it likes. What nobody could read again, by itself or beside the first boot that was good, with memcg or
 * without, is an error of that boot: stored, it would be the end of the whole run.
 */
static void check_boot(const struct guests *guests, unsigned int number, struct guest_boot *boot)
{
	struct rundata_boot_lines parts[3];
	size_t nr = 0, i;
	bool has_off = false, has_on = false;

	for (i = 0; i < guests->nr_boots && &guests->boots[i] != boot; i++) {
		const struct guest_boot *before = &guests->boots[i];
		bool *has = before->off ? &has_off : &has_on;

		if (before->failed || *has)
			continue;
		*has = true;
		parts[nr++] = (struct rundata_boot_lines){(unsigned int)before->number, before->lines, before->nr_lines};
	}
	parts[nr++] = (struct rundata_boot_lines){number, boot->lines, boot->nr_lines};
	if (rundata_check_boots(parts, nr)) {
		boot->failed = true;
		boot->error = text_format("sent a record that does not fit: %s", err_msg());
	}
}

static int store_boot(struct guests *guests, unsigned int number, struct guest_boot *boot)
{
	size_t i;
	int ret = 0;

	if (!boot->failed)
		check_boot(guests, number, boot);
	if (boot->failed)
		return *guests->stop ? 0 : store_failure(guests, number, boot);
	for (i = 0; !ret && i < boot->nr_lines; i++) {
		json_t *record = NULL;

		if (is_dropped(guests, boot->lines[i]))
			continue;
		if (is_type(boot->lines[i], "end"))
			ret = store_arg_warnings(guests, number, boot, boot->lines[i]);
		if (!ret)
			ret = store_guest_line(guests, number, boot, boot->lines[i], &record);
		if (!ret && !strcmp(json_string_value(json_object_get(record, "type")), "error"))
			say_error(guests, boot, json_string_value(json_object_get(record, "text")));
		json_decref(record);
	}
	return ret;
}

void guests_store_what_is_done(struct guests *guests)
{
	while (guests->nr_stored < guests->nr_boots && guests->boots[guests->nr_stored].done && !guests->store_error) {
		size_t i = guests->nr_stored++;

		guests->store_error = store_boot(guests, (unsigned int)guests->boots[i].number, &guests->boots[i]);
		if (guests->store_error)
			snprintf(guests->store_sentence, sizeof(guests->store_sentence), "%s", err_msg());
	}
}

/* Bytes of a record around the first that differs. */
#define AROUND 80

static void print_around(const char *which, const char *line, size_t at)
{
	size_t len = line ? strlen(line) : 0, begin = at > AROUND / 2 ? at - AROUND / 2 : 0;

	if (!line)
		fprintf(stderr, "  %s: no such record\n", which);
	else
		fprintf(stderr, "  %s: %s%.*s%s\n", which, begin ? "…" : "", AROUND, line + begin, begin + AROUND < len ? "…" : "");
}

/* Record @i of both is not the same; NULL: one has fewer. */
static int say_difference(const struct guests *guests, const struct guest_boot *boot, size_t i, const char *a, const char *b)
{
	char what[256];
	size_t at = 0;
	int ret;

	while (a && b && a[at] && a[at] == b[at])
		at++;
	ret = cmd_fail(guests->verb, "not deterministic: two boots of %s differ in record %zu, from byte %zu on (%s/boots/%zu and "
		       "%zu-again have all of it):", guest_boot_text(boot, what, sizeof(what)), i + 1, at + 1,
		       store_dir(guests->store), boot->number, boot->number);
	print_around("first ", a, at);
	print_around("second", b, at);
	return ret;
}

int guests_check_repetition(const struct guests *guests)
{
	const struct guest_boot *a = &guests->boots[guests->repeated], *b = &guests->boots[guests->nr_boots];
	size_t i, nr = a->nr_lines < b->nr_lines ? a->nr_lines : b->nr_lines;
	char what[256];

	/* That the first failed has been said, and what has failed says nothing of this. */
	if (!a->done || !b->done || a->failed)
		return EXIT_OK;
	if (b->failed)
		return cmd_fail(guests->verb, "%s, booted again: %s", guest_boot_text(b, what, sizeof(what)), guest_boot_error(b));
	for (i = 0; i < nr; i++)
		if (strcmp(a->lines[i], b->lines[i]))
			break;
	if (i == a->nr_lines && i == b->nr_lines)
		return EXIT_OK;
	say_difference(guests, a, i, i < a->nr_lines ? a->lines[i] : NULL, i < b->nr_lines ? b->lines[i] : NULL);
	return EXIT_NOT_DETERMINISTIC;
}
