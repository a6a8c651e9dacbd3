// SPDX-License-Identifier: GPL-2.0-or-later
/* run_guests - kernel arguments of the user that did nothing: what was measured is then not what he asked for. */
#include "cmd/run_guests_priv.h"

#include <string.h>

#include "base/err.h"
#include "base/kernel_args.h"
#include "base/units.h"
#include "guest/vmlinux.h"

static bool is_in(const json_t *list, const char *word)
{
	const json_t *text;
	size_t i;

	json_array_foreach(list, i, text)
		if (json_string_value(text) && !strcmp(json_string_value(text), word))
			return true;
	return false;
}

/* 1, 0, -1: it says neither yes nor no. As kstrtobool() reads it (lib/kstrtox.c). */
static int truth(const char *text)
{
	if (!*text || strchr("yYtT1", *text) || !strncasecmp(text, "on", 2))
		return 1;
	return strchr("nNfF0", *text) || !strncasecmp(text, "of", 2) ? 0 : -1;
}

/* Is what the kernel says, @now, what was asked for? "Y" is "1", "4194304" is "4M", and "[lzo] zstd" is "lzo". */
static bool is_same_value(const char *wanted, const char *now)
{
	__free_mem char *chosen = NULL;
	uint64_t a, b;

	if (!strcmp(wanted, now) || (!parse_size(wanted, &a) && !parse_size(now, &b) && a == b))
		return true;
	if ((!strcmp(now, "Y") || !strcmp(now, "N")) && truth(wanted) == truth(now))
		return true;
	return asprintf(&chosen, "[%s]", wanted) >= 0 && strstr(now, chosen);
}

/* Parameters of modules that are loaded later, and those whose handlers take any name, are not in the kernel's image. */
static bool may_be_elsewhere(const struct guests *guests, const struct guest_boot *boot, const char *word)
{
	const struct equipment *equipment = &guests->equipment[boot->kernel - guests->kernels];
	const char *dot = strchr(word, '.');
	char module[64], name[64];
	size_t i;

	if (!strncmp(dot, ".dyndbg", strlen(".dyndbg")))
		return true;
	snprintf(name, sizeof(name), "%.*s", (int)(dot - word), word);
	for (i = 0; i < equipment->modules.nr; i++) {
		const char *slash = strrchr(equipment->modules.paths[i], '/'), *file = slash ? slash + 1 : equipment->modules.paths[i];

		snprintf(module, sizeof(module), "%.*s", (int)strcspn(file, "."), file);
		if (kernel_arg_same_name(module, name))
			return true;
	}
	return false;
}

/* Why @word had no effect; false: nothing says so. */
static bool had_no_effect(const struct guests *guests, const struct guest_boot *boot, const json_t *args, const char *word, char *why,
			  size_t why_size)
{
	const char *equals = strchr(word, '='), *now;
	__free_mem char *name = strndup(word, kernel_arg_name_len(word));

	if (is_in(json_object_get(args, "unknown"), word)) {
		snprintf(why, why_size, "the kernel does not know it");
		return true;
	}
	if (!name || !kernel_arg_is_of_module(word))
		return false;
	now = json_string_value(json_object_get(json_object_get(args, "values"), name));
	if (now) {
		snprintf(why, why_size, "the kernel says %s=%s", name, now);
		return !is_same_value(equals ? equals + 1 : "1", now);
	}
	snprintf(why, why_size, "the kernel has no such parameter");
	return !may_be_elsewhere(guests, boot, word) && !vmlinux_has_param(guests->vmlinux[boot->kernel - guests->kernels], name);
}

/* Does a later word of @rest set the same? */
static bool is_overridden(const char *word, const char *rest)
{
	__free_mem char *copy = strdup(rest);
	char *at = copy, *other;

	while (copy && (other = kernel_arg_next(&at)))
		if (kernel_arg_same_name(word, other))
			return true;
	return false;
}

json_t *guest_boot_arg_warnings(const struct guests *guests, const struct guest_boot *boot, const json_t *end)
{
	const json_t *args = json_object_get(end, "args");
	const char *append = guests->args->append, *own = boot->arg ? boot->arg->args : "";
	__free_mem char *text = NULL;
	json_t *warnings = json_array();
	char *rest, *word, why[256], name[200];

	if (!args || asprintf(&text, "%s %s", append ? append : "", own) < 0)
		return warnings;
	for (rest = text; (word = kernel_arg_next(&rest));)
		if (!is_overridden(word, rest) && had_no_effect(guests, boot, args, word, why, sizeof(why)))
			json_array_append_new(warnings, json_pack("{s:s, s:s, s:o}", "type", "warning", "code", "boot-arg", "text",
						json_sprintf("kernel %s: the argument %s had no effect: %s",
							     guest_boot_kernel_name(boot, name, sizeof(name)), word, why)));
	return warnings;
}
