// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/guest_args.h"

#include <ctype.h>
#include <limits.h>
#include <string.h>

#include "base/fs.h"
#include "base/kernel_args.h"

/* Of several that set one variable the last one is left. */
static bool was_handed_on(const char *word, char *const *argv, char *const *env)
{
	bool is_variable = word[kernel_arg_name_len(word)] == '=';
	char *const *at = is_variable ? env : argv;
	size_t len = kernel_arg_name_len(word) + is_variable;

	for (; *at; at++)
		if (!strncmp(*at, word, len) && (is_variable || !(*at)[len]))
			return true;
	return false;
}

/* "zswap.enabled=1" is /sys/module/zswap/parameters/enabled, "sysctl.vm.swappiness=1" is /proc/sys/vm/swappiness. */
static int read_value(const char *word, char **ret_text)
{
	static const char sysctl[] = "sysctl.";
	char path[PATH_MAX], *dot, *at;

	snprintf(path, sizeof(path), "%.*s", (int)kernel_arg_name_len(word), word);
	dot = strchr(path, '.');
	if (!strncmp(word, sysctl, strlen(sysctl))) {
		for (at = dot + 1; *at; at++)
			if (*at == '.')
				*at = '/';
		return fs_read(ret_text, "/proc/sys/%s", dot + 1);
	}
	for (at = path; *at; at++)
		if (*at == '-')
			*at = '_';
	*dot = '\0';
	return fs_read(ret_text, "/sys/module/%s/parameters/%s", path, dot + 1);
}

json_t *guest_args(char *const *argv, char *const *env)
{
	__free_mem char *text = NULL;
	json_t *unknown, *values;
	char *rest, *word;

	if (fs_read(&text, "/proc/cmdline"))
		return NULL;
	unknown = json_array();
	values = json_object();
	for (rest = text; (word = kernel_arg_next(&rest));) {
		__free_mem char *value = NULL, *name = strndup(word, kernel_arg_name_len(word));

		if (!kernel_arg_is_of_module(word) && was_handed_on(word, argv, env))
			json_array_append_new(unknown, json_string(word));
		else if (kernel_arg_is_of_module(word) && name && !read_value(word, &value))
			json_object_set_new(values, name, json_string(value));
	}
	return json_pack("{s:o, s:o}", "unknown", unknown, "values", values);
}

char *guest_args_of_module(const char *file, char *buf, size_t size)
{
	__free_mem char *text = NULL;
	char module[64], *rest, *word;
	size_t len = 0;

	buf[0] = '\0';
	file += strspn(file, "0123456789");
	file += *file == '-';
	snprintf(module, sizeof(module), "%.*s", (int)strcspn(file, "."), file);
	if (fs_read(&text, "/proc/cmdline"))
		return buf;
	for (rest = text; (word = kernel_arg_next(&rest));) {
		char *dot = strchr(word, '.');

		if (!kernel_arg_is_of_module(word))
			continue;
		*dot = '\0';
		if (kernel_arg_same_name(word, module) && len < size)
			len += (size_t)snprintf(buf + len, size - len, " %s", dot + 1);
	}
	return buf;
}
