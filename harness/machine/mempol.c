// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/mempol.h"

#include <errno.h>
#include <limits.h>
#include <numa.h>
#include <numaif.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/err.h"
#include "base/fs.h"
#include "base/units.h"

#define BITS_PER_LONG (CHAR_BIT * sizeof(unsigned long))

/* As many as a kernel can be configured with: CONFIG_NODES_SHIFT is at most 10 (mm/Kconfig, arch).
 */
#define MAX_NODES 1024

struct node_set {
	unsigned long bits[MAX_NODES / BITS_PER_LONG];
};

enum mode {
	MODE_DEFAULT,
	MODE_LOCAL,
	MODE_REMOTE,
	MODE_INTERLEAVE,
	MODE_NODE,
};

/* libnuma prints through these two, from its constructor already, and may exit; the program's own
 * win. */
void numa_error(char *where)
{
	(void)where;
}

void numa_warn(int num, char *fmt, ...)
{
	(void)num;
	(void)fmt;
}

static bool set_has(const struct node_set *set, unsigned int node)
{
	return node < MAX_NODES && set->bits[node / BITS_PER_LONG] >> node % BITS_PER_LONG & 1;
}

static void set_add(struct node_set *set, unsigned int node)
{
	set->bits[node / BITS_PER_LONG] |= 1UL << node % BITS_PER_LONG;
}

static unsigned int set_count(const struct node_set *set)
{
	unsigned int node, count = 0;

	for (node = 0; node < MAX_NODES; node++)
		count += set_has(set, node);
	return count;
}

/* The kernel's "0,2-3"; an empty text is an empty set. */
static int set_parse(const char *text, struct node_set *set)
{
	const char *p = text;

	memset(set, 0, sizeof(*set));
	while (*p) {
		unsigned long first, last;
		char *end;

		first = last = strtoul(p, &end, 10);
		if (end != p && *end == '-') {
			p = end + 1;
			last = strtoul(p, &end, 10);
		}
		if (end == p || (*end && *end != ',') || last >= MAX_NODES || first > last)
			return err_set(EINVAL, "\"%s\" is not a list of memory nodes", text);
		for (; first <= last; first++)
			set_add(set, (unsigned int)first);
		p = *end ? end + 1 : end;
	}
	return 0;
}

static int read_set(const char *path, struct node_set *set)
{
	__free_mem char *text = NULL;
	int ret = fs_read(&text, "%s", path);

	if (ret)
		return ret;
	ret = set_parse(text, set);
	return ret ? err_prefix(ret, "%s", path) : 0;
}

/* The line of /proc/self/status; a kernel without cpusets has none. */
static int read_mems_allowed(struct node_set *set)
{
	static const char key[] = "\nMems_allowed_list:";
	__free_mem char *status = NULL;
	char *list;
	int ret = fs_read(&status, "/proc/self/status");

	if (ret)
		return ret;
	list = strstr(status, key);
	if (!list)
		return -ENOENT;
	list += strlen(key);
	list += strspn(list, " \t");
	list[strcspn(list, "\n")] = '\0';
	ret = set_parse(list, set);
	return ret ? err_prefix(ret, "/proc/self/status") : 0;
}

/*
 * The nodes with memory that the cpuset allows. Where neither /sys nor /proc tells of nodes there
 * is node 0, which every kernel has.
 */
static int read_nodes(struct node_set *ret_nodes)
{
	struct node_set with_memory, allowed;
	int ret_memory = read_set("/sys/devices/system/node/has_memory", &with_memory);
	int ret_allowed = read_mems_allowed(&allowed);
	size_t i;

	if (ret_memory && ret_memory != -ENOENT)
		return ret_memory;
	if (ret_allowed && ret_allowed != -ENOENT)
		return ret_allowed;
	memset(ret_nodes, 0, sizeof(*ret_nodes));
	if (ret_memory && ret_allowed)
		set_add(ret_nodes, 0);
	else
		for (i = 0; i < ARRAY_SIZE(ret_nodes->bits); i++)
			ret_nodes->bits[i] = (ret_memory ? ~0UL : with_memory.bits[i]) &
					     (ret_allowed ? ~0UL : allowed.bits[i]);
	return 0;
}

/* The distances from @node, indexed by node number; 0 where there is none. */
static int read_distances(unsigned int node, unsigned int distances[MAX_NODES])
{
	__free_mem char *text = NULL;
	struct node_set online;
	unsigned int to;
	char *p;
	int ret = read_set("/sys/devices/system/node/online", &online);

	if (!ret)
		ret = fs_read(&text, "/sys/devices/system/node/node%u/distance", node);
	if (ret)
		return ret;
	memset(distances, 0, MAX_NODES * sizeof(distances[0]));
	p = text;
	/*
	 * A column for each node that is online, not for each number (node_read_distance(),
	 * drivers/base/node.c).
	 */
	for (to = 0; to < MAX_NODES; to++) {
		char *end;

		if (!set_has(&online, to))
			continue;
		distances[to] = (unsigned int)strtoul(p, &end, 10);
		if (end == p)
			return err_set(EINVAL,
				       "/sys/devices/system/node/node%u/distance: \"%s\" has no "
				       "column for node %u",
				       node, text, to);
		p = end;
	}
	return 0;
}

static int find_remote(const struct node_set *nodes, unsigned int node, unsigned int *ret_node)
{
	unsigned int distances[MAX_NODES], i, farthest = 0, longest = 0;
	int ret = read_distances(node, distances);

	if (ret)
		return err_prefix(ret, "memory policy \"remote\"");
	for (i = 1; i < MAX_NODES; i++) {
		unsigned int to = (node + i) % MAX_NODES;

		if (!set_has(nodes, to) || distances[to] <= longest)
			continue;
		longest = distances[to];
		farthest = to;
	}
	if (!longest)
		return err_set(EINVAL,
			       "memory policy \"remote\": node %u has no distance to another node",
			       node);
	*ret_node = farthest;
	return 0;
}

static int refuse_one_node(const char *policy)
{
	return err_set(ENODEV, "memory policy \"%s\" needs two memory nodes, and there is one",
		       policy);
}

int mempol_remote_node(unsigned int node, unsigned int *ret_node)
{
	struct node_set nodes;
	int ret = read_nodes(&nodes);

	if (ret)
		return ret;
	if (set_count(&nodes) < 2)
		return refuse_one_node("remote");
	if (node >= MAX_NODES)
		return err_set(EINVAL, "memory policy \"remote\": there is no node %u", node);
	return find_remote(&nodes, node, ret_node);
}

static int parse_policy(const char *policy, enum mode *ret_mode, unsigned int *ret_number)
{
	static const char *const names[] = {
		[MODE_DEFAULT] = "default",
		[MODE_LOCAL] = "local",
		[MODE_REMOTE] = "remote",
		[MODE_INTERLEAVE] = "interleave",
	};
	uint64_t number;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(policy, names[i]))
			continue;
		*ret_mode = (enum mode)i;
		return 0;
	}
	if (strncmp(policy, "node:", 5))
		return err_set(EINVAL,
			       "memory policy \"%s\" is none of default, local, remote, "
			       "interleave, node:N",
			       policy);
	if (parse_u64(policy + 5, &number))
		return err_set(
			EINVAL,
			"memory policy \"%s\" is not node:N with the number of a memory node",
			policy);
	*ret_mode = MODE_NODE;
	*ret_number = number < MAX_NODES ? (unsigned int)number : MAX_NODES;
	return 0;
}

/* Does the kernel, or a sandbox around this process, let it set policies? */
static int probe_kernel(const char *policy)
{
	int mode;

	if (!get_mempolicy(&mode, NULL, 0, NULL, 0))
		return 0;
	if (errno == ENOSYS)
		return err_set(
			ENOSYS,
			"memory policy \"%s\": this kernel has no NUMA policies (CONFIG_NUMA)",
			policy);
	return err_sys(errno, "memory policy \"%s\"", policy);
}

/* Everything that can be wrong with @policy on this machine; the nodes for those that need them. */
static int check_policy(const char *policy, enum mode *ret_mode, unsigned int *ret_number,
			struct node_set *nodes)
{
	int ret = parse_policy(policy, ret_mode, ret_number);

	if (ret || *ret_mode == MODE_DEFAULT)
		return ret;
	ret = probe_kernel(policy);
	if (!ret)
		ret = read_nodes(nodes);
	if (ret)
		return ret;
	if ((*ret_mode == MODE_REMOTE || *ret_mode == MODE_INTERLEAVE) && set_count(nodes) < 2)
		return refuse_one_node(policy);
	if (*ret_mode == MODE_NODE && !set_has(nodes, *ret_number))
		return err_set(EINVAL,
			       "memory policy \"%s\": there is no such node with memory that this "
			       "process may use",
			       policy);
	return 0;
}

int mempol_check(const char *policy)
{
	unsigned int number, node, remote;
	struct node_set nodes;
	enum mode mode;
	int ret = check_policy(policy, &mode, &number, &nodes);

	if (ret || mode != MODE_REMOTE)
		return ret;
	for (node = 0; node < MAX_NODES; node++) {
		if (!set_has(&nodes, node))
			continue;
		ret = find_remote(&nodes, node, &remote);
		if (ret)
			return ret;
	}
	return 0;
}

static int set_policy(const char *policy, int mode, const struct node_set *nodes)
{
	long ret;

	/* The kernel takes one off the number of bits (get_nodes(), mm/mempolicy.c). */
	ret = set_mempolicy(mode, nodes ? nodes->bits : NULL, nodes ? MAX_NODES + 1 : 0);
	return ret ? err_sys(errno, "memory policy \"%s\"", policy) : 0;
}

int mempol_apply_self(const char *policy, unsigned int node)
{
	unsigned int number = 0;
	struct node_set nodes;
	enum mode mode;
	int ret = check_policy(policy, &mode, &number, &nodes);

	if (ret)
		return ret;
	switch (mode) {
	case MODE_DEFAULT:
		/* Where no policy can be set, none was. */
		ret = set_policy(policy, MPOL_DEFAULT, NULL);
		return ret == -ENOSYS || ret == -EPERM ? 0 : ret;
	case MODE_LOCAL:
		return set_policy(policy, MPOL_LOCAL, NULL);
	case MODE_INTERLEAVE:
		return set_policy(policy, MPOL_INTERLEAVE, &nodes);
	case MODE_REMOTE:
		ret = mempol_remote_node(node, &number);
		if (ret)
			return ret;
		break;
	case MODE_NODE:
		break;
	}
	memset(&nodes, 0, sizeof(nodes));
	set_add(&nodes, number);
	return set_policy(policy, MPOL_BIND, &nodes);
}
