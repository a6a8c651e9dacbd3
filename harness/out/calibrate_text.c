// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/calibrate_text.h"

#include <errno.h>
#include <math.h>

#include "base/err.h"
#include "data/store.h"
#include "out/plot.h"

#define NR_BARS 20

static void put_share(FILE *out, size_t k, size_t n, const struct stats_interval *interval)
{
	fprintf(out, "%zu of %zu: %.1f %% [%.1f, %.1f]", k, n, 100.0 * (double)k / (double)n,
		interval->low * 100, interval->high * 100);
}

static void put_effect(const struct limit *effect, const char *clock, FILE *out)
{
	if (effect->ratio > 0)
		fprintf(out, "%g %%", effect->ratio * 100);
	fputs(effect->ratio > 0 && effect->absolute > 0 ? " and " : "", out);
	if (effect->absolute > 0)
		fprintf(out, "%g %s per op", effect->absolute, clock);
	if (!(effect->ratio > 0) && !(effect->absolute > 0))
		fputs("work, by the parameter extra", out);
}

int calibrate_text(const struct calibration *calibration, const struct limit *effect, FILE *out)
{
	struct stats_interval row_rate = calibrate_share(calibration->nr_row_alarms, calibration->nr_rows, 0.95);

	fprintf(out, "%zu comparisons of %s with itself: %zu %s%s against %zu others, drawn at random\n\n",
		calibration->nr_comparisons, calibration->name, calibration->nr_units,
		calibration->units_are_boots ? "seed" : "block", calibration->nr_units == 1 ? "" : "s", calibration->nr_units);
	if (calibration->nr_rows) {
		fprintf(out, "comparisons with a false alarm  ");
		put_share(out, calibration->nr_alarms, calibration->nr_unchanged, &calibration->rate);
		fprintf(out, "\nrows with one                   ");
		put_share(out, calibration->nr_row_alarms, calibration->nr_rows, &row_rate);
		fputs(calibration->nr_changed ? "\n\n" : "", out);
	}
	if (calibration->nr_changed) {
		fprintf(out, "added to the child memcg of one half: ");
		put_effect(effect, calibration->clock, out);
		fprintf(out, "\nrows in which it was seen       ");
		put_share(out, calibration->nr_seen, calibration->nr_changed, &calibration->seen);
		fprintf(out, "\nrows called a regression        ");
		put_share(out, calibration->nr_found, calibration->nr_changed, &calibration->found);
	}
	if (calibration->nr_unusable)
		fprintf(out, "\n\n%zu rows gave no interval and count nowhere, the first because: %s", calibration->nr_unusable, calibration->why);
	fprintf(out, "\n\n[]: 95 %% interval of the share (Clopper-Pearson), as if the comparisons were independent; drawn from one run, they\n"
		     "share its data, and what the run itself had is in all of them.\n");
	return fflush(out) || ferror(out) ? err_set(EIO, "the calibration could not be written") : 0;
}

static int write_bars(const struct calibration *calibration, const char *out_dir)
{
	size_t bar[NR_BARS] = { 0 }, size;
	__free_mem char *text = NULL;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return err_sys(ENOMEM, "memory for the p-values");
	for (size_t i = 0; i < calibration->nr_p; i++) {
		size_t at = (size_t)(calibration->p[i] * NR_BARS);

		bar[at < NR_BARS ? at : NR_BARS - 1]++;
	}
	fprintf(out, "# p-values of %zu rows in comparisons of %s with itself: low end of the bar, high end, rows\n", calibration->nr_p,
		calibration->name);
	for (size_t i = 0; i < NR_BARS; i++)
		fprintf(out, "%g %g %zu\n", (double)i / NR_BARS, (double)(i + 1) / NR_BARS, bar[i]);
	if (fclose(out))
		return err_sys(ENOMEM, "memory for the p-values");
	return store_file(out_dir, "pvalues.dat", text);
}

int calibrate_plot(const struct calibration *calibration, const char *plots_dir, const char *out_dir)
{
	__free_mem char *data = NULL;
	int ret;

	if (!calibration->nr_p)
		return err_set(ENODATA, "no row has a p-value: all were exact, or nothing was compared");
	if (asprintf(&data, "%s/pvalues.dat", out_dir) < 0)
		return err_sys(ENOMEM, "memory for the p-values");
	ret = write_bars(calibration, out_dir);
	if (!ret) {
		const struct plot_variable variables[] = {
			{ "data", data, 0 },
			{ "kernel", calibration->name, 0 },
			{ "clock", calibration->clock, 0 },
			{ "nr_rows", NULL, (double)calibration->nr_p },
			{ "nr_bars", NULL, NR_BARS },
			{ "nr_comparisons", NULL, (double)calibration->nr_comparisons },
		};
		const struct plot_job job = {
			.plots_dir = plots_dir,
			.script = "pvalues.gp",
			.out_dir = out_dir,
			.name = "pvalues",
			.variables = variables,
			.nr_variables = ARRAY_SIZE(variables),
		};

		ret = plot_run(&job);
	}
	return ret;
}
