// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * probe - a QEMU plugin that profiles the regions marked by base/region.h; see track.h for what it counts.
 *
 * qemu-system-x86_64 -plugin memcgbench-probe.so,out=FILE,name=TEXT -icount …
 *
 * Exact, because a block that is left early (a page fault in its middle) is noticed: generated code adds to a counter, behind
 * each instruction that may fault, how many instructions come up to the next such. The number at the next block says how far it
 * got. While no region is active a block costs one call that returns at once.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/region.h"
#include "probe/qemu_plugin.h"
#include "probe/track.h"

PROBE_EXPORT int qemu_plugin_version = PROBE_API;
PROBE_EXPORT int qemu_plugin_install(uint64_t id, const struct qemu_info *info, int argc, char **argv);

#define BLOCK_INSNS_MAX 1024
#define MARK_BYTES	8

struct mark {
	struct track_block *block;
	uint32_t index, started;
	unsigned int what;
};

static struct probe {
	struct track track;
	const char *path, *name;
	unsigned int nr_vcpus;
	bool sharing;
	struct table_map block_map; /* by what it holds */
	struct track_block **blocks;
	uint32_t nr_blocks, blocks_room;
	/* Generated code adds to these. vCPUs run in turn, so that what was added belongs to the one that ran last. */
	unsigned int last_vcpu;
	uint64_t started_seen, accesses_seen;
} probe;

#if PROBE_API < 2
static uint64_t started, accesses;

static void add_at_insn(struct qemu_plugin_insn *insn, uint64_t value)
{
	qemu_plugin_register_vcpu_insn_exec_inline(insn, QEMU_PLUGIN_INLINE_ADD_U64, &started, value);
}

static void add_at_access(struct qemu_plugin_insn *insn)
{
	qemu_plugin_register_vcpu_mem_inline(insn, QEMU_PLUGIN_MEM_RW, QEMU_PLUGIN_INLINE_ADD_U64, &accesses, 1);
}

static void init_counters(void)
{
}

static uint64_t started_now(void)
{
	return started;
}

static uint64_t accesses_now(void)
{
	return accesses;
}
#else
static struct qemu_plugin_u64 started, accesses;

static void add_at_insn(struct qemu_plugin_insn *insn, uint64_t value)
{
	qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(insn, QEMU_PLUGIN_INLINE_ADD_U64, started, value);
}

static void add_at_access(struct qemu_plugin_insn *insn)
{
	qemu_plugin_register_vcpu_mem_inline_per_vcpu(insn, QEMU_PLUGIN_MEM_RW, QEMU_PLUGIN_INLINE_ADD_U64, accesses, 1);
}

static void init_counters(void)
{
	started.score = qemu_plugin_scoreboard_new(sizeof(uint64_t));
	accesses.score = qemu_plugin_scoreboard_new(sizeof(uint64_t));
}

static uint64_t started_now(void)
{
	return qemu_plugin_u64_sum(started);
}

static uint64_t accesses_now(void)
{
	return qemu_plugin_u64_sum(accesses);
}
#endif

/* --- while the guest runs --- */

/* What generated code added since the last look belongs to the vCPU that ran. */
static void look(unsigned int vcpu)
{
	struct track_vcpu *last = &probe.track.vcpus[probe.last_vcpu];
	uint64_t started_new = started_now(), accesses_new = accesses_now();

	last->started += (uint32_t)(started_new - probe.started_seen);
	last->accesses += (uint32_t)(accesses_new - probe.accesses_seen);
	probe.started_seen = started_new;
	probe.accesses_seen = accesses_new;
	probe.last_vcpu = vcpu;
}

static void block_runs(unsigned int vcpu, void *data)
{
	if (!probe.track.nr_active || probe.track.failed)
		return;
	look(vcpu);
	if (probe.track.vcpus[vcpu].is_active)
		track_block(&probe.track, vcpu, data);
}

static void mark_runs(unsigned int vcpu, void *data)
{
	const struct mark *mark = data;

	if (probe.track.failed)
		return;
	if (mark->what == REGION_BEGIN || mark->what == REGION_END)
		look(vcpu);
	track_mark(&probe.track, vcpu, mark->what, mark->block, mark->index, mark->started);
}

static void stack_access(unsigned int vcpu, uint32_t info, uint64_t vaddr, void *data)
{
	(void)data;
	if (!probe.track.nr_active)
		return;
	if (qemu_plugin_mem_is_store(info))
		track_stack_stored(&probe.track, vcpu, vaddr);
	else
		track_stack_loaded(&probe.track, vcpu, vaddr);
}

static void memory_access(unsigned int vcpu, uint32_t info, uint64_t vaddr, void *data)
{
	if (probe.track.nr_active && !probe.track.failed)
		track_access(&probe.track, vcpu, probe.nr_vcpus, vaddr, qemu_plugin_mem_size_shift(info),
			     qemu_plugin_mem_is_store(info), (uintptr_t)data);
}

/* --- translation --- */

/* Bytes of an instruction, at most 15. */
static size_t insn_bytes(const struct qemu_plugin_insn *insn, uint8_t *bytes)
{
	size_t size = qemu_plugin_insn_size(insn);

	size = size > 15 ? 15 : size;
#if PROBE_API < 3
	memcpy(bytes, qemu_plugin_insn_data(insn), size);
#else
	size = qemu_plugin_insn_data(insn, bytes, size);
#endif
	return size;
}

static unsigned int region_mark_of(const uint8_t *bytes, size_t size)
{
	static const uint8_t nop[] = {0x0f, 0x1f, 0x84, 0x00};
	uint32_t disp;

	if (size != MARK_BYTES || memcmp(bytes, nop, sizeof(nop)))
		return 0;
	memcpy(&disp, bytes + sizeof(nop), sizeof(disp));
	return (disp & 0xffff0000) == REGION_MAGIC ? disp & 0xffff : 0;
}

/* One block while it is looked at. */
struct look_at {
	struct qemu_plugin_tb *tb;
	size_t nr;
	uint64_t key;
	bool may_fault[BLOCK_INSNS_MAX];
	uint16_t offset[BLOCK_INSNS_MAX];
	struct x86_insn first_insn, second_insn, last;
	uint64_t last_pc, end;
	bool has_stack_move, has_mark;
};

static void look_at(struct look_at *at)
{
	uint64_t vaddr = qemu_plugin_tb_vaddr(at->tb), pc = vaddr;
	size_t i, k;

	at->key = table_mix(vaddr);
	for (i = 0; i < at->nr; i++) {
		const struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(at->tb, i);
		uint8_t bytes[16] = {0};
		size_t size = insn_bytes(insn, bytes);
		uint64_t word[2];

		memcpy(word, bytes, sizeof(word));
		for (k = 0; k < 2; k++)
			at->key = table_mix(at->key + word[k] + size);
		at->offset[i] = (uint16_t)(pc - vaddr);
		at->last_pc = pc;
		x86_decode(bytes, size, pc, &at->last);
		at->may_fault[i] = at->last.may_fault;
		at->has_stack_move |= at->last.loads_stack || at->last.stores_stack;
		at->has_mark |= region_mark_of(bytes, size) != 0;
		if (i == 0)
			at->first_insn = at->last;
		if (i == 1)
			at->second_insn = at->last;
		pc += qemu_plugin_insn_size(insn);
	}
	at->end = pc;
}

/* Instructions from number @i up to the first that may fault, that one included. */
static uint32_t segment(const struct look_at *at, size_t i)
{
	size_t k = i;

	while (k + 1 < at->nr && !at->may_fault[k])
		k++;
	return (uint32_t)(k + 1 - i);
}

static struct track_block *find_block(const struct look_at *at)
{
	uint32_t index = table_find(&probe.block_map, at->key);
	struct track_block *block;

	if (index != TABLE_NONE)
		return probe.blocks[index];
	block = calloc(1, sizeof(*block) + at->nr * sizeof(block->offset[0]));
	index = probe.nr_blocks;
	if (!block || !table_grow(&probe.blocks, &probe.blocks_room, index, sizeof(*probe.blocks)) ||
	    !table_add(&probe.block_map, at->key, index)) {
		free(block);
		return NULL;
	}
	*block = (struct track_block){
		.vaddr = qemu_plugin_tb_vaddr(at->tb),
		.end = at->end,
		.target = at->last.target,
		.last_pc = at->last_pc,
		.nr = (uint32_t)at->nr,
		.first = segment(at, 0),
		.kind = (uint8_t)at->last.kind,
		.last_may_fault = at->last.may_fault,
		.last_repeats = at->last.is_repeated,
		/* The first instruction may be endbr64, which cannot be told from other long nops. */
		.is_entry_like = at->first_insn.is_entry_like || (at->nr > 1 && at->second_insn.is_entry_like),
		.may_be_cut = at->nr > 1 && !at->last.is_repeated && (at->last_pc & 0xfff) > 0x1000 - 15,
		.pair = TABLE_NONE,
	};
	memcpy(block->offset, at->offset, at->nr * sizeof(block->offset[0]));
	block->code = track_code(&probe.track, block->vaddr);
	probe.blocks[index] = block;
	probe.nr_blocks++;
	return block;
}

/* Marks and moves of the stack pointer: few blocks have any. */
static void watch_insns(const struct look_at *at, struct track_block *block)
{
	uint32_t added = 0, next = block->first;
	size_t i;

	for (i = 0; i < at->nr; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(at->tb, i);
		uint8_t bytes[16] = {0};
		size_t size = insn_bytes(insn, bytes);
		unsigned int what = region_mark_of(bytes, size);
		struct x86_insn decoded;

		x86_decode(bytes, size, block->vaddr + block->offset[i], &decoded);
		if (decoded.loads_stack || decoded.stores_stack)
			qemu_plugin_register_vcpu_mem_cb(insn, stack_access, QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_MEM_RW, NULL);
		if (what) {
			struct mark *mark = malloc(sizeof(*mark));

			if (!mark) {
				probe.track.failed = true;
				return;
			}
			*mark = (struct mark){.block = block, .index = (uint32_t)i, .started = added, .what = what};
			qemu_plugin_register_vcpu_insn_exec_cb(insn, mark_runs, QEMU_PLUGIN_CB_NO_REGS, mark);
		}
		/* What is added at an instruction is added behind its callback. */
		if (i == next) {
			added += segment(at, i);
			next += segment(at, i);
		}
	}
}

static void block_translated(uint64_t id, struct qemu_plugin_tb *tb)
{
	static struct look_at at;
	struct track_block *block;
	size_t i;

	(void)id;
	at = (struct look_at){.tb = tb, .nr = qemu_plugin_tb_n_insns(tb)};
	if (!at.nr || at.nr > BLOCK_INSNS_MAX || probe.track.failed)
		return;
	look_at(&at);
	block = find_block(&at);
	if (!block) {
		probe.track.failed = true;
		return;
	}
	qemu_plugin_register_vcpu_tb_exec_cb(tb, block_runs, QEMU_PLUGIN_CB_NO_REGS, block);
	if (at.has_mark || (at.has_stack_move && block->vaddr >> 63))
		watch_insns(&at, block);
	for (i = block->first; i < at.nr; i += segment(&at, i))
		add_at_insn(qemu_plugin_tb_get_insn(tb, i), segment(&at, i));
	for (i = 0; probe.sharing && block->vaddr >> 63 && i < at.nr; i++)
		if (at.may_fault[i])
			qemu_plugin_register_vcpu_mem_cb(qemu_plugin_tb_get_insn(tb, i), memory_access, QEMU_PLUGIN_CB_NO_REGS,
							 QEMU_PLUGIN_MEM_RW, (void *)(uintptr_t)(block->vaddr + at.offset[i]));
	if (block->last_may_fault)
		add_at_access(qemu_plugin_tb_get_insn(tb, at.nr - 1));
}

static void guest_ends(uint64_t id, void *data)
{
	int ret;

	(void)id;
	(void)data;
	track_finish(&probe.track);
	ret = track_write(&probe.track, probe.path, probe.name, probe.nr_vcpus);
	if (ret)
		fprintf(stderr, "memcgbench-probe: write %s: %s\n", probe.path, strerror(-ret));
}

int qemu_plugin_install(uint64_t id, const struct qemu_info *info, int argc, char **argv)
{
	int i;

	/* Asked whether this QEMU takes it: that it got here is the answer, and QEMU ends at the refusal. */
	if (argc == 1 && !strcmp(argv[0], "try=on")) {
		fprintf(stderr, "memcgbench-probe: works\n");
		return -1;
	}
	if (strcmp(info->target_name, "x86_64") || !info->system_emulation) {
		fprintf(stderr, "memcgbench-probe: knows only guests of qemu-system-x86_64\n");
		return -1;
	}
	probe.name = "";
	for (i = 0; i < argc; i++) {
		if (!strncmp(argv[i], "out=", 4))
			probe.path = argv[i] + 4;
		else if (!strncmp(argv[i], "name=", 5))
			probe.name = argv[i] + 5;
		else if (!strcmp(argv[i], "sharing=on"))
			probe.sharing = true;
	}
	probe.nr_vcpus = (unsigned int)info->system.max_vcpus;
	if (!probe.path || probe.nr_vcpus > TRACK_VCPUS_MAX || !track_init(&probe.track)) {
		fprintf(stderr, "memcgbench-probe: wants out=FILE, and at most %d vCPUs\n", TRACK_VCPUS_MAX);
		return -1;
	}
	init_counters();
	qemu_plugin_register_vcpu_tb_trans_cb(id, block_translated);
	qemu_plugin_register_atexit_cb(id, guest_ends, NULL);
	return 0;
}
