// SPDX-License-Identifier: GPL-2.0-or-later
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/err.h"
#include "machine/topo.h"
#include "machine/topo_priv.h"

/* A candidate PU, and the keys by which the candidates are sorted. */
struct slot {
	const struct topo_place *place;
	unsigned int smt_rank;
	unsigned int turn; /* see number_turns() */
	unsigned int key[4];
	size_t index; /* in hwloc's order: the last key, for qsort() is not stable */
};

struct slots {
	struct slot *slot;
	size_t nr;
};

#define __free_slots __attribute__((__cleanup__(cleanup_slots)))

static void cleanup_slots(struct slots *slots)
{
	free(slots->slot);
}

static int compare_slots(const void *a, const void *b)
{
	const struct slot *one = a, *other = b;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(one->key); i++)
		if (one->key[i] != other->key[i])
			return one->key[i] < other->key[i] ? -1 : 1;
	return one->index < other->index ? -1 : one->index > other->index;
}

static void sort_slots(struct slots *slots)
{
	qsort(slots->slot, slots->nr, sizeof(*slots->slot), compare_slots);
}

/* Sort, and count through each group that agrees in its first @nr_keys keys, from 0. */
static void number_turns(struct slots *slots, size_t nr_keys)
{
	size_t i, bytes = nr_keys * sizeof(slots->slot->key[0]);

	sort_slots(slots);
	for (i = 0; i < slots->nr; i++) {
		struct slot *slot = &slots->slot[i];

		slot->turn = i && !memcmp(slot->key, slot[-1].key, bytes) ? slot[-1].turn + 1 : 0;
	}
}

static void set_keys(struct slot *slot, unsigned int k0, unsigned int k1, unsigned int k2,
		     unsigned int k3)
{
	slot->key[0] = k0;
	slot->key[1] = k1;
	slot->key[2] = k2;
	slot->key[3] = k3;
}

static void order_compact(struct slots *slots)
{
	struct slot *slot, *end = slots->slot + slots->nr;

	for (slot = slots->slot; slot < end; slot++)
		set_keys(slot, slot->smt_rank, 0, 0, 0);
	sort_slots(slots);
}

/*
 * As cards are dealt: a package takes its cores from its nodes in turn, and all take turns. In one
 * sort by (turn in node, node, package) a package with more nodes would get more than its share.
 */
static void order_scatter(struct slots *slots)
{
	struct slot *slot, *end = slots->slot + slots->nr;

	for (slot = slots->slot; slot < end; slot++)
		set_keys(slot, slot->smt_rank, slot->place->package, slot->place->node, 0);
	number_turns(slots, 3);
	for (slot = slots->slot; slot < end; slot++)
		set_keys(slot, slot->smt_rank, slot->place->package, slot->turn, slot->place->node);
	number_turns(slots, 2);
	for (slot = slots->slot; slot < end; slot++)
		set_keys(slot, slot->smt_rank, slot->turn, slot->place->package, 0);
	sort_slots(slots);
}

/* The allowed PUs in hwloc's order; @cpuset, where given, limits them further. */
static int fill_slots(const struct topo *topo, hwloc_const_cpuset_t cpuset, struct slots *slots)
{
	size_t i;

	slots->nr = 0;
	slots->slot = calloc(topo->nr_pus, sizeof(*slots->slot));
	if (!slots->slot)
		return err_sys(ENOMEM, "place workers");
	for (i = 0; i < topo->nr_pus; i++) {
		const struct topo_pu *pu = &topo->pus[i];

		if (cpuset && !hwloc_bitmap_isset(cpuset, pu->place.pu))
			continue;
		slots->slot[slots->nr].place = &pu->place;
		slots->slot[slots->nr].smt_rank = pu->smt_rank;
		slots->slot[slots->nr].index = i;
		slots->nr++;
	}
	return 0;
}

/* Digits that fit unsigned int; moves *text behind them. */
static bool take_number(const char **text, unsigned int *ret_number)
{
	unsigned long long number = 0;
	const char *p = *text;

	if (!isdigit((unsigned char)*p))
		return false;
	for (; isdigit((unsigned char)*p); p++) {
		number = number * 10 + (unsigned int)(*p - '0');
		if (number > UINT_MAX)
			return false;
	}
	*text = p;
	*ret_number = (unsigned int)number;
	return true;
}

/* One "N" or "N-M" with the comma behind it, which something must follow. */
static bool take_range(const char **text, unsigned int *ret_first, unsigned int *ret_last)
{
	unsigned int first, last;
	const char *p = *text;

	if (!take_number(&p, &first))
		return false;
	last = first;
	if (*p == '-') {
		p++;
		if (!take_number(&p, &last) || last < first)
			return false;
	}
	if (*p == ',' && p[1])
		p++;
	else if (*p)
		return false;
	*text = p;
	*ret_first = first;
	*ret_last = last;
	return true;
}

static int check_list(const char *list)
{
	unsigned int first, last;
	const char *p = list;

	do {
		if (!take_range(&p, &first, &last))
			return err_set(EINVAL,
				       "placement \"%s\" is not a list of CPUs such as 0,2-3",
				       list);
	} while (*p);
	return 0;
}

static const struct topo_pu *find_pu(const struct topo *topo, unsigned int number)
{
	size_t i;

	for (i = 0; i < topo->nr_pus; i++)
		if (topo->pus[i].place.pu == number)
			return &topo->pus[i];
	return NULL;
}

static int add_listed(const struct topo *topo, const char *list, unsigned int number,
		      struct slots *slots)
{
	const struct topo_pu *pu = find_pu(topo, number);
	size_t i;

	if (!pu && hwloc_bitmap_isset(hwloc_topology_get_complete_cpuset(topo->hwloc), number))
		return err_set(
			ENODEV,
			"placement \"%s\": CPU %u is offline, or not allowed to this process", list,
			number);
	if (!pu)
		return err_set(ENODEV, "placement \"%s\": this machine has no CPU %u", list,
			       number);
	for (i = 0; i < slots->nr; i++)
		if (slots->slot[i].place == &pu->place)
			return err_set(EINVAL, "placement \"%s\" names CPU %u twice", list, number);
	slots->slot[slots->nr++].place = &pu->place;
	return 0;
}

/* "0-4294967295" ends soon: at the first CPU that is not there. So does a list longer than the
 * machine. */
static int fill_listed(const struct topo *topo, const char *list, struct slots *slots)
{
	unsigned int first, last;
	const char *p = list;
	int ret = check_list(list);

	if (ret)
		return ret;
	slots->slot = calloc(topo->nr_pus, sizeof(*slots->slot));
	if (!slots->slot)
		return err_sys(ENOMEM, "place workers");
	while (*p && take_range(&p, &first, &last)) {
		for (;; first++) {
			ret = add_listed(topo, list, first, slots);
			if (ret)
				return ret;
			if (first == last)
				break;
		}
	}
	return 0;
}

static int fill_node(const struct topo *topo, const char *policy, const char *number,
		     struct slots *slots)
{
	hwloc_obj_t node;
	unsigned int os_index;
	int ret;

	if (!take_number(&number, &os_index) || *number)
		return err_set(EINVAL,
			       "placement \"%s\" is not node:N with the number of a memory node",
			       policy);
	node = hwloc_get_numanode_obj_by_os_index(topo->hwloc, os_index);
	if (!node)
		return err_set(EINVAL, "placement \"%s\": this machine has no memory node %u",
			       policy, os_index);
	ret = fill_slots(topo, node->cpuset, slots);
	if (ret)
		return ret;
	if (!slots->nr)
		return err_set(
			ENODEV,
			"placement \"%s\": no CPU of memory node %u is allowed to this process",
			policy, os_index);
	order_compact(slots);
	return 0;
}

static int fill_cores(const struct topo *topo, struct slots *slots)
{
	int ret = fill_slots(topo, NULL, slots);

	if (ret)
		return ret;
	order_compact(slots);
	slots->nr = topo->nr_cores;
	return 0;
}

/* The PUs that @policy offers, in its order. *ret_repeats: more workers than PUs start again. */
static int fill_by_policy(const struct topo *topo, const char *policy, struct slots *slots,
			  bool *ret_repeats)
{
	int ret;

	*ret_repeats = true;
	if (!strncmp(policy, "node:", 5))
		return fill_node(topo, policy, policy + 5, slots);
	if (!strcmp(policy, "cores")) {
		*ret_repeats = false;
		return fill_cores(topo, slots);
	}
	if (isdigit((unsigned char)policy[0])) {
		*ret_repeats = false;
		return fill_listed(topo, policy, slots);
	}
	if (strcmp(policy, "compact") && strcmp(policy, "scatter") && strcmp(policy, "pus") && strcmp(policy, "one"))
		return err_set(EINVAL,
			       "placement \"%s\" is none of compact, scatter, node:N, cores, pus, one, "
			       "or a list of "
			       "CPUs such as 0,2-3",
			       policy);
	ret = fill_slots(topo, NULL, slots);
	if (ret)
		return ret;
	if (!strcmp(policy, "compact") || !strcmp(policy, "one"))
		order_compact(slots);
	if (!strcmp(policy, "one"))
		slots->nr = 1;
	else if (!strcmp(policy, "scatter"))
		order_scatter(slots);
	return 0;
}

int topo_place(const struct topo *topo, const char *policy, size_t nr_workers,
	       struct topo_place *places, bool *ret_oversubscribed)
{
	__free_slots struct slots slots = {0};
	bool repeats;
	size_t i;
	int ret = fill_by_policy(topo, policy, &slots, &repeats);

	if (ret)
		return ret;
	if (nr_workers > slots.nr && !repeats)
		return err_set(ERANGE, "placement \"%s\" has room for %zu workers, not for %zu",
			       policy, slots.nr, nr_workers);
	for (i = 0; i < nr_workers; i++)
		places[i] = *slots.slot[i % slots.nr].place;
	*ret_oversubscribed = nr_workers > slots.nr;
	return 0;
}
