// SPDX-License-Identifier: GPL-2.0-or-later
/* Where the memory controller is mounted, where in it this process is, and what it may do there. */
#include "machine/cgroup_ops.h"
#include "machine/owner.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "base/err.h"
#include "base/fs.h"

/* PROC_CGROUP_INIT_INO in include/linux/proc_ns.h */
#define CGROUP_INIT_INO 0xEFFFFFFBU

/* A line of /proc/self/mountinfo; the strings lie in the text that it was parsed from. */
struct mount {
	char *root;  /* which directory of the hierarchy is shown */
	char *point; /* where */
	char *fstype;
	char *super_options;
};

struct mounts {
	char *text;
	struct mount *list;
	size_t nr;
};

static void free_mounts(struct mounts *mounts)
{
	free(mounts->text);
	free(mounts->list);
}

#define __free_mounts __attribute__((__cleanup__(free_mounts)))

/* Blank, tab, newline, backslash stand as three octal digits: mangle() in fs/proc_namespace.c. */
static void unescape(char *text)
{
	char *out = text;

	while (*text) {
		if (text[0] == '\\' && text[1] >= '0' && text[1] <= '3' && text[2] >= '0' &&
		    text[2] <= '7' && text[3] >= '0' && text[3] <= '7') {
			*out++ = (char)((text[1] - '0') << 6 | (text[2] - '0') << 3 |
					(text[3] - '0'));
			text += 4;
		} else {
			*out++ = *text++;
		}
	}
	*out = '\0';
}

/*
 * "36 35 98:0 ROOT POINT OPTIONS [OPTIONAL ...] - FSTYPE SOURCE SUPER_OPTIONS": any number of
 * optional fields, and a source that may be empty.
 */
static bool parse_mount(char *line, struct mount *ret_mount)
{
	char *field[6], *word;

	for (size_t i = 0; i < ARRAY_SIZE(field); i++)
		field[i] = strsep(&line, " ");
	do
		word = strsep(&line, " ");
	while (word && strcmp(word, "-"));
	if (!word)
		return false;
	ret_mount->root = field[3];
	ret_mount->point = field[4];
	ret_mount->fstype = strsep(&line, " ");
	strsep(&line, " ");
	ret_mount->super_options = strsep(&line, " ");
	if (!ret_mount->super_options)
		return false;
	unescape(ret_mount->root);
	unescape(ret_mount->point);
	return true;
}

static int read_mounts(struct mounts *ret_mounts)
{
	struct mounts mounts = {0};
	size_t nr_lines = 1;
	char *rest, *line;
	int ret = fs_read(&mounts.text, "/proc/self/mountinfo");

	if (ret)
		return ret;
	for (const char *p = mounts.text; *p; p++)
		nr_lines += *p == '\n';
	mounts.list = calloc(nr_lines, sizeof(*mounts.list));
	if (!mounts.list) {
		free_mounts(&mounts);
		return err_sys(ENOMEM, "read /proc/self/mountinfo");
	}
	rest = mounts.text;
	while ((line = strsep(&rest, "\n")))
		if (parse_mount(line, &mounts.list[mounts.nr]))
			mounts.nr++;
	*ret_mounts = mounts;
	return 0;
}

/* A later mount on the same point covers this one. */
static bool is_covered(const struct mounts *mounts, size_t index)
{
	for (size_t i = index + 1; i < mounts->nr; i++)
		if (!strcmp(mounts->list[i].point, mounts->list[index].point))
			return true;
	return false;
}

static bool is_below(const char *path, const char *prefix)
{
	size_t len = strlen(prefix);

	return !strncmp(path, prefix, len) && strchr("/", path[len]);
}

/*
 * The path below the mount's root of the cgroup @own; NULL where the mount does not show it. A path
 * that begins with "/.." lies outside our cgroup namespace, where names are not known.
 */
static const char *path_in_mount(const char *own, const char *root)
{
	if (is_below(own, "/.."))
		return NULL;
	if (!strcmp(root, "/"))
		return strcmp(own, "/") ? own : "";
	return is_below(own, root) ? own + strlen(root) : NULL;
}

/* Our own cgroup in the hierarchy of @ops, from /proc/self/cgroup. NULL: no such line. */
static char *own_cgroup(const struct cg_ops *ops, const char *text)
{
	__free_mem char *copy = strdup(text);
	char *rest = copy, *line;

	while ((line = strsep(&rest, "\n"))) {
		const char *id = strsep(&line, ":");
		const char *controllers = strsep(&line, ":");

		if (line && ops->is_own_line(id, controllers))
			return strdup(line);
	}
	return NULL;
}

static bool in_initial_namespace(void)
{
	char path[PATH_MAX], target[64];
	unsigned int inode;
	ssize_t len;

	snprintf(path, sizeof(path), "%s/proc/self/ns/cgroup", fs_root());
	len = readlink(path, target, sizeof(target) - 1);
	/* Before 4.6 there is only one. */
	if (len < 0)
		return true;
	target[len] = '\0';
	return sscanf(target, "cgroup:[%u]", &inode) == 1 && inode == CGROUP_INIT_INO;
}

static unsigned int nr_components(const char *path)
{
	unsigned int nr = 0;

	for (; *path; path++)
		nr += path[0] == '/' && path[1] && path[1] != '/';
	return nr;
}

/* Cut "/memcgbench.PID.START.NS/self" off: who stepped aside, and what it starts, work beside it. */
static void cut_aside(char *path)
{
	char *last = strrchr(path, '/'), *name;
	struct owner owner;

	if (!last || last == path || strcmp(last + 1, CG_ASIDE))
		return;
	*last = '\0';
	name = strrchr(path, '/');
	if (name && owner_parse(name + 1, &owner))
		*name = '\0';
	else
		*last = '/';
}

static void __printf(2, 3) set_why(struct cg_info *info, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(info->why, sizeof(info->why), fmt, ap);
	va_end(ap);
}

static bool may_enter_root(const struct cg_ops *ops, const char *mount)
{
	char procs[300];

	if (!in_initial_namespace() || !ops->dir_is_root(mount))
		return false;
	snprintf(procs, sizeof(procs), "%s/cgroup.procs", mount);
	return !cg_access(mount, W_OK | X_OK) && !cg_access(procs, W_OK);
}

static void choose_top(const struct cg_ops *ops, const char *mount_root, const char *own,
		       struct cg_info *info)
{
	bool whole = !strcmp(mount_root, "/");

	info->can_enter_root = whole && may_enter_root(ops, info->mount);
	if (info->can_enter_root) {
		snprintf(info->top, sizeof(info->top), "%s", info->mount);
	} else {
		char known[sizeof(info->self) + 256];

		snprintf(info->top, sizeof(info->top), "%s%s", info->mount, info->self);
		cut_aside(info->top + strlen(info->mount));
		snprintf(known, sizeof(known), "%s", own);
		cut_aside(known);
		/* The root of a namespace is one level down or more, unless we see it is not. */
		info->top_depth =
			nr_components(known) +
			!(in_initial_namespace() || (whole && ops->dir_is_root(info->mount)));
	}
	if (ops->check_top(info))
		set_why(info, "%s", err_msg());
}

/*
 * The best mount of this hierarchy: one that shows it whole, else the first that shows our own
 * cgroup. False: there is none with a memory controller.
 */
static bool find_place(const struct cg_ops *ops, const struct mounts *mounts, const char *own,
		       struct cg_info *info)
{
	const struct mount *best = NULL;
	bool seen = false;

	for (size_t i = 0; i < mounts->nr; i++) {
		const struct mount *mount = &mounts->list[i];
		const char *below;

		if (!ops->is_mount(mount->fstype, mount->super_options) || is_covered(mounts, i) ||
		    strlen(mount->point) >= sizeof(info->mount) || !ops->has_memory(mount->point))
			continue;
		seen = true;
		below = path_in_mount(own, mount->root);
		if (!below || strlen(below) >= sizeof(info->self) ||
		    !fs_exists("%s%s/cgroup.procs", mount->point, below))
			continue;
		if (!best || (strcmp(best->root, "/") && !strcmp(mount->root, "/")))
			best = mount;
	}
	if (!seen)
		return false;
	info->version = ops->version;
	if (!best) {
		set_why(info, "this process is in the memory cgroup %s, which no mount shows", own);
		return true;
	}
	snprintf(info->mount, sizeof(info->mount), "%s", best->point);
	snprintf(info->self, sizeof(info->self), "%s", path_in_mount(own, best->root));
	choose_top(ops, best->root, own, info);
	return true;
}

/* The memory line of /proc/cgroups: "memory HIERARCHY NUM_CGROUPS ENABLED". */
static bool read_controller_line(unsigned int *ret_hierarchy, unsigned int *ret_enabled)
{
	__free_mem char *text = NULL;
	char *rest, *line;
	unsigned int nr_cgroups;

	if (fs_read(&text, "/proc/cgroups"))
		return false;
	rest = text;
	while ((line = strsep(&rest, "\n")))
		if (sscanf(line, "memory %u %u %u", ret_hierarchy, &nr_cgroups, ret_enabled) == 3)
			return true;
	return false;
}

static const char *cgroup2_mount(const struct mounts *mounts)
{
	for (size_t i = 0; i < mounts->nr; i++)
		if (!strcmp(mounts->list[i].fstype, "cgroup2"))
			return mounts->list[i].point;
	return NULL;
}

static void explain_none(const struct mounts *mounts, struct cg_info *info)
{
	const char *cgroup2 = cgroup2_mount(mounts);
	unsigned int hierarchy, enabled;
	bool listed = read_controller_line(&hierarchy, &enabled);

	if (listed && !enabled)
		set_why(info, "the memory controller is switched off on the kernel command line "
			      "(cgroup_disable=memory)");
	else if (listed && hierarchy)
		set_why(info, "the memory controller is bound to a cgroup v1 hierarchy that is not "
			      "mounted "
			      "here: mount -t cgroup -o memory none DIR");
	else if (cgroup2)
		set_why(info,
			"%s/cgroup.controllers does not list memory: the kernel is built without "
			"CONFIG_MEMCG, or the controller was not handed down to this container",
			cgroup2);
	else if (listed)
		set_why(info,
			"no cgroup file system is mounted: mount -t cgroup2 none /sys/fs/cgroup");
	else
		set_why(info, "/proc/cgroups lists no memory controller (CONFIG_MEMCG is not in "
			      "this kernel) "
			      "and no cgroup2 file system is mounted");
}

int cg_detect(struct cg_info *ret_info)
{
	static const struct cg_ops *const all[] = {&cg_v1_ops, &cg_v2_ops};
	__free_mounts struct mounts mounts = {0};
	__free_mem char *text = NULL;
	struct cg_info info = {.version = CG_NONE};
	bool found = false;
	int ret = read_mounts(&mounts);

	if (ret)
		return ret;
	ret = fs_read(&text, "/proc/self/cgroup");
	if (ret == -ENOENT) {
		set_why(&info, "this kernel is built without CONFIG_CGROUPS");
		*ret_info = info;
		return 0;
	}
	if (ret)
		return ret;
	for (size_t i = 0; i < ARRAY_SIZE(all) && !found; i++) {
		__free_mem char *own = own_cgroup(all[i], text);

		found = own && find_place(all[i], &mounts, own, &info);
	}
	if (!found)
		explain_none(&mounts, &info);
	info.hybrid = info.version == CG_V1 && cgroup2_mount(&mounts);
	*ret_info = info;
	return 0;
}
