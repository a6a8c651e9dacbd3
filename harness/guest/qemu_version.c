// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "guest/files.h"
#include "guest/process.h"
#include "guest/qemu.h"

#define BEFORE_VERSION "version "

/* "QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7)", and a copyright below it. */
static int parse(const char *text, const char *binary, char **ret_version)
{
	const char *at = strstr(text, BEFORE_VERSION);

	if (!at)
		return err_set(EBADMSG, "%s --version says nothing of a version", binary);
	at += strlen(BEFORE_VERSION);
	*ret_version = strndup(at, strcspn(at, "\n"));
	return *ret_version ? 0 : err_sys(ENOMEM, "memory for QEMU's version");
}

int qemu_version(const char *binary, char **ret_version)
{
	const char *argv[] = {binary ? binary : "qemu-system-x86_64", "--version", NULL};
	char path[] = "/tmp/memcgbench-qemu.XXXXXX";
	struct file_map map __unmap_file = {0};
	__close_fd int fd = mkstemp(path);
	__free_mem char *text = NULL;
	int ret;

	if (fd < 0)
		return err_sys(errno, "make a file in /tmp");
	ret = process_run(argv, NULL, path, NULL);
	if (ret > 0)
		ret = err_set(EIO, "%s --version ended with status %d", argv[0], ret);
	if (!ret)
		ret = file_map_open(path, &map);
	unlink(path);
	if (ret)
		return ret;
	text = strndup((const char *)map.data, map.size);
	return text ? parse(text, argv[0], ret_version) : err_sys(ENOMEM, "memory for QEMU's version");
}
