/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * qemu.h - the QEMU command line of a guest. But for qemu_version() pure: nothing is opened, started or looked up.
 *
 * What makes the instruction clock exact is METHOD's "Making the instruction clock exact": -icount shift=0,sleep=off
 * (the clock counts instructions and does not wait for the host), a fixed date on the guest's own clock, a
 * seed for every random number that QEMU makes, no disk, no network, no input. Results and console leave by two
 * serial ports into files: a write to one is an instruction of the guest that takes no guest time of its
 * own, and the host never has anything to send. @extra comes last, so that it wins.
 *
 * The machine is "pc" for all: it describes memory nodes (microvm has no SRAT), and boots as fast as microvm does
 * and faster than q35.
 */
#ifndef GUEST_QEMU_H
#define GUEST_QEMU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/util.h"

enum qemu_accel {
	QEMU_ICOUNT, /* TCG, clock = instructions */
	QEMU_TCG,    /* TCG, clock = the host's: for debugging, no cost is reported from it */
	QEMU_KVM,
};

/* "tcg-icount", "tcg", "kvm": in results. */
const char *qemu_accel_name(enum qemu_accel accel);

#define QEMU_NODES_MAX 16
#define QEMU_CPUS_MAX  64

/* One memory node. --numa MEM,cpus=A-B[,dist=D0:D1:…] */
struct qemu_node {
	uint64_t memory_bytes;
	unsigned int first_cpu, last_cpu;
	/* Distances to nodes 0, 1, …; 0: not given (10 to itself, 20 to others). */
	unsigned char distance[QEMU_NODES_MAX];
};

/* -EINVAL: not of that form; the sentence says what is wrong. Distances are 10…254 (ACPI 6.4, section 5.2.17). */
int qemu_node_parse(const char *text, struct qemu_node *ret_node) __must_check;

struct qemu_options {
	const char *binary; /* NULL: qemu-system-x86_64 */
	enum qemu_accel accel;
	const char *kernel_path, *initramfs_path;
	const char *append;	   /* behind our own kernel arguments; NULL: nothing */
	unsigned int cpus;	   /* 0: 1, or what the nodes say */
	uint64_t memory_bytes;	   /* 0: 512 MiB, or what the nodes say */
	const char *cpu_model;	   /* NULL: see qemu_cpu_model() */
	const struct qemu_node *nodes;
	size_t nr_nodes;
	uint32_t seed;
	const char *results_path, *console_path; /* files, written from their beginning */
	const char *plugin; /* value of -plugin; NULL: none */
	const char *const *extra;
	size_t nr_extra;
};

/*
 * The processor where none is given. -erms,-fsrm: with them the kernel clears a page by one "rep stosb", which counts
 * as 4096 instructions (arch/x86/lib/clear_page_64.S, Linux 6.12) and buries what is to be measured.
 */
const char *qemu_cpu_model(enum qemu_accel accel);

/*
 * The arguments, NULL-terminated, the binary first; the caller calls qemu_argv_free(). -EINVAL: @options do not fit
 * together (CPUs in no node or in two, memory that is not the sum of the nodes', a comma in a path).
 */
int qemu_command(const struct qemu_options *options, char ***ret_argv) __must_check;
void qemu_argv_free(char **argv);

/* The same as one line for a shell. The caller frees. NULL: out of memory. */
char *qemu_command_text(char *const *argv);

/* What the installed QEMU calls its version: "7.2.22 (Debian 1:7.2+…)". -ENOENT: there is no QEMU. The caller frees. */
int qemu_version(const char *binary, char **ret_version) __must_check;

/* The kernel's command line as qemu_command() makes it. The caller frees. NULL: out of memory. */
char *qemu_append(const struct qemu_options *options);

#endif
