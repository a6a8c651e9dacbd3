// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/err.h"

#include <stdarg.h>
#include <string.h>

#include "base/printable.h"

static __thread char message[ERR_MSG_MAX] = "unknown error";

int err_set(int err, const char *fmt, ...)
{
	char text[ERR_MSG_MAX];
	va_list ap;

	/* An argument may be err_msg() itself: format aside, then copy. */
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	memcpy(message, text, sizeof(message));
	printable(message, true);
	return -err;
}

int err_sys(int err, const char *fmt, ...)
{
	char text[ERR_MSG_MAX - 128];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	snprintf(message, sizeof(message), "%s: %s", text, strerror(err));
	printable(message, true);
	return -err;
}

int err_prefix(int ret, const char *fmt, ...)
{
	char old[ERR_MSG_MAX], text[ERR_MSG_MAX];
	va_list ap;

	memcpy(old, message, sizeof(old));
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (snprintf(message, sizeof(message), "%s: ", text) < (int)sizeof(message))
		strncat(message, old, sizeof(message) - strlen(message) - 1);
	printable(message, true);
	return ret;
}

const char *err_msg(void)
{
	return message;
}
