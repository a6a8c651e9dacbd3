// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/build.h"

#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "guest/files.h"

/* kernel.config as a string; the Makefile knows that this object depends on it. */
__asm__(".pushsection .rodata\n"
	"kernel_config_text:\n"
	".incbin \"harness/guest/kernel.config\"\n"
	".byte 0\n"
	".popsection\n");
extern const char kernel_config_text[] __attribute__((visibility("hidden")));

const char *build_fragment(void)
{
	return kernel_config_text;
}

/* Is @line (without newline) a whole line of @config? */
static bool has_line(const struct file_map *config, const char *line, size_t len)
{
	const char *at = (const char *)config->data, *end = at + config->size;

	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		size_t size = (size_t)((newline ? newline : end) - at);

		if (size == len && !memcmp(at, line, len))
			return true;
		at += size + 1;
	}
	return false;
}

static void add_word(char *list, size_t size, const char *word, size_t len)
{
	size_t used = strlen(list);

	snprintf(list + used, size - used, "%s%.*s", used ? " " : "", (int)len, word);
}

int build_check_config(const char *fragment, const char *config_path, char *ret_lack, size_t size)
{
	__unmap_file struct file_map config = {0};
	char needed[512] = "", wished[512] = "";
	bool is_wish = false;
	int ret = file_map_open(config_path, &config);

	if (ret)
		return ret;
	for (const char *at = fragment; *at;) {
		size_t len = strcspn(at, "\n");

		if (!strncmp(at, "# [wished]", 10))
			is_wish = true;
		if (!strncmp(at, "CONFIG_", 7) && !has_line(&config, at, len))
			add_word(is_wish ? wished : needed, sizeof(needed), at + 7, strcspn(at, "=") - 7);
		at += len + (at[len] == '\n');
	}
	if (needed[0])
		return err_set(ENOTSUP, "this tree has no %s, which a guest needs (see memcgbench kernel config)", needed);
	snprintf(ret_lack, size, "%s", wished);
	return 0;
}
