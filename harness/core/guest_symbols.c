// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/guest_symbols.h"

#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/fs.h"

/* How long a record gets. */
#define CHUNK_BYTES 32768

static int write_all(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno != EINTR)
			return err_sys(errno, "write to the result channel");
		if (n > 0) {
			text += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

/* Padding in front of functions and the like name no code that runs. */
static bool is_wanted(char type, const char *name)
{
	if (!strchr("tTwWdDbBA", type))
		return false;
	return strncmp(name, "__pfx_", 6) && strncmp(name, "__cfi_", 6) && strncmp(name, "__ksymtab", 9);
}

/* One line of kallsyms as it goes into a JSON string; 0: left out. */
static size_t format_line(const char *line, char *buf, size_t size)
{
	char name[512], module[80] = "", type;
	unsigned long long address;
	int nr = sscanf(line, "%llx %c %511s %79s", &address, &type, name, module), len;

	/* A name with a quote or backslash would break the record, and there is none. */
	if (nr < 3 || !is_wanted(type, name) || strpbrk(name, "\"\\") || strpbrk(module, "\"\\"))
		return 0;
	len = snprintf(buf, size, "%llx %c %s%s%s\\n", address, type, name, *module ? " " : "", module);
	return len > 0 && (size_t)len < size ? (size_t)len : 0;
}

static int write_chunk(int fd, char *chunk, size_t len)
{
	static const char head[] = "{\"type\": \"symbols\", \"text\": \"", tail[] = "\"}\n";
	int ret = write_all(fd, head, sizeof(head) - 1);

	if (!ret)
		ret = write_all(fd, chunk, len);
	return ret ? ret : write_all(fd, tail, sizeof(tail) - 1);
}

int guest_symbols_write(int fd)
{
	char line[640], text[640];
	__free_mem char *chunk = malloc(CHUNK_BYTES);
	__close_file FILE *in = fopen("/proc/kallsyms", "re");
	size_t len = 0, nr = 0;
	int ret = 0;

	if (!chunk)
		return err_sys(ENOMEM, "memory for symbols");
	if (!in)
		return err_sys(errno, "open /proc/kallsyms (CONFIG_KALLSYMS)");
	while (!ret && fgets(line, sizeof(line), in)) {
		size_t n = format_line(line, text, sizeof(text));

		if (len + n > CHUNK_BYTES) {
			ret = write_chunk(fd, chunk, len);
			len = 0;
		}
		memcpy(chunk + len, text, n);
		len += n;
		nr += n && text[0] != '0';
	}
	if (!ret && !nr)
		return err_set(ENODATA, "/proc/kallsyms shows no address");
	return ret || !len ? ret : write_chunk(fd, chunk, len);
}
