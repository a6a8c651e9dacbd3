// SPDX-License-Identifier: GPL-2.0-or-later
/* The rows of an explanation: functions of two arms, or of an arm on two kernels, beside each other. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "data/explain.h"

static const struct explain_function nothing;

static const struct explain_function *find(const struct explain_rep *rep, const char *name)
{
	const struct explain_function *function = explain_rep_find(rep, name);

	return function ? function : &nothing;
}

/* Names of reps @reps, each once, sorted; they point into the reps. */
static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int union_names(const struct explain_rep *const *reps, size_t nr_reps, const char ***ret_names, size_t *ret_nr)
{
	size_t nr = 0, kept = 0, i, k;
	const char **names;

	for (i = 0; i < nr_reps; i++)
		nr += reps[i]->nr_functions;
	names = calloc(nr + 1, sizeof(*names));
	if (!names)
		return err_sys(ENOMEM, "memory for rows");
	for (i = 0, nr = 0; i < nr_reps; i++)
		for (k = 0; k < reps[i]->nr_functions; k++)
			names[nr++] = reps[i]->functions[k].name;
	qsort(names, nr, sizeof(*names), compare_names);
	for (i = 0; i < nr; i++)
		if (!kept || strcmp(names[kept - 1], names[i]))
			names[kept++] = names[i];
	*ret_names = names;
	*ret_nr = kept;
	return 0;
}

static enum explain_note judge(const struct explain_view *view, const struct explain_row *row)
{
	bool in_old, in_new;

	if (!view->old || row->name[0] == '[')
		return EXPLAIN_PLAIN;
	in_old = row->old_inclusive > 0;
	in_new = row->new_inclusive > 0;
	if (in_new && !in_old)
		return symbols_has(&view->old->symbols, row->name) ? EXPLAIN_CALLED : EXPLAIN_NEW;
	if (in_old && !in_new)
		return symbols_has(&view->new->symbols, row->name) ? EXPLAIN_UNCALLED : EXPLAIN_GONE;
	return EXPLAIN_PLAIN;
}

static void fill_row(const struct explain_view *view, const char *name, struct explain_row *row)
{
	const struct explain_rep *old_rep = view->old ? &view->old->with : &view->new->off;
	const struct explain_function *old = find(old_rep, name), *new = find(&view->new->with, name);

	*row = (struct explain_row){
		.name = name,
		.old_self = old->self, .new_self = new->self, .change = new->self - old->self,
		.old_inclusive = old->inclusive, .new_inclusive = new->inclusive,
		.old_calls = old->calls, .new_calls = new->calls,
	};
	if (view->old && view->has_off)
		row->off_change = find(&view->new->off, name)->self - find(&view->old->off, name)->self;
	row->note = judge(view, row);
}

static const char *without_underscores(const char *name)
{
	return name + strspn(name, "_");
}

bool explain_is_renamed(const char *gone, const char *fresh)
{
	return !strcmp(without_underscores(gone), without_underscores(fresh));
}

static void join_renamed(struct explain_view *view)
{
	size_t i, k, kept = 0;

	for (i = 0; i < view->nr_rows; i++) {
		struct explain_row *new = &view->rows[i];

		for (k = 0; k < view->nr_rows; k++) {
			struct explain_row *gone = &view->rows[k];

			if (gone->note != EXPLAIN_GONE || new->note != EXPLAIN_NEW || !explain_is_renamed(gone->name, new->name))
				continue;
			new->was = gone->name;
			new->note = EXPLAIN_RENAMED;
			new->old_self = gone->old_self;
			new->old_inclusive = gone->old_inclusive;
			new->old_calls = gone->old_calls;
			new->change = new->new_self - new->old_self;
			new->off_change += gone->off_change;
			gone->name = NULL;
			gone->note = EXPLAIN_PLAIN;
			break;
		}
	}
	for (i = 0; i < view->nr_rows; i++)
		if (view->rows[i].name)
			view->rows[kept++] = view->rows[i];
	view->nr_rows = kept;
}

static int compare_rows(const void *a, const void *b)
{
	const struct explain_row *x = a, *y = b;
	double size_x = fabs(x->change), size_y = fabs(y->change);

	if (size_x != size_y)
		return size_x > size_y ? -1 : 1;
	if (x->new_self != y->new_self)
		return x->new_self > y->new_self ? -1 : 1;
	return strcmp(x->name, y->name);
}

static int compare_memcg(const void *a, const void *b)
{
	const struct explain_row *x = a, *y = b;
	double size_x = fabs(x->change - x->off_change), size_y = fabs(y->change - y->off_change);

	return size_x != size_y ? size_x > size_y ? -1 : 1 : compare_rows(a, b);
}

void explain_view_sort_memcg(struct explain_view *view)
{
	if (view->old && view->has_off)
		qsort(view->rows, view->nr_rows, sizeof(*view->rows), compare_memcg);
}

int explain_view_make(const struct explain_side *old, const struct explain_side *new, struct explain_view *ret_view)
{
	struct explain_view view = {.old = old, .new = new, .has_off = new->has_off && (!old || old->has_off)};
	const struct explain_rep *reps[4];
	__free_mem const char **names = NULL;
	size_t nr_reps = 0, nr = 0, i;
	int ret;

	reps[nr_reps++] = &new->with;
	if (new->has_off)
		reps[nr_reps++] = &new->off;
	if (old)
		reps[nr_reps++] = &old->with;
	if (old && old->has_off)
		reps[nr_reps++] = &old->off;
	ret = union_names(reps, nr_reps, &names, &nr);
	if (ret)
		return ret;
	view.rows = calloc(nr + 1, sizeof(*view.rows));
	if (!view.rows)
		return err_sys(ENOMEM, "memory for rows");
	for (i = 0; i < nr; i++)
		fill_row(&view, names[i], &view.rows[i]);
	view.nr_rows = nr;
	join_renamed(&view);
	qsort(view.rows, view.nr_rows, sizeof(*view.rows), compare_rows);
	for (i = 0; i < view.nr_rows; i++) {
		view.old_cost += view.rows[i].old_self;
		view.new_cost += view.rows[i].new_self;
		view.change += view.rows[i].change;
		view.off_change += view.rows[i].off_change;
	}
	*ret_view = view;
	return 0;
}

void explain_view_free(struct explain_view *view)
{
	free(view->rows);
	*view = (struct explain_view){0};
}
