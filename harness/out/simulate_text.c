// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/simulate_text.h"

#include <math.h>

void simulate_text_head(size_t nr_families, FILE *out)
{
	fprintf(out, "%zu comparisons without a change in each line: how many have a false alarm, in %%; \"t\": by Student's t (blocks:\n"
		     "Mann-Whitney) and Holm alone. held: the 95 %% interval holds the truth; power: a change of the size that the comparison of\n"
		     "one row says it would have seen is called one. dependent: a block is like the one before, by 0.3,\n"
		     "which is promised nothing for.\n\n"
		     "units      rows  noise                  alarms  [95 %% interval]      t    held   power\n",
		nr_families);
}

void simulate_text_cell(const struct simulate_cell *cell, double power, FILE *out)
{
	double n = (double)cell->nr_families;

	fprintf(out, "%3zu %-6s %4zu  %-20s %7.1f    [%4.1f, %4.1f]  %6.1f", cell->nr_units, cell->live ? "blocks" : "seeds", cell->nr_rows,
		simulate_noise_name(cell->noise), 100 * (double)cell->nr_alarms / n, 100 * cell->rate.low, 100 * cell->rate.high,
		100 * (double)cell->nr_t_alarms / n);
	fprintf(out, isnan(cell->coverage) ? "       -" : "  %6.1f", 100 * cell->coverage);
	fprintf(out, isnan(power) ? "\n" : "  %6.1f\n", 100 * power);
	fflush(out);
}
