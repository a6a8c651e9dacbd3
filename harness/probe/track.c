// SPDX-License-Identifier: GPL-2.0-or-later
#include "probe/track.h"

#include <stdlib.h>
#include <string.h>

#include "base/region.h"

static bool is_user(uint64_t vaddr)
{
	return !(vaddr >> 63);
}

/* --- the tree of call paths --- */

static uint32_t child(struct track *track, uint32_t parent, enum track_kind kind, uint64_t entry, uint64_t site)
{
	uint64_t key = table_mix(table_mix(table_mix((uint64_t)parent << 8 | kind) + entry) + site);
	uint32_t node = table_find(&track->node_map, key);

	if (node != TABLE_NONE)
		return node;
	node = track->nr_nodes;
	if (!table_grow(&track->nodes, &track->nodes_room, node, sizeof(*track->nodes)) ||
	    !table_add(&track->node_map, key, node)) {
		track->failed = true;
		return 0;
	}
	track->nr_nodes++;
	track->nodes[node] = (struct track_node){.parent = parent, .kind = (uint8_t)kind, .entry = entry, .site = site};
	return node;
}

uint32_t track_code(struct track *track, uint64_t vaddr)
{
	uint64_t key = table_mix(vaddr);
	uint32_t code = table_find(&track->code_map, key);

	if (code != TABLE_NONE)
		return code;
	code = track->nr_codes;
	if (!table_grow(&track->codes, &track->codes_room, code, sizeof(*track->codes)) ||
	    !table_add(&track->code_map, key, code)) {
		track->failed = true;
		return TABLE_NONE;
	}
	track->nr_codes++;
	track->codes[code] = vaddr;
	return code;
}

static uint32_t find_pair(struct track *track, uint32_t node, struct track_block *block)
{
	uint64_t word = (uint64_t)node << 32 | block->code, key;
	uint32_t pair;

	if (block->pair != TABLE_NONE && block->node == node)
		return block->pair;
	key = table_mix(word);
	pair = table_find(&track->pair_map, key);
	if (pair == TABLE_NONE) {
		pair = track->nr_pairs;
		if (!table_grow(&track->pairs, &track->pairs_room, pair, sizeof(*track->pairs)) ||
		    !table_add(&track->pair_map, key, pair)) {
			track->failed = true;
			return TABLE_NONE;
		}
		track->nr_pairs++;
		track->pairs[pair] = word;
	}
	block->node = node;
	block->pair = pair;
	return pair;
}

bool track_init(struct track *track)
{
	*track = (struct track){0};
	if (!table_grow(&track->nodes, &track->nodes_room, 0, sizeof(*track->nodes)))
		return false;
	track->nr_nodes = 1;
	track->user = child(track, 0, TRACK_USER, 0, 0);
	track->base = child(track, 0, TRACK_BASE, 0, 0);
	return !track->failed;
}

/* --- who runs --- */

static void forget_stacks(struct track *track)
{
	uint32_t i;

	for (i = 0; i < track->nr_stacks; i++) {
		free(track->stacks[i]->frames);
		free(track->stacks[i]);
	}
	track->nr_stacks = 0;
}

/* When the last region is closed, nobody looks at @vcpu any more. */
static void idle_vcpu(struct track *track, struct track_vcpu *vcpu)
{
	if (vcpu->nr_open || !vcpu->is_active)
		return;
	vcpu->is_active = false;
	vcpu->stack = NULL;
	vcpu->switch_to = 0;
	if (!--track->nr_active)
		forget_stacks(track);
}

/* Of the regions open on @vcpu that of the task which runs, or the last. */
static unsigned int find_region(const struct track_vcpu *vcpu)
{
	unsigned int i;

	for (i = 0; i + 1 < vcpu->nr_open && vcpu->open[i].stack != vcpu->stack; i++)
		;
	return i;
}

/* --- reps --- */

static struct track_key *find_key(struct track *track, uint32_t id)
{
	uint32_t index = table_find(&track->key_map, table_mix(id));
	struct track_key *key;

	if (index != TABLE_NONE)
		return track->keys[index];
	key = calloc(1, sizeof(*key));
	index = track->nr_keys;
	if (!key || !table_grow(&track->keys, &track->keys_room, index, sizeof(*track->keys)) ||
	    !table_add(&track->key_map, table_mix(id), index)) {
		free(key);
		track->failed = true;
		return NULL;
	}
	key->key = id;
	track->keys[index] = key;
	track->nr_keys++;
	return key;
}

static int compare_counts(const void *a, const void *b)
{
	const struct track_count *x = a, *y = b;

	return (x->pair > y->pair) - (x->pair < y->pair);
}

/* Keep the open rep if it is among the cheapest; what falls out is freed. */
static bool keep(struct track_key *key)
{
	struct track_rep rep = key->open;
	uint32_t at = key->nr_kept, i;

	if (at == TRACK_KEPT && rep.total >= key->kept[at - 1].total)
		return true;
	rep.counts = malloc((key->nr_touched ? key->nr_touched : 1) * sizeof(*rep.counts));
	if (!rep.counts)
		return false;
	for (i = 0; i < key->nr_touched; i++) {
		uint32_t pair = key->touched[i];

		rep.counts[i] = (struct track_count){.pair = pair, .execs = key->execs[pair], .insns = key->insns[pair]};
	}
	rep.nr_counts = key->nr_touched;
	qsort(rep.counts, rep.nr_counts, sizeof(*rep.counts), compare_counts);
	if (at == TRACK_KEPT)
		free(key->kept[--at].counts);
	for (; at && rep.total < key->kept[at - 1].total; at--)
		key->kept[at] = key->kept[at - 1];
	key->kept[at] = rep;
	if (key->nr_kept < TRACK_KEPT)
		key->nr_kept++;
	return true;
}

static void close_rep(struct track *track, struct track_key *key)
{
	bool counts = key->open.rep != TRACK_UNNUMBERED && !key->open.broken;
	uint32_t i;

	if (!key->is_open)
		return;
	key->is_open = false;
	share_end_rep(&key->share, counts);
	if (counts) {
		if (!keep(key) || !table_grow(&key->reps, &key->reps_room, key->nr_reps, sizeof(*key->reps)))
			track->failed = true;
		else
			key->reps[key->nr_reps++] = key->open;
	}
	for (i = 0; i < key->nr_touched; i++) {
		key->execs[key->touched[i]] = 0;
		key->insns[key->touched[i]] = 0;
	}
	key->nr_touched = 0;
}

/* Regions of @key that nobody ended are none of the next rep. */
static void drop_regions(struct track *track, struct track_key *key)
{
	unsigned int i, k, nr;

	for (i = 0; i < TRACK_VCPUS_MAX; i++) {
		struct track_vcpu *vcpu = &track->vcpus[i];

		for (k = 0, nr = 0; k < vcpu->nr_open; k++)
			if (vcpu->open[k].key == key)
				key->open.broken = true;
			else
				vcpu->open[nr++] = vcpu->open[k];
		vcpu->nr_open = nr;
		idle_vcpu(track, vcpu);
	}
}

static struct track_key *open_rep(struct track *track, uint64_t id)
{
	struct track_key *key = find_key(track, (uint32_t)(id >> 32));
	uint32_t rep = (uint32_t)id;

	if (!key)
		return NULL;
	if (key->is_open && key->open.rep != rep) {
		drop_regions(track, key);
		close_rep(track, key);
	}
	if (!key->is_open) {
		key->open = (struct track_rep){.rep = rep};
		key->is_open = true;
	}
	key->open.nr_regions++;
	return key;
}

void track_finish(struct track *track)
{
	uint32_t i;

	for (i = 0; i < track->nr_keys; i++) {
		drop_regions(track, track->keys[i]);
		close_rep(track, track->keys[i]);
	}
}

static bool room_for_pair(struct track *track, struct track_key *key, uint32_t pair)
{
	if (table_grow(&key->execs, &key->execs_room, pair, sizeof(*key->execs)) &&
	    table_grow(&key->insns, &key->insns_room, pair, sizeof(*key->insns)) &&
	    table_grow(&key->touched, &key->touched_room, key->nr_touched, sizeof(*key->touched)))
		return true;
	track->failed = true;
	return false;
}

/* @insns of a block that ran once, for @nr_regions of @key. */
static void account_to(struct track *track, unsigned int number, struct track_key *key, unsigned int nr_regions, uint32_t pair, uint32_t insns)
{
	uint64_t counted = (uint64_t)nr_regions * insns;

	if (!room_for_pair(track, key, pair))
		return;
	if (!key->execs[pair] && !key->insns[pair])
		key->touched[key->nr_touched++] = pair;
	key->execs[pair]++;
	key->insns[pair] += counted;
	key->open.total += counted;
	key->open.by_vcpu[number] += counted;
}

/* Instructions of the block at hand up to number @done that were not counted yet, for the regions open on vCPU @number. */
static void account(struct track *track, unsigned int number, uint32_t node, uint32_t done)
{
	struct track_vcpu *vcpu = &track->vcpus[number];
	uint32_t pair = find_pair(track, node, vcpu->block), insns = done > vcpu->begin_at ? done - vcpu->begin_at : 0;
	unsigned int i, k;

	if (pair == TABLE_NONE)
		return;
	for (i = 0; i < vcpu->nr_open; i++) {
		unsigned int nr = 0;

		/* A call counts once, whoever waits for its end. */
		for (k = 0; k < vcpu->nr_open; k++) {
			if (vcpu->open[k].key == vcpu->open[i].key && k < i)
				break;
			nr += vcpu->open[k].key == vcpu->open[i].key;
		}
		if (k == vcpu->nr_open)
			account_to(track, number, vcpu->open[i].key, nr, pair, insns);
	}
}

/* --- frames --- */

static struct track_stack *find_stack(struct track *track, uint64_t task)
{
	struct track_stack *stack;
	uint32_t i;

	for (i = 0; i < track->nr_stacks; i++)
		if (track->stacks[i]->task == task && task)
			return track->stacks[i];
	stack = calloc(1, sizeof(*stack));
	if (!stack || !table_grow(&track->stacks, &track->stacks_room, track->nr_stacks, sizeof(*track->stacks))) {
		free(stack);
		track->failed = true;
		return NULL;
	}
	stack->task = task;
	track->stacks[track->nr_stacks++] = stack;
	return stack;
}

static void push(struct track *track, struct track_stack *stack, struct track_frame frame)
{
	if (!table_grow(&stack->frames, &stack->room, stack->nr, sizeof(*stack->frames)))
		track->failed = true;
	else
		stack->frames[stack->nr++] = frame;
}

/* Where the task is: its innermost frame, or BASE when nothing is known of it in kernel mode. */
static uint32_t current_node(const struct track *track, const struct track_stack *stack, uint64_t vaddr)
{
	if (is_user(vaddr))
		return track->user;
	return stack->nr ? stack->frames[stack->nr - 1].node : track->base;
}

static void push_call(struct track *track, struct track_vcpu *vcpu, uint64_t entry, bool is_pending)
{
	const struct track_block *block = vcpu->block;
	uint32_t parent = current_node(track, vcpu->stack, block->vaddr);

	push(track, vcpu->stack, (struct track_frame){
		.node = is_pending ? parent : child(track, parent, TRACK_CALL, entry, block->last_pc),
		.is_pending = is_pending,
		.ret = block->end,
	});
}

static void push_event(struct track *track, struct track_vcpu *vcpu, uint64_t entry)
{
	struct track_stack *stack = vcpu->stack;
	bool from_user = is_user(vcpu->block->vaddr);
	uint32_t parent = from_user ? 0 : current_node(track, stack, vcpu->block->vaddr);

	if (from_user)
		stack->nr = 0;
	push(track, stack, (struct track_frame){.node = child(track, parent, TRACK_EVENT, entry, 0), .is_event = true});
}

static void pop_return(struct track *track, struct track_stack *stack, uint64_t to)
{
	uint32_t at = stack->nr;
	struct track_frame *top;
	struct track_node *node;

	while (at && !stack->frames[at - 1].is_event && stack->frames[at - 1].ret != to)
		at--;
	if (at && !stack->frames[at - 1].is_event) {
		stack->nr = at - 1;
		return;
	}
	/* A retpoline: call, overwrite the return address, return. Its own call is undone, and the frame below is the thunk's. */
	if (stack->nr < 2 || stack->frames[stack->nr - 1].is_event || stack->frames[stack->nr - 2].is_event) {
		if (stack->nr && !stack->frames[stack->nr - 1].is_event)
			stack->nr--; /* of a caller that was never seen */
		return;
	}
	stack->nr--;
	top = &stack->frames[stack->nr - 1];
	node = &track->nodes[top->node];
	top->node = child(track, node->parent, node->kind, to, node->site);
}

/* The innermost exception or interrupt ends; what it interrupted goes on at @to. */
static void pop_event(struct track *track, struct track_stack *stack, uint64_t to)
{
	struct track_frame *top;

	while (stack->nr && !stack->frames[stack->nr - 1].is_event)
		stack->nr--;
	if (stack->nr)
		stack->nr--;
	if (!stack->nr)
		return;
	top = &stack->frames[stack->nr - 1];
	if (top->is_pending) {
		top->is_pending = false;
		top->node = child(track, top->node, TRACK_CALL, to, 0);
	}
}

/* --- from one block to the next --- */

static bool is_known_entry(const struct track *track, const struct track_block *block)
{
	return block->is_entry_like || table_find(&track->entries, table_mix(block->vaddr)) != TABLE_NONE;
}

static void learn(struct track *track, struct table_map *set, uint64_t vaddr)
{
	if (table_find(set, table_mix(vaddr)) == TABLE_NONE && !table_add(set, table_mix(vaddr), 0))
		track->failed = true;
}

/* Can the last instruction of @block, done to its end, have sent control to @next? */
static bool is_successor(const struct track *track, const struct track_block *block, const struct track_block *next)
{
	switch ((enum x86_kind)block->kind) {
	case X86_PLAIN:
		return next->vaddr == block->end || (block->last_repeats && next->vaddr == block->last_pc);
	case X86_BRANCH:
		return next->vaddr == block->end || next->vaddr == block->target;
	case X86_CALL:
		return next->vaddr == block->target;
	case X86_CALL_INDIRECT:
	case X86_JUMP_INDIRECT:
	case X86_RET:
		return is_user(next->vaddr) || !is_known_entry(track, next);
	case X86_INTERRUPT_RET:
	case X86_SYSCALL:
	case X86_SYSCALL_RET:
		break;
	}
	return true;
}

/* What the last instruction of the block does to the frames when it was done, before an interrupt comes in. */
static void leave_before_event(struct track *track, struct track_vcpu *vcpu)
{
	struct track_stack *stack = vcpu->stack;

	if (is_user(vcpu->block->vaddr))
		return;
	if (vcpu->block->kind == X86_CALL)
		push_call(track, vcpu, vcpu->block->target, false);
	else if (vcpu->block->kind == X86_CALL_INDIRECT)
		push_call(track, vcpu, 0, true);
	else if (vcpu->block->kind == X86_RET && stack->nr && !stack->frames[stack->nr - 1].is_event)
		stack->nr--;
}

static void go(struct track *track, struct track_vcpu *vcpu, const struct track_block *next)
{
	const struct track_block *block = vcpu->block;
	struct track_stack *stack = vcpu->stack;

	if (is_user(next->vaddr)) {
		stack->nr = 0;
		return;
	}
	switch ((enum x86_kind)block->kind) {
	case X86_SYSCALL:
		stack->nr = 0;
		push(track, stack, (struct track_frame){.node = child(track, 0, TRACK_SYSCALL, next->vaddr, 0), .is_event = true});
		break;
	case X86_CALL:
	case X86_CALL_INDIRECT:
		push_call(track, vcpu, next->vaddr, false);
		break;
	case X86_RET:
		pop_return(track, stack, next->vaddr);
		break;
	case X86_INTERRUPT_RET:
		pop_event(track, stack, next->vaddr);
		break;
	case X86_PLAIN:
	case X86_BRANCH:
	case X86_JUMP_INDIRECT:
	case X86_SYSCALL_RET:
		break;
	}
}

static uint64_t insn_address(const struct track_block *block, uint32_t index)
{
	return index < block->nr ? block->vaddr + block->offset[index] : block->end;
}

/*
 * QEMU 7.2 ends a block before an instruction that crosses into another page, but still shows plugins that instruction, as far as
 * it had read it. Nothing tells so but where control goes on.
 */
static void cut(struct track_block *block)
{
	block->nr--;
	block->end = block->last_pc;
	block->kind = X86_PLAIN;
	block->last_may_fault = false;
	block->may_be_cut = false;
}

/* How many instructions of the block before were done; *ret_event: control left it for an exception or interrupt. */
static uint32_t judge(struct track *track, const struct track_vcpu *vcpu, const struct track_block *next, bool *ret_event)
{
	struct track_block *block = vcpu->block;
	uint32_t started = block->first + vcpu->started;

	*ret_event = false;
	if (block->may_be_cut && next->vaddr == block->last_pc)
		cut(block);
	if (started < block->nr) {
		/* An access to a device: QEMU does that instruction again by itself, and goes on behind it. */
		if (next->vaddr == insn_address(block, started))
			return started;
		/* The instruction wrote to code: QEMU translates it anew and begins it again. */
		if (next->vaddr == insn_address(block, started - 1))
			return started - 1;
		learn(track, &track->faults, next->vaddr);
		*ret_event = true;
		return started - 1;
	}
	if (block->last_may_fault && !vcpu->accesses && table_find(&track->faults, table_mix(next->vaddr)) != TABLE_NONE) {
		*ret_event = true;
		return block->nr - 1;
	}
	if (!is_successor(track, block, next)) {
		*ret_event = true;
		return block->nr;
	}
	return block->nr;
}

void track_block(struct track *track, unsigned int number, struct track_block *block)
{
	struct track_vcpu *vcpu = &track->vcpus[number];
	uint32_t done, node;
	bool is_event;

	done = judge(track, vcpu, block, &is_event);
	node = current_node(track, vcpu->stack, vcpu->block->vaddr);
	account(track, number, node, done);
	if (vcpu->switch_to) {
		struct track_stack *stack = find_stack(track, vcpu->switch_to);

		vcpu->stack = stack ? stack : vcpu->stack;
		vcpu->switch_to = 0;
	}
	if (is_event) {
		learn(track, &track->entries, block->vaddr);
		if (done == vcpu->block->nr)
			leave_before_event(track, vcpu);
		push_event(track, vcpu, block->vaddr);
	} else if (done == vcpu->block->nr) {
		go(track, vcpu, block);
	}
	vcpu->block = block;
	vcpu->begin_at = 0;
	vcpu->started = 0;
	vcpu->accesses = 0;
}

void track_stack_loaded(struct track *track, unsigned int number, uint64_t task)
{
	if (track->vcpus[number].is_active)
		track->vcpus[number].switch_to = task;
}

void track_stack_stored(struct track *track, unsigned int number, uint64_t task)
{
	struct track_vcpu *vcpu = &track->vcpus[number];

	if (vcpu->is_active && vcpu->stack && !vcpu->stack->task)
		vcpu->stack->task = task;
}

void track_access(struct track *track, unsigned int number, unsigned int nr_vcpus, uint64_t vaddr, unsigned int shift, bool is_write,
		  uint64_t pc)
{
	struct track_vcpu *vcpu = &track->vcpus[number];
	struct track_key *key;

	if (!vcpu->is_active || is_user(vaddr))
		return;
	/* Of the task that runs, or another that waits. */
	key = vcpu->open[find_region(vcpu)].key;
	if (key->open.rep == TRACK_UNNUMBERED)
		return;
	key->share.nr_vcpus = nr_vcpus;
	if (!share_access(&key->share, number, vaddr, shift, is_write, pc))
		track->failed = true;
}

/* --- marks --- */

/* Has the task that runs on @vcpu a region of its own? */
static bool is_own(const struct track_vcpu *vcpu, unsigned int region)
{
	return vcpu->open[region].stack == vcpu->stack;
}

static void drop_region(struct track *track, struct track_vcpu *vcpu, unsigned int region)
{
	vcpu->open[region] = vcpu->open[--vcpu->nr_open];
	idle_vcpu(track, vcpu);
}

static void drop_broken(struct track *track, struct track_vcpu *vcpu, unsigned int region)
{
	vcpu->open[region].key->open.broken = true;
	drop_region(track, vcpu, region);
}

/* Nothing is open on @vcpu so far: what runs on it, and of which task, is not known before. */
static bool start(struct track *track, struct track_vcpu *vcpu, struct track_block *block, uint32_t index, uint32_t started)
{
	vcpu->stack = find_stack(track, 0);
	if (!vcpu->stack)
		return false;
	vcpu->is_active = true;
	vcpu->block = block;
	vcpu->begin_at = index;
	vcpu->started = started;
	vcpu->accesses = 0;
	track->nr_active++;
	return true;
}

static void begin(struct track *track, unsigned int number, struct track_block *block, uint32_t index, uint32_t started)
{
	struct track_vcpu *vcpu = &track->vcpus[number];
	struct track_key *key;
	unsigned int region;

	if (vcpu->is_active) {
		account(track, number, current_node(track, vcpu->stack, vcpu->block->vaddr), index);
		vcpu->begin_at = index;
		region = find_region(vcpu);
		if (is_own(vcpu, region))
			drop_broken(track, vcpu, region);
	}
	if (vcpu->nr_bits != REGION_ID_BITS)
		return;
	key = open_rep(track, vcpu->next_id);
	if (!key)
		return;
	if (vcpu->nr_open == TRACK_OPEN_MAX || (!vcpu->is_active && !start(track, vcpu, block, index, started)))
		key->open.broken = true;
	else
		vcpu->open[vcpu->nr_open++] = (struct track_region){.key = key, .stack = vcpu->stack};
}

/* Whose region ends when the task that runs has none: it waited for a process to exit, which began it. */
static bool is_one_key(const struct track_vcpu *vcpu)
{
	unsigned int i;

	for (i = 1; i < vcpu->nr_open; i++)
		if (vcpu->open[i].key != vcpu->open[0].key)
			return false;
	return true;
}

static void end(struct track *track, unsigned int number, uint32_t index)
{
	struct track_vcpu *vcpu = &track->vcpus[number];
	unsigned int region;

	if (!vcpu->is_active)
		return;
	account(track, number, current_node(track, vcpu->stack, vcpu->block->vaddr), index);
	vcpu->begin_at = index;
	region = find_region(vcpu);
	if (is_own(vcpu, region) || is_one_key(vcpu))
		drop_region(track, vcpu, region);
	else
		while (vcpu->nr_open)
			drop_broken(track, vcpu, 0);
}

void track_mark(struct track *track, unsigned int number, unsigned int mark, struct track_block *block, uint32_t index,
		uint32_t started)
{
	struct track_vcpu *vcpu = &track->vcpus[number];

	switch (mark) {
	case REGION_BEGIN:
		begin(track, number, block, index, started);
		break;
	case REGION_END:
		end(track, number, index);
		break;
	case REGION_ID_START:
		vcpu->nr_bits = 0;
		break;
	case REGION_ID_0:
	case REGION_ID_1:
		vcpu->next_id = vcpu->next_id << 1 | (mark == REGION_ID_1);
		vcpu->nr_bits++;
		break;
	}
}

void track_free(struct track *track)
{
	uint32_t i, k;

	for (i = 0; i < track->nr_keys; i++) {
		struct track_key *key = track->keys[i];

		for (k = 0; k < key->nr_kept; k++)
			free(key->kept[k].counts);
		share_free(&key->share);
		free(key->reps);
		free(key->execs);
		free(key->insns);
		free(key->touched);
		free(key);
	}
	forget_stacks(track);
	free(track->keys);
	free(track->stacks);
	free(track->nodes);
	free(track->codes);
	free(track->pairs);
	table_clear(&track->node_map);
	table_clear(&track->code_map);
	table_clear(&track->pair_map);
	table_clear(&track->key_map);
	table_clear(&track->faults);
	table_clear(&track->entries);
}
