/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kmem_make.h - what the objects of kmem_kinds.h take beforehand, untimed.
 *
 * All of it goes with the process: a queue of messages is in a namespace of its own, a tmpfs is mounted nowhere.
 */
#ifndef BENCH_KMEM_MAKE_H
#define BENCH_KMEM_MAKE_H

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "bench_pages.h"
#include "kmem_kinds.h"

/* The most that a queue takes is set for the namespace, before there is a queue: more for one takes a privilege more. */
static inline int kmem_make_queue(struct kmem *kmem, struct bench_run *run)
{
	char text[32];
	int fd, len = snprintf(text, sizeof(text), "%zu", kmem->nr_max * kmem->message_bytes);

	if (unshare(CLONE_NEWIPC))
		return bench_skip(run, "kind=message takes an IPC namespace (unshare(): %s)", strerror(errno));
	fd = open("/proc/sys/kernel/msgmnb", O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, text, (size_t)len) != len || close(fd))
		return bench_skip(run, "kind=message takes a queue of %s bytes (/proc/sys/kernel/msgmnb: %s)", text, strerror(errno));
	kmem->fd = msgget(IPC_PRIVATE, 0600);
	return kmem->fd < 0 ? bench_errno(run, "make a queue of messages") : 0;
}

static inline int kmem_make_tmpfs(struct kmem *kmem, struct bench_run *run)
{
	const int fs = (int)syscall(SYS_fsopen, "tmpfs", 1 /* FSOPEN_CLOEXEC */);
	size_t i;

	if (fs < 0 || syscall(SYS_fsconfig, fs, 6 /* FSCONFIG_CMD_CREATE */, NULL, NULL, 0))
		return bench_skip(run, "kind=dentry and kind=inode take a tmpfs of their own (fsopen(): %s)", strerror(errno));
	kmem->fd = (int)syscall(SYS_fsmount, fs, 1 /* FSMOUNT_CLOEXEC */, 0);
	if (kmem->fd < 0 || mknodat(kmem->fd, "file", S_IFREG | 0600, 0))
		return bench_errno(run, "make a file in a tmpfs");
	kmem->names = calloc(kmem->nr_max, sizeof(*kmem->names));
	for (i = 0; kmem->names && i < kmem->nr_max; i++)
		snprintf(kmem->names[i], sizeof(*kmem->names), "%zx", i);
	return kmem->names ? 0 : bench_errno(run, "memory for names");
}

static inline int kmem_make_fds(struct kmem *kmem, struct bench_run *run)
{
	const struct rlimit limit = {2 * kmem->nr_max + 256, 2 * kmem->nr_max + 256};
	int ends[2] = {-1, -1};
	size_t i;

	kmem->fds = calloc(kmem->nr_max, sizeof(*kmem->fds));
	if (!kmem->fds || setrlimit(RLIMIT_NOFILE, &limit))
		return bench_errno(run, "%zu files", (size_t)limit.rlim_cur);
	if (kmem->kind == KMEM_PIPE && (pipe2(ends, O_CLOEXEC | O_NONBLOCK) || fcntl(ends[1], F_SETPIPE_SZ, (int)(kmem->nr_max * kmem->page_bytes)) < 0))
		return bench_errno(run, "a pipe of %zu pages (/proc/sys/fs/pipe-max-size)", kmem->nr_max);
	kmem->fd = kmem->kind == KMEM_EPOLL ? epoll_create1(EPOLL_CLOEXEC) : ends[0];
	kmem->other = kmem->kind == KMEM_EPOLL ? eventfd(0, EFD_CLOEXEC) : ends[1];
	for (i = 0; kmem->kind == KMEM_EPOLL && i < kmem->nr_max; i++)
		if ((kmem->fds[i][0] = fcntl(kmem->other, F_DUPFD_CLOEXEC, 0)) < 0)
			return bench_errno(run, "another number of a file");
	return 0;
}

/* Room for tables of the last level; those above are there already (bench_map()). */
static inline int kmem_make_room(struct kmem *kmem, struct bench_run *run)
{
	kmem->table_bytes = kmem->page_bytes * kmem->page_bytes / sizeof(void *);
	if (prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0))
		return bench_errno(run, "do without huge pages");
	kmem->map = bench_map(run, kmem->nr_max * kmem->table_bytes, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	if (kmem->map == MAP_FAILED || munmap(kmem->map, kmem->nr_max * kmem->table_bytes))
		return bench_errno(run, "room for %zu page tables", kmem->nr_max);
	return 0;
}

/* Booted with cgroup.memory=nokmem, none of them is. */
static inline int kmem_is_charged(void)
{
	char text[4096] = "";
	int fd = open("/proc/cmdline", O_RDONLY | O_CLOEXEC);

	if (fd >= 0 && read(fd, text, sizeof(text) - 1) < 0)
		*text = '\0';
	if (fd >= 0)
		close(fd);
	return !strstr(text, "nokmem");
}

/* Whatever @nr_max of them take beforehand. */
static inline int kmem_make(struct kmem *kmem, struct bench_run *run)
{
	kmem->data = calloc(1, sizeof(*kmem->data));
	if (!kmem->data)
		return bench_errno(run, "memory for data");
	kmem->data->type = 1;
	return kmem->kind == KMEM_MESSAGE ? kmem_make_queue(kmem, run) : kmem->kind == KMEM_PAGETABLE ? kmem_make_room(kmem, run) :
	       kmem->kind == KMEM_DENTRY || kmem->kind == KMEM_INODE ? kmem_make_tmpfs(kmem, run) : kmem_make_fds(kmem, run);
}

#endif
