/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fs.h - small files of /proc, /sys and cgroup file systems, all read through one root.
 *
 * The root is "" on a real machine and a folder with a captured tree in tests. Every path given here is
 * absolute on the machine described ("/proc/meminfo"). Sentences in err.h name the path and the
 * operation.
 */
#ifndef BASE_FS_H
#define BASE_FS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/util.h"

/* Use the tree under @root ("" for the machine itself). Kept by reference. */
void fs_set_root(const char *root);
const char *fs_root(void);

/* Whole file as a string, one trailing newline removed. The caller frees *ret_text. */
int fs_read(char **ret_text, const char *fmt, ...) __printf(2, 3) __must_check;

/*
 * For who reads a file so often, or at such a moment, that opening it would count: the kernel charges an open file, and the first reading of it, to
 * the memcg of the reader (struct file and seq_file are SLAB_ACCOUNT; seq_buf_alloc(), fs/seq_file.c), and a further reading to nobody.
 * *ret_fd is the caller's; it can be read by several at once. @path: for sentences.
 */
int fs_open(int *ret_fd, const char *fmt, ...) __printf(2, 3) __must_check;
int fs_read_open(char **ret_text, int fd, const char *path) __must_check;

/* Write @value in one write(2); cgroup and sysfs files take a value whole or not at all. */
int fs_write(const char *value, const char *fmt, ...) __printf(2, 3) __must_check;

/* A file that holds one number. "max" is -ERANGE here: see fs_read_limit(). */
int fs_read_u64(uint64_t *ret_value, const char *fmt, ...) __printf(2, 3) __must_check;

/* A file that holds one number or "max", which reads as UINT64_MAX. */
int fs_read_limit(uint64_t *ret_value, const char *fmt, ...) __printf(2, 3) __must_check;

/*
 * The number behind @key in a file of "key value" lines (memory.stat, /proc/vmstat; "key:" works too,
 * a unit behind the number is passed over). The whole key must match. -ENOENT: the key is not there.
 */
int fs_read_key(uint64_t *ret_value, const char *key, const char *fmt, ...) __printf(3, 4) __must_check;

/* The same in text that was read already. */
int fs_text_key(const char *text, const char *key, uint64_t *ret_value) __must_check;

bool fs_exists(const char *fmt, ...) __printf(1, 2);

#endif
