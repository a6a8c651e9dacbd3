// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "base/err.h"
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
	__free_mem char *text = NULL;
	int ret = process_text(argv, PROCESS_OUT, &text);

	if (ret > 0)
		return err_set(EIO, "%s --version ended with status %d", argv[0], ret);
	return ret ? ret : parse(text, argv[0], ret_version);
}
