/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * run_guests_priv.h - what the files of run_guests share. Private to them.
 *
 *	run_guests.c        several boots at once, the end of the run
 *	run_guests_open.c   kernels, what their guests need, nodes
 *	run_guests_plan.c   which boots there are
 *	run_guests_boot.c   one boot
 *	run_guests_args.c   kernel arguments that did nothing
 *	run_guests_store.c  what of it is stored
 *	run_guests_time.c   how long it takes
 */
#ifndef CMD_RUN_GUESTS_PRIV_H
#define CMD_RUN_GUESTS_PRIV_H

#include <pthread.h>
#include <stdbool.h>

#include "base/err.h"
#include "cmd/progress.h"
#include "cmd/run_guests.h"
#include "cmd/run_profile.h"
#include "data/store.h"
#include "guest/equip.h"
#include "guest/initramfs.h"
#include "guest/kernel.h"
#include "guest/qemu.h"

/* --boot-arg: with what each kernel is booted once more, memcg off and on, as a variant of it. */
struct boot_arg {
	char name[64];
	const char *args;
};

/* One boot of the run. */
struct guest_boot {
	size_t number; /* in the whole plan, of which a shard runs a part */
	const struct kernel *kernel;
	bool off; /* cgroup_disable=memory */
	const struct boot_arg *arg; /* NULL: no variant; booted off and on as the kernel is */
	uint64_t seed;
	char **lines; /* what it said; stored when the boot has ended well */
	size_t nr_lines;
	bool done, failed;
	uint64_t begin_ns, spent_ns; /* when it began; how long it took */
	size_t item;		     /* that it said it was at, from 1; 0: it starts */
	char *error; /* of one that failed; NULL = not even memory for that: see guest_boot_error() */
};

struct guests {
	const struct verb *verb;
	const struct run_args *args;
	const struct plan *plan;
	const volatile sig_atomic_t *stop;
	struct kernel *kernels;
	char **broken;		      /* by kernel: why it cannot be booted; NULL = it can */
	char **vmlinux;		      /* by kernel: what QEMU starts; NULL = the image */
	struct equipment *equipment; /* by kernel */
	size_t nr_kernels;
	struct boot_arg *boot_args;
	struct qemu_node *nodes;
	char **qemu_words;
	size_t nr_qemu_words;
	char *runner_path;
	struct run_profile profile;
	struct store *store;
	struct guest_boot *boots; /* boots[repeated] is run a second time, in boots[nr_boots] */
	size_t repeated;	  /* the first whose kernel can be booted */
	size_t nr_boots, nr_errors;
	size_t nr_boots_all; /* of the plan; more than nr_boots where this is a shard */
	uint64_t nr_seeds;
	struct plan kept; /* what --budget leaves of @plan, which then is this */
	json_t *left_out; /* what it does not: names of items */
	struct progress progress;

	pthread_mutex_t lock; /* of everything below */
	struct guest_boot *heard; /* the last that said something; NULL: none yet */
	size_t next, nr_done, nr_stored;
	int store_error; /* -errno of the first record that could not be stored */
	char store_sentence[ERR_MSG_MAX];
	json_t *said; /* texts of warnings that were said */
};

/* --- run_guests_open.c --- */

/* Print what takes long, unless the run is to be quiet. @ctx: struct guests. */
void guests_say(void *ctx, const char *text);
/*
 * --kernel, into @guests->kernels, ->vmlinux and ->broken. An image that is there and damaged, of another architecture or not readable
 * makes its own boots errors and no others', unless no kernel is left. What is a mistake of the command line ends the run
 * before it begins: no such file, no such version, two kernels of one name (-EINVAL); so do other errors of kernel_open().
 */
int guests_open_kernels(struct guests *guests) __must_check;
/* What the benches of the plan need and the runner alone has not got, by kernel. */
int guests_equip_kernels(struct guests *guests) __must_check;
/* --numa. -EINVAL: not a node. */
int guests_parse_nodes(struct guests *guests) __must_check;
/* --qemu-opts, cut at blanks. -ENOMEM. */
int guests_parse_qemu_opts(struct guests *guests) __must_check;
/* Known from its configuration; where there is none, the guest will see. */
bool guests_lacks_memcg(const struct kernel *kernel);
void guests_say_no_memcg(struct guests *guests);
/* Why @kernel cannot be booted; NULL: it can. */
const char *guests_broken(const struct guests *guests, const struct kernel *kernel);

/* --- run_guests_plan.c --- */

/* --boot-arg, and whether it and --append leave the kernel's warnings on the console. -EINVAL. */
int guests_parse_boot_args(struct guests *guests) __must_check;
/* Only instructions are exact: is one boot run twice? */
bool guests_repeat(const struct guests *guests);
/* With the one that is run twice. */
size_t guests_nr_in_all(const struct guests *guests);
/* Every boot of this run, or of its shard. -EINVAL: a shard without a boot. */
int guests_make_boots(struct guests *guests) __must_check;
/* "6.12", or "6.12,psi=1": no name that a user gives has a comma. Writes to and returns @buf. */
const char *guest_boot_kernel_name(const struct guest_boot *boot, char *buf, size_t size);
/* "kernel 6.12, memcg off, seed 1": for sentences. Writes to and returns @buf. */
const char *guest_boot_text(const struct guest_boot *boot, char *buf, size_t size);
/* Why the boot failed, the last lines of its console included. */
const char *guest_boot_error(const struct guest_boot *boot);

/* --- run_guests_boot.c --- */

/* The kernel's command line behind our own arguments. The caller frees. NULL: out of memory. */
char *guest_boot_append(const struct guests *guests, const struct guest_boot *boot);
/* All but the paths of what is written. */
void guest_boot_fill_qemu(const struct guests *guests, const struct guest_boot *boot, const char *initramfs, const char *append,
			  struct qemu_options *qemu);
void guests_fill_initramfs(const struct guests *guests, const struct kernel *kernel, const char *job, struct initramfs_spec *spec);
/* Boot once, in @folder, and keep what it says. What goes wrong, in the guest or before it, becomes @boot->error. */
void guest_boot_once(struct guests *guests, struct guest_boot *boot, const char *folder);
/* --dry-run: the QEMU line of every boot, as a shell takes it. Returns the exit status. */
int guests_print_commands(struct guests *guests);

/* --- run_guests_args.c --- */

/*
 * A warning record for each argument of --append and --boot-arg that had no effect, as far as @end, the boot's end record, and the
 * kernel's image tell. What cannot be told is not said. The caller owns the array.
 */
json_t *guest_boot_arg_warnings(const struct guests *guests, const struct guest_boot *boot, const json_t *end);

/* --- run_guests_time.c --- */

/*
 * --budget, before the boots are made: as long as they are expected to take more, one seed less, down to those that a verdict takes; then the items without those
 * that are spare (core/plan.h). By run_time_boot_ns(), so that the same command leaves out the same on machines with as many cores.
 * -EINVAL: not a time, or a part of a run; -ENOMEM.
 */
int guests_keep_budget(struct guests *guests) __must_check;
size_t guests_nr_threads(const struct guests *guests, size_t nr_boots);
/* How long all boots take, as far as is known before the first. */
uint64_t guests_time_ns(const struct guests *guests);
/* For struct progress. @ctx: struct guests. */
void guests_refresh_progress(void *ctx);
void guests_note_item(struct guests *guests, struct guest_boot *boot, size_t item);
/* Both under the lock. */
void guests_note_begin(struct guests *guests, struct guest_boot *boot);
void guests_note_end(struct guests *guests, struct guest_boot *boot);
/* --dry-run: what runs, as comments of a shell. */
void guests_print_plan(const struct guests *guests);

/* --- run_guests_store.c --- */

/* Boots that are done, in the order of their numbers, whatever order they end in, so that the same run gives the same file. */
void guests_store_what_is_done(struct guests *guests);
/*
 * One boot and its repetition have to say the same, byte by byte. Returns EXIT_OK (also where there is nothing to compare),
 * EXIT_NOT_DETERMINISTIC with the difference printed, or EXIT_BROKEN with what the repetition failed of.
 */
int guests_check_repetition(const struct guests *guests);

#endif
