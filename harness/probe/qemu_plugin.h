/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * qemu_plugin.h - the few functions of QEMU's plugin interface that the probe uses, declared by hand: Debian packages no header.
 *
 * PROBE_API is the version of the interface that the probe is built for: 1 (QEMU 4.2 to 8.2, Debian 12 has 7.2), 2 (9.0: counters
 * that generated code adds to lie in a "scoreboard", one for each vCPU), 3 and later (9.1: instruction bytes are copied). Facts: QEMU's
 * docs/devel/tcg-plugins.rst and the names that qemu-system-x86_64 exports.
 */
#ifndef PROBE_QEMU_PLUGIN_H
#define PROBE_QEMU_PLUGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifndef PROBE_API
#define PROBE_API 1
#endif

#define PROBE_EXPORT __attribute__((visibility("default")))

struct qemu_plugin_tb;
struct qemu_plugin_insn;

/* The head of QEMU's struct qemu_info_t; what follows is not read. */
struct qemu_info {
	const char *target_name;
	struct {
		int min, cur;
	} version;
	bool system_emulation;
	struct {
		int smp_vcpus, max_vcpus;
	} system;
};

enum { QEMU_PLUGIN_CB_NO_REGS = 0 };
enum { QEMU_PLUGIN_MEM_R = 1, QEMU_PLUGIN_MEM_W, QEMU_PLUGIN_MEM_RW };
enum { QEMU_PLUGIN_INLINE_ADD_U64 = 0 };

typedef void qemu_trans_fn(uint64_t plugin, struct qemu_plugin_tb *tb);
typedef void qemu_exec_fn(unsigned int vcpu, void *data);
typedef void qemu_mem_fn(unsigned int vcpu, uint32_t info, uint64_t vaddr, void *data);
typedef void qemu_exit_fn(uint64_t plugin, void *data);

void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t plugin, qemu_trans_fn *fn);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb, qemu_exec_fn *fn, int flags, void *data);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, qemu_exec_fn *fn, int flags, void *data);
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *insn, qemu_mem_fn *fn, int flags, int rw, void *data);
void qemu_plugin_register_atexit_cb(uint64_t plugin, qemu_exit_fn *fn, void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
unsigned int qemu_plugin_mem_size_shift(uint32_t info);
bool qemu_plugin_mem_is_store(uint32_t info);

#if PROBE_API < 3
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
#else
size_t qemu_plugin_insn_data(const struct qemu_plugin_insn *insn, void *bytes, size_t size);
#endif

#if PROBE_API < 2
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *insn, int op, void *counter, uint64_t value);
void qemu_plugin_register_vcpu_mem_inline(struct qemu_plugin_insn *insn, int rw, int op, void *counter, uint64_t value);
#else
struct qemu_plugin_scoreboard;
struct qemu_plugin_u64 {
	struct qemu_plugin_scoreboard *score;
	size_t offset;
};
struct qemu_plugin_scoreboard *qemu_plugin_scoreboard_new(size_t size);
uint64_t qemu_plugin_u64_sum(struct qemu_plugin_u64 entry);
void qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(struct qemu_plugin_insn *insn, int op,
							 struct qemu_plugin_u64 entry, uint64_t value);
void qemu_plugin_register_vcpu_mem_inline_per_vcpu(struct qemu_plugin_insn *insn, int rw, int op,
						   struct qemu_plugin_u64 entry, uint64_t value);
#endif

#endif
