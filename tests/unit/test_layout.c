// SPDX-License-Identifier: GPL-2.0-or-later
/* data/layout.h and what out/ makes of it, on BTF that is made here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <bpf/btf.h>
#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "data/layout.h"
#include "out/layout_json.h"
#include "out/layout_text.h"

/* Ids of the basic types of every BTF made here. */
struct types {
	struct btf *btf;
	int int_id, long_id, bool_id, long4_id, pointer_id, padding_id;
};

static void types_begin(struct types *types)
{
	struct btf *btf = btf__new_empty();
	int index_id;

	assert_non_null(btf);
	types->btf = btf;
	types->int_id = btf__add_int(btf, "int", 4, BTF_INT_SIGNED);
	types->long_id = btf__add_int(btf, "long", 8, BTF_INT_SIGNED);
	types->bool_id = btf__add_int(btf, "bool", 1, BTF_INT_BOOL);
	index_id = btf__add_int(btf, "index", 4, 0);
	types->long4_id = btf__add_array(btf, index_id, types->long_id, 4);
	types->pointer_id = btf__add_ptr(btf, btf__add_const(btf, types->long_id));
	types->padding_id = btf__add_struct(btf, "cacheline_padding", 0);
}

static void field(struct types *types, const char *name, int type, uint32_t offset_bytes)
{
	assert_int_equal(btf__add_field(types->btf, name, type, offset_bytes * 8, 0), 0);
}

static struct layout *read_names(struct types *types, const char *const *names, size_t nr)
{
	struct layout *layout = NULL;
	uint32_t size;
	const void *bytes = btf__raw_data(types->btf, &size);

	assert_non_null(bytes);
	assert_int_equal(layout_read(bytes, size, "test", names, nr, &layout), 0);
	btf__free(types->btf);
	return layout;
}

static struct layout *read_one(struct types *types, const char *const *name)
{
	return read_names(types, name, 1);
}

static const char *const counter = "counter";

/* usage and max on a line of their own each; @max_offset says where max is. */
static struct layout *make_counter(uint32_t max_offset, bool with_extra)
{
	struct types types;

	types_begin(&types);
	assert_true(btf__add_struct(types.btf, "counter", 192) > 0);
	field(&types, "usage", types.long_id, 0);
	field(&types, "failcnt", types.long_id, 8);
	field(&types, "pad", types.padding_id, 64);
	field(&types, "emin", types.long_id, 64);
	field(&types, "max", types.long_id, max_offset);
	field(&types, "parent", types.pointer_id, 136);
	if (with_extra)
		field(&types, "extra", types.bool_id, 144);
	return read_one(&types, &counter);
}

static const struct layout_member *member(const struct layout_struct *s, const char *path)
{
	size_t i;

	for (i = 0; i < s->nr_members; i++)
		if (!strcmp(s->members[i].path, path))
			return &s->members[i];
	fail_msg("no member %s", path);
	return NULL;
}

static void reads_members(void **state)
{
	struct layout *layout = make_counter(128, false);
	const struct layout_struct *s = &layout->structs[0];
	uint64_t first, last, holes;
	size_t paddings;

	(void)state;
	assert_true(s->exists);
	assert_int_equal(s->size_bytes, 192);
	assert_int_equal(s->nr_members, 6);
	assert_string_equal(member(s, "parent")->type, "long *");
	assert_int_equal(member(s, "max")->offset_bits, 1024);
	assert_true(member(s, "pad")->padding);
	assert_false(layout_lines(member(s, "pad"), 64, &first, &last));
	assert_true(layout_lines(member(s, "max"), 64, &first, &last));
	assert_int_equal(first, 2);
	assert_true(layout_lines(member(s, "max"), 128, &first, &last));
	assert_int_equal(first, 1);
	layout_waste(s, &paddings, &holes);
	assert_int_equal(paddings, 1);
	/* 16…63, 72…127, 144…191. */
	assert_int_equal(holes, 48 + 56 + 48);
	layout_free(layout);
}

/* union { long a; struct { int b; int c:3; }; }; struct { long d; } inner; long e[4]; */
static void looks_into_what_has_no_name(void **state)
{
	static const char *const names[] = {"outer", "not_there"};
	struct types types;
	struct layout *layout;
	const struct layout_struct *s;
	int anonymous, alternatives, inner;

	(void)state;
	types_begin(&types);
	anonymous = btf__add_struct(types.btf, NULL, 8);
	field(&types, "b", types.int_id, 0);
	assert_int_equal(btf__add_field(types.btf, "c", types.int_id, 32, 3), 0);
	alternatives = btf__add_union(types.btf, NULL, 8);
	field(&types, "a", types.long_id, 0);
	field(&types, NULL, anonymous, 0);
	inner = btf__add_struct(types.btf, NULL, 8);
	field(&types, "d", types.long_id, 0);
	assert_true(btf__add_struct(types.btf, "outer", 56) > 0);
	field(&types, "head", types.long_id, 0);
	field(&types, NULL, alternatives, 8);
	field(&types, "inner", inner, 16);
	field(&types, "e", types.long4_id, 24);
	layout = read_names(&types, names, 2);
	assert_int_equal(layout->nr_found, 1);
	assert_false(layout->structs[1].exists);
	s = &layout->structs[0];
	assert_int_equal(s->nr_members, 6);
	assert_int_equal(member(s, "a")->offset_bits, 64);
	assert_int_equal(member(s, "b")->offset_bits, 64);
	assert_int_equal(member(s, "c")->offset_bits, 96);
	assert_int_equal(member(s, "c")->size_bits, 3);
	assert_true(member(s, "c")->bitfield);
	assert_int_equal(member(s, "inner.d")->offset_bits, 128);
	assert_string_equal(member(s, "e")->type, "long[4]");
	assert_int_equal(member(s, "e")->size_bits, 256);
	layout_free(layout);
}

static void same_is_same(void **state)
{
	struct layout *old = make_counter(128, false), *new = make_counter(128, false);
	struct layout_diff diff;

	(void)state;
	assert_int_equal(layout_compare(&old->structs[0], &new->structs[0], 64, &diff), 0);
	assert_true(diff.same);
	assert_int_equal(diff.nr_changes, 0);
	assert_int_equal(diff.nr_joined, 0);
	assert_int_equal(diff.nr_parted, 0);
	layout_diff_free(&diff);
	layout_free(old);
	layout_free(new);
}

static bool line_has(const struct layout_line *line, const char *path, size_t *ret_group)
{
	size_t i;

	for (i = 0; i < line->nr_members; i++) {
		if (strcmp(line->members[i]->path, path))
			continue;
		*ret_group = line->group[i];
		return true;
	}
	return false;
}

/* The planted change: max leaves parent's line for that of usage. */
static void names_a_member_that_changed_its_line(void **state)
{
	struct layout *old = make_counter(128, false), *new = make_counter(16, false);
	struct layout_diff diff;
	size_t usage, failcnt, max, parent;

	(void)state;
	assert_int_equal(layout_compare(&old->structs[0], &new->structs[0], 64, &diff), 0);
	assert_false(diff.same);
	assert_int_equal(diff.nr_changes, 1);
	assert_string_equal(diff.changes[0].new->path, "max");
	assert_int_equal(diff.changes[0].flags, LAYOUT_MOVED);
	assert_int_equal(diff.nr_joined, 1);
	assert_int_equal(diff.joined[0].line, 0);
	assert_int_equal(diff.joined[0].nr_groups, 2);
	assert_true(line_has(&diff.joined[0], "usage", &usage));
	assert_true(line_has(&diff.joined[0], "failcnt", &failcnt));
	assert_true(line_has(&diff.joined[0], "max", &max));
	assert_int_equal(usage, failcnt);
	assert_int_not_equal(usage, max);
	assert_int_equal(diff.nr_parted, 1);
	assert_int_equal(diff.parted[0].line, 2);
	assert_true(line_has(&diff.parted[0], "max", &max));
	assert_true(line_has(&diff.parted[0], "parent", &parent));
	assert_int_not_equal(max, parent);
	layout_diff_free(&diff);
	layout_free(old);
	layout_free(new);
}

/* emin at 64 and max at 72 meet on the pair of lines that usage is on, not on a line of 64. */
static void lines_of_128_are_others(void **state)
{
	struct layout *old = make_counter(128, false), *new = make_counter(72, false);
	struct layout_diff diff;
	size_t group;

	(void)state;
	assert_int_equal(layout_compare(&old->structs[0], &new->structs[0], 64, &diff), 0);
	assert_int_equal(diff.nr_joined, 1);
	assert_int_equal(diff.joined[0].line, 1);
	assert_false(line_has(&diff.joined[0], "usage", &group));
	layout_diff_free(&diff);
	assert_int_equal(layout_compare(&old->structs[0], &new->structs[0], 128, &diff), 0);
	assert_int_equal(diff.nr_joined, 1);
	assert_int_equal(diff.joined[0].line, 0);
	assert_true(line_has(&diff.joined[0], "usage", &group));
	layout_diff_free(&diff);
	layout_free(old);
	layout_free(new);
}

static void added_and_removed(void **state)
{
	struct layout *old = make_counter(128, false), *new = make_counter(128, true);
	struct layout_diff diff;

	(void)state;
	assert_int_equal(layout_compare(&old->structs[0], &new->structs[0], 64, &diff), 0);
	assert_int_equal(diff.nr_changes, 1);
	assert_null(diff.changes[0].old);
	assert_string_equal(diff.changes[0].new->path, "extra");
	/* A newcomer shares its line with others, but nobody met anew of those that were there. */
	assert_int_equal(diff.nr_joined, 0);
	layout_diff_free(&diff);
	assert_int_equal(layout_compare(&new->structs[0], &old->structs[0], 64, &diff), 0);
	assert_int_equal(diff.nr_changes, 1);
	assert_null(diff.changes[0].new);
	layout_diff_free(&diff);
	layout_free(old);
	layout_free(new);
}

static void type_and_size_of_a_member(void **state)
{
	struct types types;
	struct layout *old, *new;
	struct layout_diff diff;

	(void)state;
	types_begin(&types);
	btf__add_struct(types.btf, "counter", 16);
	field(&types, "a", types.long_id, 0);
	field(&types, "b", types.long_id, 8);
	old = read_one(&types, &counter);
	types_begin(&types);
	btf__add_struct(types.btf, "counter", 16);
	field(&types, "a", types.pointer_id, 0);
	field(&types, "b", types.int_id, 8);
	new = read_one(&types, &counter);
	assert_int_equal(layout_compare(&old->structs[0], &new->structs[0], 64, &diff), 0);
	assert_false(diff.same);
	assert_int_equal(diff.nr_changes, 2);
	assert_int_equal(diff.changes[0].flags, LAYOUT_RETYPED);
	assert_int_equal(diff.changes[1].flags, LAYOUT_RETYPED | LAYOUT_RESIZED);
	layout_diff_free(&diff);
	layout_free(old);
	layout_free(new);
}

static void a_structure_that_one_lacks(void **state)
{
	struct layout *old = make_counter(128, false), *new;
	struct types types;
	struct layout_diff diff;

	(void)state;
	types_begin(&types);
	new = read_one(&types, &counter);
	assert_int_equal(new->nr_found, 0);
	assert_int_equal(layout_compare(&old->structs[0], &new->structs[0], 64, &diff), 0);
	assert_false(diff.same);
	assert_int_equal(diff.nr_changes, 0);
	layout_diff_free(&diff);
	assert_int_equal(layout_compare(&new->structs[0], &new->structs[0], 64, &diff), 0);
	assert_true(diff.same);
	layout_diff_free(&diff);
	layout_free(old);
	layout_free(new);
}

/* No length of a cut file makes the reader stumble. */
static void damaged_bytes(void **state)
{
	struct types types;
	struct layout *layout = NULL;
	const char *bytes;
	char *copy;
	uint32_t size, cut;

	(void)state;
	types_begin(&types);
	btf__add_struct(types.btf, "counter", 16);
	field(&types, "a", types.long_id, 0);
	bytes = btf__raw_data(types.btf, &size);
	for (cut = 0; cut < size; cut++) {
		copy = malloc(cut + 1);
		memcpy(copy, bytes, cut);
		assert_int_equal(layout_read(copy, cut, "cut", &counter, 1, &layout), -EBADMSG);
		assert_null(layout);
		assert_non_null(strstr(err_msg(), "cut: truncated or damaged BTF"));
		free(copy);
	}
	btf__free(types.btf);
}

/* A struct that holds itself through an anonymous member is no C, but a file may say so. */
static void nesting_without_end(void **state)
{
	struct types types;
	struct layout *layout = NULL;
	uint32_t size;
	const void *bytes;
	int loop;

	(void)state;
	types_begin(&types);
	loop = btf__add_struct(types.btf, NULL, 8);
	field(&types, NULL, loop, 0);
	btf__add_struct(types.btf, "counter", 8);
	field(&types, NULL, loop, 0);
	bytes = btf__raw_data(types.btf, &size);
	assert_int_equal(layout_read(bytes, size, "loop", &counter, 1, &layout), -EBADMSG);
	btf__free(types.btf);
}

static void assert_damaged(struct types *types, const char *what, const char *sentence)
{
	struct layout *layout = NULL;
	uint32_t size;
	const void *bytes = btf__raw_data(types->btf, &size);

	assert_int_equal(layout_read(bytes, size, what, &counter, 1, &layout), -EBADMSG);
	assert_non_null(strstr(err_msg(), sentence));
	btf__free(types->btf);
}

/* A few bytes say that each of many nameless structures holds the next several times, and that a structure has gigabytes: neither takes time or memory. */
static void larger_than_any(void **state)
{
	struct types types;
	int inner, i, k;

	(void)state;
	types_begin(&types);
	inner = btf__add_struct(types.btf, NULL, 8);
	for (i = 0; i < 30; i++) {
		int outer = btf__add_struct(types.btf, NULL, 8);

		for (k = 0; k < 8; k++)
			field(&types, NULL, inner, 0);
		inner = outer;
	}
	btf__add_struct(types.btf, "counter", 8);
	field(&types, NULL, inner, 0);
	assert_damaged(&types, "chain", "chain: damaged BTF: more than");

	types_begin(&types);
	btf__add_struct(types.btf, "counter", 0xfffffff0);
	field(&types, "a", types.long_id, 0);
	assert_damaged(&types, "large", "larger than any");

	types_begin(&types);
	btf__add_struct(types.btf, "counter", 8);
	field(&types, "beyond", types.long_id, 64);
	assert_damaged(&types, "beyond", "counter.beyond ends behind its structure");
}

static char *diff_text(const struct layout_diff *diff, bool brief)
{
	struct layout_text_options options = {
		.old_name = "A", .new_name = "B", .line_bytes = 64, .width = 80, .brief = brief};
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_int_equal(layout_diff_text(diff, 1, &options, out), 0);
	fclose(out);
	return text;
}

static void words_of_a_difference(void **state)
{
	struct layout *old = make_counter(128, true), *new = make_counter(16, false);
	struct layout_diff diff;
	char *text;

	(void)state;
	assert_int_equal(layout_compare(&old->structs[0], &new->structs[0], 64, &diff), 0);
	text = diff_text(&diff, false);
	assert_string_equal(text, "Structures: A -> B, lines of 64 bytes\n\n"
				  "counter: 192 bytes, 3 lines; 1 removed, 1 moved\n"
				  "  removed   extra (bool, 1 byte) at 144, line 2\n"
				  "  moved     -112: max (line 2 -> 0)\n"
				  "  joined    new line 0: usage, failcnt | max\n"
				  "  parted    old line 2: max | parent\n"
				  "  unused    151 -> 152 bytes in no member\n\n");
	free(text);
	text = diff_text(&diff, true);
	assert_null(strstr(text, "joined"));
	free(text);
	layout_diff_free(&diff);
	assert_int_equal(layout_compare(&old->structs[0], &old->structs[0], 64, &diff), 0);
	text = diff_text(&diff, false);
	assert_string_equal(text, "Structures: A -> B, lines of 64 bytes\n\nsame: counter (192 bytes)\n");
	free(text);
	layout_diff_free(&diff);
	layout_free(old);
	layout_free(new);
}

static void json_of_a_difference(void **state)
{
	struct layout *old = make_counter(128, false), *new = make_counter(16, true);
	struct layout_diff diff;
	json_t *json, *s;
	const char *member_name, *joined;

	(void)state;
	assert_int_equal(layout_compare(&old->structs[0], &new->structs[0], 64, &diff), 0);
	json = layout_diff_json(&diff, 1, "A", "B", 64);
	assert_non_null(json);
	s = json_array_get(json_object_get(json, "structs"), 0);
	assert_int_equal(json_array_size(json_object_get(s, "changes")), 2);
	assert_int_equal(json_unpack(s, "{s:[{s:s}], s:[{s:[[],[s]]}]}", "changes", "member", &member_name, "joined",
				     "groups", &joined),
			 0);
	assert_string_equal(member_name, "max");
	assert_string_equal(joined, "max");
	json_decref(json);
	json = layout_json(new, "B", 64);
	assert_int_equal(json_array_size(json_object_get(json_array_get(json_object_get(json, "structs"), 0), "members")), 7);
	json_decref(json);
	layout_diff_free(&diff);
	layout_free(old);
	layout_free(new);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_members),
		cmocka_unit_test(looks_into_what_has_no_name),
		cmocka_unit_test(same_is_same),
		cmocka_unit_test(names_a_member_that_changed_its_line),
		cmocka_unit_test(lines_of_128_are_others),
		cmocka_unit_test(added_and_removed),
		cmocka_unit_test(type_and_size_of_a_member),
		cmocka_unit_test(a_structure_that_one_lacks),
		cmocka_unit_test(damaged_bytes), cmocka_unit_test(larger_than_any),
		cmocka_unit_test(nesting_without_end),
		cmocka_unit_test(words_of_a_difference),
		cmocka_unit_test(json_of_a_difference),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
