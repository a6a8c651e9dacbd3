// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/export_private.h"

#include <errno.h>
#include <math.h>

#include "base/err.h"

int export_finish(FILE *out)
{
	return fflush(out) || ferror(out) ? err_set(EIO, "the comparison could not be written") : 0;
}

int export_json(json_t *json, FILE *out)
{
	int ret;

	if (!json)
		return err_sys(ENOMEM, "memory for the export of a comparison");
	ret = json_dumpf(json, out, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
	json_decref(json);
	putc('\n', out);
	return ret < 0 ? err_set(EIO, "the comparison could not be written") : export_finish(out);
}

const char *export_fact(const struct compare_side *side, const char *key)
{
	return label_string(label_boot(side->data, "facts"), key);
}

bool export_is_time(const struct export_series *series)
{
	const struct rundata_metric *metric = series->row->row->metric;

	return !metric->is_count && metric->lower_is_better;
}

void export_range(const struct export_side *side, double *ret_low, double *ret_high)
{
	*ret_low = *ret_high = NAN;
	for (size_t i = 0; i < side->nr; i++) {
		*ret_low = fmin(*ret_low, side->values[i]);
		*ret_high = fmax(*ret_high, side->values[i]);
	}
}
