// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/sweep_json.h"

#include <math.h>

static json_t *number(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

static json_t *point_json(const struct sweep_point *point)
{
	return json_pack("{s:o, s:i, s:i, s:o, s:o, s:o, s:i, s:o, s:o, s:o, s:o, s:o, s:o}", "x", number(point->x), "item",
			 (int)point->item->item, "arm", (int)point->arm, "value", number(point->value), "low",
			 number(point->interval.low), "high", number(point->interval.high), "nr", (int)point->nr,
			 "efficiency", number(point->efficiency), "efficiency_low", number(point->efficiency_interval.low),
			 "efficiency_high", number(point->efficiency_interval.high), "fairness", number(point->fairness),
			 "spread", number(point->spread), "ops_per_s", number(point->throughput));
}

static json_t *fit_json(const struct sweep_fit *fit)
{
	if (isnan(fit->slope))
		return json_null();
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:i, s:o}", "slope", number(fit->slope), "slope_low",
			 number(fit->slope_interval.low), "slope_high", number(fit->slope_interval.high), "intercept",
			 number(fit->intercept), "intercept_low", number(fit->intercept_interval.low), "intercept_high",
			 number(fit->intercept_interval.high), "nr", (int)fit->nr, "misfit", number(fit->misfit));
}

static json_t *curve_json(const struct sweep_curve *curve)
{
	const struct sweep_point *first = &curve->points[0];
	json_t *points = json_array();
	size_t i;

	for (i = 0; i < curve->nr_points; i++)
		json_array_append_new(points, point_json(&curve->points[i]));
	return json_pack("{s:s, s:s?, s:s?, s:s, s:s, s:s, s:s, s:o, s:o}", "axis", curve->axis, "kernel", curve->kernel_name,
			 "memcgs", curve->each ? "each" : NULL, "bench", first->item->bench, "metric", curve->metric->name,
			 "unit", curve->metric->unit, "state", first->item->arms[first->arm].state, "points", points, "fit",
			 fit_json(&curve->fit));
}

json_t *sweep_json(const struct sweep *sweep)
{
	json_t *json = json_array();
	size_t i;

	for (i = 0; i < sweep->nr_curves; i++)
		json_array_append_new(json, curve_json(&sweep->curves[i]));
	return json;
}
