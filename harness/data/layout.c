// SPDX-License-Identifier: GPL-2.0-or-later
#include "data/layout.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/printable.h"

/*
 * Declared in include/linux/memcontrol.h, page_counter.h, mmzone.h and swap_cgroup.h, and in mm/memcontrol.c and mm/swap_cgroup.c.
 * memcg_stock_pcp was split in 6.17: its objcg half is obj_stock_pcp. Before 6.1 memcg_vmstats was a part of mem_cgroup.
 */
const char *const layout_memcg_structs[] = {
	"mem_cgroup",
	"mem_cgroup_per_node",
	"page_counter",
	"memcg_stock_pcp",
	"obj_stock_pcp",
	"obj_stock",
	"memcg_vmstats",
	"memcg_vmstats_percpu",
	"lruvec",
	"lruvec_stats",
	"lruvec_stats_percpu",
	"lru_gen_folio",
	"obj_cgroup",
	"mem_cgroup_reclaim_iter",
	"mem_cgroup_thresholds",
	"memcg_cgwb_frn",
	"swap_cgroup",
	"swap_cgroup_ctrl",
	NULL,
};

/* Deeper nesting or chains of types than this are no C that a kernel has. */
#define DEPTH_MAX 32
#define TYPE_MAX  256
/*
 * Of one structure, far beyond any: mem_cgroup of 6.12 has 2 KB and some 150 members. Those within it are counted, since each of a chain of nameless ones may
 * hold the next many times; and lines that members lie on, each member's by itself, since unions may hold many as large as they are.
 */
#define BYTES_MAX   (256u << 10)
#define MEMBERS_MAX 1024
#define LINES_MAX   65536

struct reader {
	const struct btf *btf;
	const char *what;
	size_t size; /* of the members' array */
	size_t nr_visited;
};

/* --- names of types --- */

static const char *name_of(const struct btf *btf, const struct btf_type *t)
{
	const char *name = btf__name_by_offset(btf, t->name_off);

	return name ? name : "";
}

static void append(char *text, const char *more)
{
	size_t len = strlen(text);

	snprintf(text + len, TYPE_MAX - len, "%s", more);
}

static const char *keyword(const struct btf_type *t)
{
	switch (btf_kind(t)) {
	case BTF_KIND_STRUCT:
		return "struct ";
	case BTF_KIND_UNION:
		return "union ";
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
		return "enum ";
	case BTF_KIND_FWD:
		return btf_kflag(t) ? "union " : "struct ";
	default:
		return "";
	}
}

/* Append the type's name as C has it before (@suffix: and what C has behind) the member's name. */
static void put_type(const struct btf *btf, uint32_t id, char *text, char *suffix, int depth)
{
	const struct btf_type *t = btf__type_by_id(btf, id);
	char dimension[24];

	if (!t || depth > DEPTH_MAX) {
		append(text, id ? "?" : "void");
		return;
	}
	switch (btf_kind(t)) {
	case BTF_KIND_PTR:
		put_type(btf, t->type, text, suffix, depth + 1);
		append(text, text[0] && text[strlen(text) - 1] == '*' ? "*" : " *");
		return;
	case BTF_KIND_ARRAY:
		snprintf(dimension, sizeof(dimension), "[%u]", btf_array(t)->nelems);
		append(suffix, dimension);
		put_type(btf, btf_array(t)->type, text, suffix, depth + 1);
		return;
	case BTF_KIND_CONST:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_TYPE_TAG:
		/* Qualifiers and tags such as __percpu change nothing of a layout, and not every compiler keeps them. */
		put_type(btf, t->type, text, suffix, depth + 1);
		return;
	case BTF_KIND_FUNC_PROTO:
		put_type(btf, t->type, text, suffix, depth + 1);
		append(suffix, "()");
		return;
	case BTF_KIND_UNKN:
		append(text, "void");
		return;
	default:
		append(text, keyword(t));
		append(text, name_of(btf, t)[0] ? name_of(btf, t) : "{...}");
	}
}

static char *type_text(const struct btf *btf, uint32_t id)
{
	char text[TYPE_MAX] = "", suffix[TYPE_MAX] = "";

	put_type(btf, id, text, suffix, 0);
	append(text, suffix);
	printable(text, false);
	return strdup(text);
}

/* --- members --- */

/* The type behind typedefs and qualifiers. */
static const struct btf_type *bare_type(const struct btf *btf, uint32_t id)
{
	const struct btf_type *t = btf__type_by_id(btf, id);
	int depth = 0;

	while (t && depth++ < DEPTH_MAX &&
	       (btf_is_mod(t) || btf_is_typedef(t) || btf_kind(t) == BTF_KIND_TYPE_TAG))
		t = btf__type_by_id(btf, t->type);
	return t;
}

static bool is_padding(const struct btf *btf, uint32_t id)
{
	const struct btf_type *t = bare_type(btf, id);

	return t && btf_is_composite(t) && strstr(name_of(btf, t), "padding");
}

static int add_member(struct reader *reader, struct layout_struct *s, const struct layout_member *member)
{
	printable(member->path, false);
	if (s->nr_members == reader->size) {
		size_t size = reader->size ? 2 * reader->size : 32;
		struct layout_member *members = reallocarray(s->members, size, sizeof(*members));

		if (!members)
			return -ENOMEM;
		s->members = members;
		reader->size = size;
	}
	s->members[s->nr_members++] = *member;
	return 0;
}

static int read_members(struct reader *reader, const struct btf_type *t, const char *prefix, uint64_t base_bits,
			struct layout_struct *s, int depth);

/* @path is taken over. */
static int read_plain(struct reader *reader, const struct btf_type *t, uint32_t i, char *path, uint64_t offset_bits,
		      struct layout_struct *s)
{
	uint32_t id = btf_members(t)[i].type, bits = btf_member_bitfield_size(t, i);
	int64_t bytes = btf__resolve_size(reader->btf, id);
	struct layout_member member = {
		.path = path,
		.type = type_text(reader->btf, id),
		.offset_bits = offset_bits,
		.size_bits = bits ? bits : bytes > 0 ? (uint64_t)bytes * 8 : 0,
		.bitfield = bits != 0,
		.padding = is_padding(reader->btf, id),
	};
	int ret = member.type ? 0 : -ENOMEM;

	if (!ret && bytes < 0)
		ret = err_set(EBADMSG, "%s: damaged BTF: %s.%s has no size", reader->what, s->name, path);
	if (!ret)
		ret = add_member(reader, s, &member);
	if (ret) {
		free(member.path);
		free(member.type);
	}
	return ret;
}

/* What has no name of its own to be looked up by is looked into: its members are the structure's. */
static int read_member(struct reader *reader, const struct btf_type *t, uint32_t i, const char *prefix,
		       uint64_t base_bits, struct layout_struct *s, int depth)
{
	const struct btf_member *m = &btf_members(t)[i];
	const struct btf_type *inner = btf__type_by_id(reader->btf, m->type);
	const char *name = btf__name_by_offset(reader->btf, m->name_off);
	uint64_t offset_bits = base_bits + btf_member_bit_offset(t, i);
	char *path = NULL;
	int ret;

	if (!inner || !name)
		return err_set(EBADMSG, "%s: damaged BTF: member %u of %s", reader->what, i, s->name);
	if (++reader->nr_visited > MEMBERS_MAX)
		return err_set(EBADMSG, "%s: damaged BTF: more than %d members in %s", reader->what, MEMBERS_MAX, s->name);
	if (!name[0] && !btf_is_composite(inner))
		return 0; /* an unnamed bit-field: room without a member */
	if (btf_is_composite(inner) && !name_of(reader->btf, inner)[0]) {
		if (asprintf(&path, "%s%s%s", prefix, name, name[0] ? "." : "") < 0)
			return -ENOMEM;
		ret = read_members(reader, inner, path, offset_bits, s, depth + 1);
		free(path);
		return ret;
	}
	if (asprintf(&path, "%s%s", prefix, name) < 0)
		return -ENOMEM;
	return read_plain(reader, t, i, path, offset_bits, s);
}

static int read_members(struct reader *reader, const struct btf_type *t, const char *prefix, uint64_t base_bits,
			struct layout_struct *s, int depth)
{
	int ret = 0;
	uint32_t i;

	if (depth > DEPTH_MAX)
		return err_set(EBADMSG, "%s: damaged BTF: %s is nested without an end", reader->what, s->name);
	for (i = 0; !ret && i < btf_vlen(t); i++)
		ret = read_member(reader, t, i, prefix, base_bits, s, depth);
	return ret;
}

/* Insertion sort: stable, and members come nearly sorted. */
static void sort_members(struct layout_struct *s)
{
	size_t i, j;

	for (i = 1; i < s->nr_members; i++) {
		struct layout_member member = s->members[i];

		for (j = i; j && s->members[j - 1].offset_bits > member.offset_bits; j--)
			s->members[j] = s->members[j - 1];
		s->members[j] = member;
	}
}

static const struct btf_type *find_struct(const struct btf *btf, const char *name)
{
	uint32_t i, nr = btf__type_cnt(btf);

	for (i = 1; i < nr; i++) {
		const struct btf_type *t = btf__type_by_id(btf, i);

		if (btf_is_composite(t) && !strcmp(name_of(btf, t), name))
			return t;
	}
	return NULL;
}

static int check_size(const struct reader *reader, const struct layout_struct *s)
{
	uint64_t nr_lines = 0, first, last;
	size_t i;

	for (i = 0; i < s->nr_members; i++) {
		const struct layout_member *m = &s->members[i];

		if (m->offset_bits > 8 * s->size_bytes || m->size_bits > 8 * s->size_bytes - m->offset_bits)
			return err_set(EBADMSG, "%s: damaged BTF: %s.%s ends behind its structure", reader->what, s->name, m->path);
		if (layout_lines(m, 64, &first, &last))
			nr_lines += last - first + 1;
	}
	if (s->size_bytes > BYTES_MAX || nr_lines > LINES_MAX)
		return err_set(EBADMSG, "%s: damaged BTF: %s is larger than any structure of memcg", reader->what, s->name);
	return 0;
}

static int read_struct(const struct btf *btf, const char *what, struct layout_struct *s)
{
	struct reader reader = {.btf = btf, .what = what};
	const struct btf_type *t = find_struct(btf, s->name);
	int ret;

	if (!t)
		return 0;
	s->exists = true;
	s->is_union = btf_is_union(t);
	s->size_bytes = t->size;
	ret = read_members(&reader, t, "", 0, s, 0);
	if (ret == -ENOMEM)
		return err_sys(ENOMEM, "layout of %s", s->name);
	if (!ret)
		ret = check_size(&reader, s);
	sort_members(s);
	return ret;
}

static int read_all(const struct btf *btf, const char *what, struct layout *layout)
{
	size_t i;
	int ret;

	for (i = 0; i < layout->nr_structs; i++) {
		ret = read_struct(btf, what, &layout->structs[i]);
		if (ret)
			return ret;
		layout->nr_found += layout->structs[i].exists;
	}
	return 0;
}

int layout_read(const void *bytes, size_t size, const char *what, const char *const *names, size_t nr_names,
		struct layout **ret_layout)
{
	struct layout *layout;
	struct btf *btf;
	size_t i;
	int ret;

	/* libbpf would print what it thinks. */
	libbpf_set_print(NULL);
	if (size > UINT32_MAX)
		return err_set(EBADMSG, "%s: damaged BTF: %zu bytes", what, size);
	btf = btf__new(bytes, (uint32_t)size);
	if (!btf) {
		if (errno == ENOMEM)
			return err_sys(ENOMEM, "BTF of %s", what);
		return err_set(EBADMSG, "%s: truncated or damaged BTF (%zu bytes)", what, size);
	}
	layout = calloc(1, sizeof(*layout));
	if (layout)
		layout->structs = calloc(nr_names + 1, sizeof(*layout->structs));
	if (layout && layout->structs) {
		layout->nr_structs = nr_names;
		for (i = 0; i < nr_names; i++)
			layout->structs[i].name = names[i];
		ret = read_all(btf, what, layout);
	} else {
		ret = err_sys(ENOMEM, "layouts of %s", what);
	}
	btf__free(btf);
	if (ret) {
		layout_free(layout);
		return ret;
	}
	*ret_layout = layout;
	return 0;
}

void layout_free(struct layout *layout)
{
	size_t i, j;

	if (!layout)
		return;
	for (i = 0; i < layout->nr_structs; i++) {
		for (j = 0; j < layout->structs[i].nr_members; j++) {
			free(layout->structs[i].members[j].path);
			free(layout->structs[i].members[j].type);
		}
		free(layout->structs[i].members);
	}
	free(layout->structs);
	free(layout);
}

bool layout_lines(const struct layout_member *member, unsigned int line_bytes, uint64_t *ret_first, uint64_t *ret_last)
{
	uint64_t line_bits = 8ull * line_bytes;

	if (!member->size_bits)
		return false;
	*ret_first = member->offset_bits / line_bits;
	*ret_last = (member->offset_bits + member->size_bits - 1) / line_bits;
	return true;
}

void layout_waste(const struct layout_struct *s, size_t *ret_paddings, uint64_t *ret_hole_bytes)
{
	uint64_t end_bits = 0, hole_bytes = 0;
	size_t paddings = 0, i;

	for (i = 0; i < s->nr_members; i++) {
		const struct layout_member *m = &s->members[i];

		paddings += m->padding;
		if (m->offset_bits > end_bits)
			hole_bytes += (m->offset_bits - end_bits) / 8;
		if (m->offset_bits + m->size_bits > end_bits)
			end_bits = m->offset_bits + m->size_bits;
	}
	if (s->size_bytes * 8 > end_bits)
		hole_bytes += (s->size_bytes * 8 - end_bits) / 8;
	*ret_paddings = paddings;
	*ret_hole_bytes = hole_bytes;
}
