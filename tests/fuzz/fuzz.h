/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz.h - what the targets of libFuzzer have in common: a folder of files, and what no parser may do.
 *
 * A target is one file for one family of parsers. It hands them an input as they get it from outside, and lets what they give back go
 * through whatever uses it next. The sanitizers find the rest.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/beneath.h"
#include "base/err.h"
#include "base/util.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

static inline void fuzz_fail(const char *what)
{
	fprintf(stderr, "%s\n", what);
	abort();
}

/* The target's own folder, made when first asked for. Below $TMPDIR, which tests/fuzz/run removes: after a failure nothing here would. */
static inline const char *fuzz_dir(void)
{
	static char dir[256];
	const char *parent = getenv("TMPDIR");

	if (*dir)
		return dir;
	snprintf(dir, sizeof(dir), "%s/memcgbench-fuzz-XXXXXX", parent ? parent : "/tmp");
	if (!mkdtemp(dir)) {
		perror(dir);
		abort();
	}
	return dir;
}

/* The path of @name in it; good until the fourth call from now. */
static inline const char *fuzz_path(const char *name)
{
	static char paths[4][512];
	static size_t next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", fuzz_dir(), name);
	return path;
}

static inline void fuzz_folder(const char *name)
{
	if (mkdir(fuzz_path(name), 0700))
		fuzz_fail("a folder that could not be made");
}

static inline void fuzz_remove(const char *name)
{
	if (beneath_remove(fuzz_dir(), name))
		fuzz_fail(err_msg());
}

static inline void fuzz_file(const char *name, const void *bytes, size_t size)
{
	const char *path = fuzz_path(name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || write(fd, bytes, size) != (ssize_t)size)
		fuzz_fail("a file that could not be written");
	close(fd);
}

/* What is left of an input that has several parts. */
struct fuzz_rest {
	const uint8_t *at;
	size_t size;
};

/* Its next part, which ends where @mark begins, or with the input. */
static inline struct fuzz_rest fuzz_part(struct fuzz_rest *rest, const char *mark)
{
	const uint8_t *end = rest->size ? memmem(rest->at, rest->size, mark, strlen(mark)) : NULL;
	struct fuzz_rest part = {rest->at, end ? (size_t)(end - rest->at) : rest->size};
	size_t taken = part.size + (end ? strlen(mark) : 0);

	rest->at += taken;
	rest->size -= taken;
	return part;
}

/* The caller frees. */
static inline char *fuzz_text(struct fuzz_rest part)
{
	char *text = malloc(part.size + 1);

	if (!text)
		abort();
	memcpy(text, part.at, part.size);
	text[part.size] = '\0';
	return text;
}

/* Nothing in it is for a terminal; @is_text: lines are. */
static inline void fuzz_check_printable(const char *text, bool is_text)
{
	for (; *text; text++)
		if (((unsigned char)*text < 0x20 && !(is_text && strchr("\n\t", *text))) || *text == 0x7f)
			fuzz_fail("a control character");
}

/* Call it before a parser: its error must have a sentence of its own. */
static inline void fuzz_expect_sentence(void)
{
	err_set(1, "no sentence");
}

/* What a function that may fail returned. FUZZ_SAY=1 in the environment prints it, to see how far an input comes. */
static inline void fuzz_check_error(int ret)
{
	if (getenv("FUZZ_SAY"))
		fprintf(stderr, "%s\n", ret ? err_msg() : "ok");
	if (ret > 0)
		fuzz_fail("an error that is none");
	if (!ret)
		return;
	if (!strcmp(err_msg(), "no sentence") || !*err_msg())
		fuzz_fail("an error without a sentence");
	/* As base/err.h has it: lines and tabs may be in it. */
	fuzz_check_printable(err_msg(), true);
}

#endif
