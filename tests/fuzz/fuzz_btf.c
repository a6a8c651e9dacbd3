// SPDX-License-Identifier: GPL-2.0-or-later
/* Type information (BTF) by itself: layouts are read, and compared with themselves. */
#include "data/layout.h"
#include "fuzz.h"

static void look(const struct layout_struct *s)
{
	struct layout_diff diff;
	uint64_t holes;
	size_t paddings;

	for (size_t i = 0; i < s->nr_members; i++) {
		fuzz_check_printable(s->members[i].path, false);
		fuzz_check_printable(s->members[i].type, false);
	}
	layout_waste(s, &paddings, &holes);
	if (layout_compare(s, s, 64, &diff))
		fuzz_fail("a layout that cannot be compared");
	layout_diff_free(&diff);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	static const char *const names[] = {"mem_cgroup", "page_counter", "list_head"};
	struct layout *layout = NULL;
	int ret;

	fuzz_expect_sentence();
	ret = layout_read(input, size, "it", names, ARRAY_SIZE(names), &layout);
	fuzz_check_error(ret);
	if (ret)
		return 0;
	for (size_t i = 0; i < layout->nr_structs; i++)
		look(&layout->structs[i]);
	layout_free(layout);
	return 0;
}
