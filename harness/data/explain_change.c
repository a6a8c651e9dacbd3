// SPDX-License-Identifier: GPL-2.0-or-later
#include "data/explain_change.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "data/explain_run.h"

/* Parts below this print as nothing. */
#define PART_MIN 0.05
/* How far the seed's change may be from that which is to be explained: a share of it, or instructions. */
#define NEAR_SHARE 0.1
#define NEAR_INSNS 0.5
/* How far the parts may be from what the seed's samples say: the rep that a profile kept may differ by a reading of the clock. */
#define SUM_SHARE 0.01
#define SUM_INSNS 0.1

struct candidate {
	uint64_t seed;
	double change, distance;
};

static int check_end(const struct explain_end *end)
{
	const char *clock = json_string_value(json_object_get(end->data->run, "clock"));

	if (!clock || strcmp(clock, "insn"))
		return err_set(ENODATA, "%s counted no instructions", end->data->dir);
	if (end->metric >= end->item->nr_metrics || end->item->metrics[end->metric].is_count)
		return err_set(ENODATA, "%s: a count is of no functions", end->item->bench);
	return 0;
}

int explain_end_resolve(const struct explain_end *end, bool has_below, struct explain_resolved *ret_resolved)
{
	struct explain_resolved resolved = {
		.item = end->item, .metric = end->metric, .arm = end->arm, .off = has_below ? end->below : SIZE_MAX,
	};
	struct explain_resolved any;
	int ret = check_end(end);

	if (!ret && !end->kernel)
		ret = explain_resolve(end->data, &(struct explain_query){.bench = end->item->bench, .arm = end->item->arms[end->arm].state},
				      &any);
	if (ret)
		return ret;
	resolved.kernel = end->kernel ? end->kernel : any.kernel;
	resolved.off_kernel = explain_off_kernel(end->data, resolved.kernel, end->item, resolved.off);
	*ret_resolved = resolved;
	return 0;
}

static double value_change(const struct explain_value *old, const struct explain_value *new, bool has_below)
{
	return has_below ? (new->with - new->off) - (old->with - old->off) : new->with - old->with;
}

static int nearer(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->distance != y->distance)
		return x->distance < y->distance ? -1 : 1;
	return (x->seed > y->seed) - (x->seed < y->seed);
}

/* The seeds of both ends, the one whose change is nearest to @wanted first. */
static int list_seeds(const struct explain_end *const ends[2], const struct explain_resolved resolved[2], double wanted, bool has_below,
		      struct candidate **ret_list, size_t *ret_nr)
{
	__free_mem struct explain_value *old = NULL, *new = NULL;
	size_t nr_old = 0, nr_new = 0, nr = 0, i, k;
	struct candidate *list;
	int ret = explain_resolved_values(ends[0]->data, &resolved[0], &old, &nr_old);

	if (!ret)
		ret = explain_resolved_values(ends[1]->data, &resolved[1], &new, &nr_new);
	if (ret)
		return ret;
	list = calloc(nr_new + 1, sizeof(*list));
	if (!list)
		return err_sys(ENOMEM, "memory for seeds");
	for (i = 0; i < nr_new; i++)
		for (k = 0; k < nr_old; k++) {
			double change = value_change(&old[k], &new[i], has_below);

			if (old[k].seed == new[i].seed && !isnan(change))
				list[nr++] = (struct candidate){new[i].seed, change, fabs(change - wanted)};
		}
	qsort(list, nr, sizeof(*list), nearer);
	*ret_list = list;
	*ret_nr = nr;
	return 0;
}

static bool is_near(double value, double wanted, double share, double insns)
{
	return fabs(value - wanted) <= fmax(share * fabs(wanted), insns);
}

static double part_of(const struct explain_view *view, const struct explain_row *row)
{
	return view->has_off ? row->change - row->off_change : row->change;
}

static int larger(const void *a, const void *b)
{
	const struct explain_part *x = a, *y = b;

	if (fabs(x->change) != fabs(y->change))
		return fabs(x->change) > fabs(y->change) ? -1 : 1;
	return strcmp(x->name, y->name);
}

static int fill_parts(const struct explain_view *view, size_t max, struct explain_change *change)
{
	struct explain_part *parts = calloc(view->nr_rows + 1, sizeof(*parts));
	size_t i;

	if (!parts)
		return err_sys(ENOMEM, "memory for parts");
	for (i = 0; i < view->nr_rows; i++) {
		const struct explain_row *row = &view->rows[i];

		parts[i].change = part_of(view, row);
		parts[i].note = row->note;
		snprintf(parts[i].name, sizeof(parts[i].name), "%s", row->name);
		snprintf(parts[i].was, sizeof(parts[i].was), "%s", row->was ? row->was : "");
		change->change += parts[i].change;
	}
	qsort(parts, view->nr_rows, sizeof(*parts), larger);
	change->parts = parts;
	for (i = 0; i < view->nr_rows; i++) {
		if (change->nr_parts == i && i < max && fabs(parts[i].change) >= PART_MIN) {
			change->nr_parts++;
		} else {
			change->rest += parts[i].change;
			/* What differs by the rounding of a division has not changed. */
			change->nr_rest += fabs(parts[i].change) > 1e-9;
		}
	}
	return 0;
}

/* The parts of a side add up to its sample only where the clock counts what lies between the marks. */
static int check_clock(const struct explain_side *side)
{
	const struct explain_rep *rep = side->with.is_shared_clock ? &side->with : &side->off;

	if (!rep->is_shared_clock)
		return 0;
	return err_set(EOPNOTSUPP, "%zu workers at once on %u CPUs: each one's clock counts what all CPUs run, its profile what its own does",
		       json_array_size(side->item->workers), rep->nr_vcpus);
}

static int split_sides(const struct explain_side sides[2], bool has_below, const struct candidate *seed, size_t max,
		       struct explain_change *ret_change)
{
	struct explain_change change = {.seed = seed->seed};
	struct explain_view view;
	int ret = check_clock(&sides[0]);

	if (!ret)
		ret = check_clock(&sides[1]);
	if (!ret)
		ret = explain_view_make(&sides[0], &sides[1], &view);
	if (ret)
		return ret;
	ret = view.has_off == has_below ? fill_parts(&view, max, &change)
					: err_set(ENODATA, "one end has nothing to subtract under seed %llu", (unsigned long long)seed->seed);
	explain_view_free(&view);
	if (!ret && !is_near(change.change, seed->change, SUM_SHARE, SUM_INSNS))
		ret = err_set(ENODATA, "the functions add up to %+.2f, the samples of seed %llu say %+.2f", change.change,
			      (unsigned long long)seed->seed, seed->change);
	if (ret) {
		explain_change_free(&change);
		return ret;
	}
	*ret_change = change;
	return 0;
}

static int split_seed(const struct explain_end *const ends[2], const struct explain_resolved resolved[2], bool has_below,
		      const struct candidate *seed, size_t max, struct explain_change *ret_change)
{
	struct explain_side sides[2] = {0};
	int ret = explain_resolved_load(ends[1]->data, &resolved[1], seed->seed, &sides[1]);

	if (!ret)
		ret = explain_resolved_load(ends[0]->data, &resolved[0], seed->seed, &sides[0]);
	if (!ret)
		ret = split_sides(sides, has_below, seed, max, ret_change);
	explain_side_free(&sides[0]);
	explain_side_free(&sides[1]);
	return ret;
}

int explain_change_make(const struct explain_end *old, const struct explain_end *new, double wanted, size_t max,
			struct explain_change *ret_change)
{
	const struct explain_end *const ends[2] = {old, new};
	bool has_below = old->below != SIZE_MAX && new->below != SIZE_MAX;
	__free_mem struct candidate *seeds = NULL;
	struct explain_resolved resolved[2];
	size_t nr = 0, i;
	int ret = explain_end_resolve(old, has_below, &resolved[0]);

	if (!ret)
		ret = explain_end_resolve(new, has_below, &resolved[1]);
	if (!ret)
		ret = list_seeds(ends, resolved, wanted, has_below, &seeds, &nr);
	if (ret)
		return ret;
	ret = err_set(ENODATA, "no seed of both runs changed by %+.2f", wanted);
	for (i = 0; i < nr && is_near(seeds[i].change, wanted, NEAR_SHARE, NEAR_INSNS); i++) {
		ret = split_seed(ends, resolved, has_below, &seeds[i], max, ret_change);
		/* A boot without a profile is passed over; what is damaged is not. */
		if (ret != -ENODATA)
			break;
	}
	if (!ret)
		ret_change->nr_seeds = nr;
	return ret;
}

void explain_change_free(struct explain_change *change)
{
	free(change->parts);
	*change = (struct explain_change){0};
}

const char *explain_note_name(enum explain_note note)
{
	static const char *const names[] = {
		[EXPLAIN_PLAIN] = "",	     [EXPLAIN_NEW] = "new",	  [EXPLAIN_GONE] = "gone",
		[EXPLAIN_RENAMED] = "renamed", [EXPLAIN_CALLED] = "called", [EXPLAIN_UNCALLED] = "uncalled",
	};

	return names[note];
}
