// SPDX-License-Identifier: GPL-2.0-or-later
#include "data/rundata_loader.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "base/err.h"
#include "data/record.h"

void loader_make_printable(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			*text = '?';
}

__printf(3, 0) static int bad_at(const char *path, size_t line, const char *fmt, va_list ap)
{
	char text[512];

	vsnprintf(text, sizeof(text), fmt, ap);
	loader_make_printable(text);
	return err_set(EBADMSG, "%s:%zu: %s", path, line, text);
}

int loader_bad_at(const char *path, size_t line, const char *fmt, ...)
{
	va_list ap;
	int ret;

	va_start(ap, fmt);
	ret = bad_at(path, line, fmt, ap);
	va_end(ap);
	return ret;
}

int loader_bad(const struct loader *loader, const char *fmt, ...)
{
	va_list ap;
	int ret;

	va_start(ap, fmt);
	ret = bad_at(loader->path, loader->line, fmt, ap);
	va_end(ap);
	return ret;
}

int loader_no_memory(const struct loader *loader)
{
	return err_sys(ENOMEM, "read %s", loader->path);
}

int loader_grow(void **array, size_t *size, size_t nr, size_t element)
{
	size_t want = *size ? *size * 2 : 16;
	void *more;

	if (nr < *size)
		return 0;
	more = reallocarray(*array, want, element);
	if (!more)
		return -ENOMEM;
	*array = more;
	*size = want;
	return 0;
}

int loader_u64(const struct loader *loader, const json_t *record, const char *key, uint64_t *ret_value)
{
	const json_t *value = json_object_get(record, key);

	if (!json_is_integer(value) || json_integer_value(value) < 0)
		return loader_bad(loader, "\"%s\" is not a whole number from 0", key);
	*ret_value = (uint64_t)json_integer_value(value);
	return 0;
}

int loader_uint(const struct loader *loader, const json_t *record, const char *key, unsigned int *ret_value)
{
	uint64_t value;
	int ret = loader_u64(loader, record, key, &value);

	if (ret)
		return ret;
	if (value > UINT_MAX)
		return loader_bad(loader, "\"%s\" is out of range", key);
	*ret_value = (unsigned int)value;
	return 0;
}

int loader_number(const struct loader *loader, const json_t *record, const char *key, double *ret_value)
{
	const json_t *value = json_object_get(record, key);

	if (!json_is_number(value) || !(json_number_value(value) >= 0) || json_number_value(value) > AMOUNT_MAX)
		return loader_bad(loader, "\"%s\" is not a number from 0 to %g", key, AMOUNT_MAX);
	*ret_value = json_number_value(value);
	return 0;
}

int loader_text(const struct loader *loader, const json_t *record, const char *key, char **ret_text)
{
	const char *text = json_string_value(json_object_get(record, key));
	char *copy;

	if (!text)
		return loader_bad(loader, "\"%s\" is not a text", key);
	copy = strdup(text);
	if (!copy)
		return loader_no_memory(loader);
	*ret_text = copy;
	return 0;
}

int loader_flag(const struct loader *loader, const json_t *record, const char *key, bool *ret_flag)
{
	const json_t *value = json_object_get(record, key);

	if (value && !json_is_boolean(value))
		return loader_bad(loader, "\"%s\" is neither true nor false", key);
	*ret_flag = json_is_true(value);
	return 0;
}

bool loader_text_is(const json_t *object, const char *key, const char *text)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value && !strcmp(value, text);
}

int loader_check_schema(const char *where, size_t line, const json_t *object, const char *schema)
{
	const json_t *version = json_object_get(object, "schema_version");

	if (!loader_text_is(object, "schema", schema) || !json_is_integer(version))
		return err_set(EBADMSG, "%s:%zu: not of memcgbench: no \"schema\": \"%s\"", where, line, schema);
	if (json_integer_value(version) != RECORD_SCHEMA_VERSION)
		return err_set(EPROTONOSUPPORT, "%s:%zu: schema version %lld, this program reads version %d", where,
			       line, (long long)json_integer_value(version), RECORD_SCHEMA_VERSION);
	return 0;
}

struct rundata_item *loader_find_item(const struct loader *loader, unsigned int item)
{
	/* From the end: samples follow the item record that came last. */
	for (size_t i = loader->data->nr_items; i--;)
		if (loader->data->items[i].item == item)
			return &loader->data->items[i];
	return NULL;
}

size_t loader_item_index(const struct loader *loader, const struct rundata_item *item)
{
	return (size_t)(item - loader->data->items);
}

int loader_item(const struct loader *loader, const json_t *record, struct rundata_item **ret_item)
{
	unsigned int number = 0;
	int ret = loader_uint(loader, record, "item", &number);

	if (ret)
		return ret;
	*ret_item = loader_find_item(loader, number);
	if (!*ret_item)
		return loader_bad(loader, "item %u has no item record", number);
	return 0;
}

int loader_arm(const struct loader *loader, const json_t *record, const struct rundata_item *item,
		   unsigned int *ret_arm)
{
	int ret = loader_uint(loader, record, "arm", ret_arm);

	if (!ret && *ret_arm >= item->nr_arms)
		return loader_bad(loader, "arm %u is not one of item %u", *ret_arm, item->item);
	return ret;
}

int loader_metric(const struct loader *loader, const struct rundata_item *item, const char *name,
		      size_t *ret_metric)
{
	for (size_t i = 0; i < item->nr_metrics; i++) {
		if (!strcmp(item->metrics[i].stored_name, name)) {
			*ret_metric = i;
			return 0;
		}
	}
	return loader_bad(loader, "metric \"%.100s\" is not one of item %u", name, item->item);
}
