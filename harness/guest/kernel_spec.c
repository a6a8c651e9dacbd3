// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/kernel.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/err.h"

static bool is_word(const char *text, size_t len, const char *also)
{
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)text[i]) && !strchr(also, text[i]))
			return false;
	return len > 0;
}

static int parse_name(const char *text, size_t len, struct kernel_spec *spec)
{
	if (!is_word(text, len, "._+-") || text[0] == '.' || text[0] == '-')
		return err_set(EINVAL, "kernel name \"%.*s\": use letters, digits and . _ + -", (int)len, text);
	if (len >= sizeof(spec->name))
		return err_set(EINVAL, "kernel name \"%.*s\" is longer than %zu characters", (int)len, text,
			       sizeof(spec->name) - 1);
	memcpy(spec->name, text, len);
	return 0;
}

/* "6.12" or "7.1.13": numbers between dots, at least two and at most three. */
static bool is_version(const char *text, size_t len)
{
	size_t dots = 0;

	for (size_t i = 0; i < len; i++) {
		if (text[i] == '.') {
			if (i == 0 || i + 1 == len || text[i - 1] == '.')
				return false;
			dots++;
		} else if (!isdigit((unsigned char)text[i])) {
			return false;
		}
	}
	return dots == 1 || dots == 2;
}

/* "6.12.90-1~bpo12+1", the version of one package (deb-version(7), without an epoch, which no kernel's has). */
static bool is_package_version(const char *text, size_t len)
{
	const char *dash = memchr(text, '-', len);
	size_t upstream = dash ? (size_t)(dash - text) : 0;

	return dash && is_version(text, upstream) && is_word(dash + 1, len - upstream - 1, ".+~-");
}

static int parse_archive(const char *text, struct kernel_spec *spec)
{
	size_t len = strcspn(text, "/");
	const char *flavour = text[len] ? text + len + 1 : KERNEL_FLAVOUR_DEFAULT;

	if ((!is_version(text, len) && !is_package_version(text, len)) || len >= sizeof(spec->version))
		return err_set(EINVAL, "deb:%s: \"%.*s\" is not a version such as 6.12, 7.1.13 or 6.12.90-1~bpo12+1", text,
			       (int)len, text);
	if (!is_word(flavour, strlen(flavour), "-") || strlen(flavour) >= sizeof(spec->flavour))
		return err_set(EINVAL, "deb:%s: \"%s\" is not a flavour such as cloud-amd64 or amd64", text, flavour);
	memcpy(spec->version, text, len);
	strcpy(spec->flavour, flavour);
	spec->type = KERNEL_SPEC_ARCHIVE;
	return 0;
}

static bool ends_in(const char *text, size_t len, const char *end)
{
	size_t end_len = strlen(end);

	return len > end_len && !memcmp(text + len - end_len, end, end_len);
}

static int add_path(struct kernel_spec *spec, const char *text, size_t len)
{
	if (spec->nr_paths == KERNEL_DEBS_MAX)
		return err_set(EINVAL, "more than %d packages for one kernel", KERNEL_DEBS_MAX);
	spec->paths[spec->nr_paths] = strndup(text, len);
	if (!spec->paths[spec->nr_paths])
		return err_sys(ENOMEM, "kernel spec");
	spec->nr_paths++;
	return 0;
}

/* A comma separates packages only: it may stand in the name of any other file. */
static int parse_debs(const char *text, struct kernel_spec *spec)
{
	const char *at = text;

	spec->type = KERNEL_SPEC_DEBS;
	for (;;) {
		size_t len = strcspn(at, ",");
		int ret;

		if (!ends_in(at, len, ".deb"))
			return err_set(EINVAL, "kernel \"%s\": \"%.*s\" is not a .deb file", text, (int)len, at);
		ret = add_path(spec, at, len);
		if (ret)
			return ret;
		if (!at[len])
			return 0;
		at += len + 1;
	}
}

static int parse_source(const char *text, struct kernel_spec *spec)
{
	if (!*text)
		return err_set(EINVAL, "a kernel spec is empty; give a path, running, deb:VERSION or build:TREE");
	if (!strcmp(text, "running")) {
		spec->type = KERNEL_SPEC_RUNNING;
		return 0;
	}
	if (!strncmp(text, "deb:", 4))
		return parse_archive(text + 4, spec);
	if (!strncmp(text, "build:", 6)) {
		if (!text[6])
			return err_set(EINVAL, "build: wants a source tree, build:TREE or build:TREE@REV");
		spec->type = KERNEL_SPEC_BUILD;
		return add_path(spec, text + 6, strlen(text + 6));
	}
	if (ends_in(text, strlen(text), ".deb"))
		return parse_debs(text, spec);
	spec->type = KERNEL_SPEC_PATH;
	return add_path(spec, text, strlen(text));
}

int kernel_spec_parse(const char *text, struct kernel_spec *ret_spec)
{
	const char *equals = strchr(text, '='), *source = text;
	struct kernel_spec spec = {0};
	int ret = 0;

	if (equals && !memchr(text, '/', (size_t)(equals - text))) {
		ret = parse_name(text, (size_t)(equals - text), &spec);
		source = equals + 1;
	}
	if (!ret)
		ret = parse_source(source, &spec);
	if (ret) {
		kernel_spec_free(&spec);
		return ret;
	}
	*ret_spec = spec;
	return 0;
}

void kernel_spec_free(struct kernel_spec *spec)
{
	for (size_t i = 0; i < spec->nr_paths; i++)
		free(spec->paths[i]);
	*spec = (struct kernel_spec){0};
}
