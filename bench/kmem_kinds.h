/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kmem_kinds.h - kinds of the kernel's memory that a system call takes and gives back, for kmem_charge: how one is made, freed, and how large it is. */
#ifndef BENCH_KMEM_KINDS_H
#define BENCH_KMEM_KINDS_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench.h"
#include "bench_memcg.h"
#include "bench_team.h"

enum kmem_kind { KMEM_MESSAGE, KMEM_FILE, KMEM_EVENTFD, KMEM_EPOLL, KMEM_SOCKETS, KMEM_DENTRY, KMEM_INODE, KMEM_PIPE, KMEM_PAGETABLE };

#define KMEM_NAMES "message", "file", "eventfd", "epoll", "sockets", "dentry", "inode", "pipe", "pagetable"

/* struct msg_msg (include/linux/msg.h): six words; what is left of a page is text (DATALEN_MSG, ipc/msgutil.c). */
#define KMEM_MESSAGE_HEADER (6 * sizeof(void *))

struct kmem {
	enum kmem_kind kind;
	size_t nr_max, message_bytes, page_bytes;
	char *map; /* for page tables, each of @table_bytes */
	size_t table_bytes;
	struct {
		long type;
		char text[1 << 16];
	} *data;
	char (*names)[8];
	int (*fds)[2];
	int fd, other; /* a queue or an epoll, a folder, both ends of a pipe */
};

/* The caches that an object takes one of each from; a socket pair two. Where another version has another name, that too. */
static const char *const kmem_caches[][5] = {
	[KMEM_FILE] = {"filp"},
	[KMEM_EVENTFD] = {"filp", "dentry"},
	[KMEM_EPOLL] = {"eventpoll_epi", "eventpoll_pwq"},
	[KMEM_SOCKETS] = {"filp", "dentry", "sock_inode_cache", "UNIX-STREAM|UNIX"},
	[KMEM_DENTRY] = {"dentry"},
	[KMEM_INODE] = {"dentry", "shmem_inode_cache"},
};

static inline enum bench_charged kmem_charged(enum kmem_kind kind)
{
	return kind == KMEM_PIPE ? BENCH_KERNEL : kind == KMEM_PAGETABLE ? BENCH_PAGETABLES : BENCH_SLAB;
}

/* Its line in memory.stat. */
static inline const char *kmem_key(enum kmem_kind kind)
{
	return kind == KMEM_PIPE ? "kernel" : kind == KMEM_PAGETABLE ? "pagetables" : "slab";
}

/* Nothing is written, so that there is the page of zeros, and the table is all that is charged. */
static inline int kmem_map_one(char *at, size_t bytes)
{
	const volatile char *map = mmap(at, bytes, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	return map == MAP_FAILED ? -1 : *map;
}

/* Negative, with errno, if it fails; so does kmem_free(). */
static inline int kmem_alloc(const struct kmem *kmem, size_t i)
{
	switch (kmem->kind) {
	case KMEM_MESSAGE:
		return msgsnd(kmem->fd, kmem->data, kmem->message_bytes - KMEM_MESSAGE_HEADER, IPC_NOWAIT);
	case KMEM_FILE:
		return kmem->fds[i][0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	case KMEM_EVENTFD:
		return kmem->fds[i][0] = eventfd(0, EFD_CLOEXEC);
	case KMEM_EPOLL:
		return epoll_ctl(kmem->fd, EPOLL_CTL_ADD, kmem->fds[i][0], &(struct epoll_event){.events = EPOLLIN});
	case KMEM_SOCKETS:
		return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, kmem->fds[i]);
	case KMEM_DENTRY:
		return linkat(kmem->fd, "file", kmem->fd, kmem->names[i], 0);
	case KMEM_INODE:
		return mknodat(kmem->fd, kmem->names[i], S_IFREG | 0600, 0);
	case KMEM_PIPE:
		return write(kmem->other, kmem->data, kmem->page_bytes) == (ssize_t)kmem->page_bytes ? 0 : -1;
	case KMEM_PAGETABLE:
		return kmem_map_one(kmem->map + i * kmem->table_bytes, kmem->table_bytes);
	}
	return -1;
}

static inline int kmem_free(const struct kmem *kmem, size_t i)
{
	switch (kmem->kind) {
	case KMEM_MESSAGE:
		return msgrcv(kmem->fd, kmem->data, sizeof(kmem->data->text), 0, IPC_NOWAIT) ==
			(ssize_t)(kmem->message_bytes - KMEM_MESSAGE_HEADER) ? 0 : -1;
	case KMEM_EPOLL:
		return epoll_ctl(kmem->fd, EPOLL_CTL_DEL, kmem->fds[i][0], NULL);
	case KMEM_DENTRY:
	case KMEM_INODE:
		return unlinkat(kmem->fd, kmem->names[i], 0);
	case KMEM_PIPE:
		return read(kmem->fd, kmem->data, kmem->page_bytes) == (ssize_t)kmem->page_bytes ? 0 : -1;
	case KMEM_PAGETABLE:
		return munmap(kmem->map + i * kmem->table_bytes, kmem->table_bytes);
	case KMEM_SOCKETS:
		return close(kmem->fds[i][1]) ?: close(kmem->fds[i][0]);
	default:
		return close(kmem->fds[i][0]);
	}
}

/* 0: it is not to be read. */
static inline size_t kmem_cache_bytes(const char *name)
{
	const int len = (int)strcspn(name, "|");
	char path[128], text[32] = "";
	int fd;

	snprintf(path, sizeof(path), "/sys/kernel/slab/%.*s/slab_size", len, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && read(fd, text, sizeof(text) - 1) < 0)
		*text = '\0';
	if (fd >= 0)
		close(fd);
	return !*text && name[len] ? kmem_cache_bytes(name + len + 1) : strtoul(text, NULL, 10);
}

/*
 * What is freed by RCU is gone when this returns: inodes, dentries, page tables (7.3), files up to Linux 6.6, and struct epitem (kfree_rcu()), of which a batch of some 500
 * goes a tick later (schedule_delayed_monitor_work(), kernel/rcu/tree.c, Linux 6.12). Else the next pass would be given back what this one was charged.
 */
static inline void kmem_settle(enum kmem_kind kind)
{
	int i, nr = kind == KMEM_MESSAGE || kind == KMEM_PIPE ? 0 : kind == KMEM_EPOLL ? 4 : 1;

	for (i = 0; i < nr; i++) {
		syscall(SYS_membarrier, 1 /* MEMBARRIER_CMD_GLOBAL: a grace period */, 0, 0);
		bench_let_others_run();
	}
}

/* What one is charged for: each object with the pointer to its owner (obj_full_size(), mm/slab.h). 0: nobody says. */
static inline size_t kmem_bytes(const struct kmem *kmem)
{
	const size_t pointer = sizeof(void *), wanted = kmem->message_bytes;
	size_t i, bytes = 64, sum = 0;

	if (kmem->kind >= KMEM_PIPE)
		return kmem->page_bytes;
	if (kmem->kind == KMEM_MESSAGE) {
		while (bytes < wanted)
			bytes *= 2;
		/* kmalloc_info[], mm/slab_common.c: 96 and 192 beside the powers of two. */
		return pointer + (bytes == 128 && wanted <= 96 ? 96 : bytes == 256 && wanted <= 192 ? 192 : bytes);
	}
	for (i = 0; kmem_caches[kmem->kind][i]; i++) {
		bytes = kmem_cache_bytes(kmem_caches[kmem->kind][i]);
		if (!bytes)
			return 0;
		sum += bytes + pointer;
	}
	return kmem->kind == KMEM_SOCKETS ? 2 * sum : sum;
}

#endif
