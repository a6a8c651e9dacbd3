// SPDX-License-Identifier: GPL-2.0-or-later
/* Data files and pictures: columns, hostile names, and a gnuplot that is missing, fails, hangs or
 * dies. */
#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/fs.h"
#include "out/dat.h"
#include "out/plot.h"
#include "out_fixture.h"

static struct fixture fixture;
static char dir[64], *path_before;

static int setup(void **state)
{
	(void)state;
	fixture_init(&fixture);
	strcpy(dir, "/tmp/test-plot-XXXXXX");
	path_before = strdup(getenv("PATH"));
	return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
	char command[128];

	(void)state;
	setenv("PATH", path_before, 1);
	free(path_before);
	fixture_free(&fixture);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

static bool have_gnuplot(void)
{
	return system("gnuplot --version >/dev/null 2>&1") == 0;
}

static void write_text(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

/* A program named gnuplot in front of all others. */
static void fake_gnuplot(const char *script)
{
	char path[128], search[4096];

	snprintf(path, sizeof(path), "%s/gnuplot", dir);
	write_text(path, script);
	chmod(path, 0755);
	snprintf(search, sizeof(search), "%s:%s", dir, path_before);
	setenv("PATH", search, 1);
}

static struct plot_job simple_job(void)
{
	return (struct plot_job){
		.plots_dir = "plots", .script = "x.gp", .out_dir = dir, .name = "x"};
}

static void assert_lacks_file(const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_int_equal(access(path, F_OK), -1);
}

static void test_missing(void **state)
{
	struct plot_job job = simple_job();

	(void)state;
	setenv("PATH", dir, 1);
	assert_int_equal(plot_run(&job), -ENOENT);
	assert_string_equal(err_msg(), "gnuplot is not installed");
}

static void test_failure_has_the_complaint(void **state)
{
	struct plot_job job = simple_job();

	(void)state;
	fake_gnuplot("#!/bin/sh\nprintf '\\n\\n  ^\\nline 3: no such column\\n' >&2\nexit 1\n");
	assert_int_equal(plot_run(&job), -EIO);
	assert_string_equal(err_msg(), "gnuplot x.gp: line 3: no such column");
	assert_lacks_file("x.svg");
}

/* Files in the folder with @part in their name. */
static int count_files(const char *part)
{
	DIR *folder = opendir(dir);
	struct dirent *entry;
	int nr = 0;

	assert_non_null(folder);
	while ((entry = readdir(folder)))
		nr += strstr(entry->d_name, part) != NULL;
	closedir(folder);
	return nr;
}

/* gnuplot that writes half a picture and dies leaves nothing that looks like one. */
static void test_killed(void **state)
{
	struct plot_job job = simple_job();

	(void)state;
	/* -d -e PROLOGUE SCRIPT: the prologue says where the picture goes. */
	fake_gnuplot("#!/bin/sh\nto=${3#*picture = \\'}\necho half >\"${to%%\\'*}\" || exit 3\nkill -9 $$\n");
	assert_int_equal(plot_run(&job), -EIO);
	assert_string_equal(err_msg(), "gnuplot x.gp was killed by signal 9");
	assert_lacks_file("x.svg");
	/* Neither as it is being written, by whatever name. */
	assert_int_equal(count_files("x.svg"), 0);
}

static void test_hangs(void **state)
{
	struct plot_job job = simple_job();
	time_t begin = time(NULL);

	(void)state;
	job.limit_ms = 200;
	fake_gnuplot("#!/bin/sh\nexec sleep 20\n");
	assert_int_equal(plot_run(&job), -ETIMEDOUT);
	assert_string_equal(err_msg(), "gnuplot x.gp took longer than 200 ms");
	assert_true(time(NULL) - begin < 10);
}

/* More complaints than a pipe holds must not stop gnuplot. */
static void test_talkative(void **state)
{
	struct plot_job job = simple_job();

	(void)state;
	fake_gnuplot("#!/bin/sh\nseq 1 40000 >&2\nto=${3#*picture = \\'}\necho picture >\"${to%%\\'*}\"\n");
	assert_int_equal(plot_run(&job), 0);
	assert_int_equal(count_files("x.svg"), 1);
}

/* As on a full disk, of which gnuplot says nothing. */
static void test_empty(void **state)
{
	struct plot_job job = simple_job();

	(void)state;
	fake_gnuplot("#!/bin/sh\n");
	assert_int_equal(plot_run(&job), -EIO);
	assert_string_equal(err_msg(), "gnuplot x.gp drew nothing");
	assert_int_equal(count_files("x.svg"), 0);
}

/* Names that would be a pipe, an option, a substitution or the end of a string. */
static void test_hostile_names(void **state)
{
	static const char *const names[] = {"a b",  "it's", "say \"x\"", "`touch pwned`",
					    "$(x)", "a;b",  "x\\y",	 "|tee"};
	char plots[256], out_dir[512], script[512], picture[640];
	size_t i;

	(void)state;
	if (!have_gnuplot())
		skip();
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		struct plot_variable variable = {"title_text", names[i], 0};
		struct plot_job job = {.script = "t.gp",
				       .name = names[i],
				       .variables = &variable,
				       .nr_variables = 1};

		snprintf(plots, sizeof(plots), "%s/scripts %s", dir, names[i]);
		snprintf(out_dir, sizeof(out_dir), "%s/out %s", dir, names[i]);
		snprintf(script, sizeof(script), "%s/t.gp", plots);
		snprintf(picture, sizeof(picture), "%s/%s.svg", out_dir, names[i]);
		mkdir(plots, 0755);
		mkdir(out_dir, 0755);
		write_text(script, "set terminal svg noenhanced\nset output picture\nset title "
				   "title_text noenhanced\n"
				   "if (strlen(plots_dir) < 3) exit status 3\nplot x\n");
		job.plots_dir = plots;
		job.out_dir = out_dir;
		if (plot_run(&job))
			fail_msg("%s: %s", names[i], err_msg());
		assert_int_equal(access(picture, R_OK), 0);
	}
	assert_int_equal(access("pwned", F_OK), -1);
}

static void test_dat_columns(void **state)
{
	struct rundata_item *item = fixture_item(&fixture, "fault_storm", "{'size': '64M'}");
	char path[128], *text, *line;
	double cost, percent_low;
	int fields;

	(void)state;
	fixture_add(&fixture, item, &fixture_fault_rows[0]);
	fixture_add(&fixture, item, &fixture_fault_rows[1])->ratio_interval.low = NAN;
	snprintf(path, sizeof(path), "%s/o.dat", dir);
	assert_int_equal(dat_overhead(&fixture.data, &fixture.overhead, NULL, path), 0);
	assert_int_equal(fs_read(&text, "%s", path), 0);
	assert_non_null(strstr(text, "# 9 difference  10 11 its 95 % interval\n"));
	assert_non_null(strstr(text, "\"+38.9 ns  [+36.5, +41.3]\" \"ns/op\""));
	line = strstr(text, "\n0 ");
	fields = sscanf(
		line,
		" 0 \"fault_storm fault per page\" %lf %*f %*f %*f %*f %*f %*f %*f %*f %*f %lf",
		&cost, &percent_low);
	assert_int_equal(fields, 2);
	assert_float_equal(cost, 512.31, 1e-6);
	assert_float_equal(percent_low, 100 * (38.86 - 2.4) / 512.31, 1e-6);
	assert_non_null(strstr(strstr(text, "\n1 "), " NaN "));
	free(text);
}

/* Every op is below or above: shares go from 1 to what one op is, and empty stretches are told. */
static void test_dat_latency(void **state)
{
	static uint64_t histogram[][2] = {{63, 1}, {64, 2}, {70, 4}, {128, 1}};
	struct rundata_item *item = fixture_item(&fixture, "b", "{}");
	struct overhead_latency_row *row;
	size_t next = 0;
	char path[128], *text;

	(void)state;
	fixture_add(&fixture, item, &fixture_fault_rows[0]);
	row = fixture_latency(&fixture, item, 0, 512);
	free(row->histogram);
	row->histogram = calloc(4, sizeof(*row->histogram));
	memcpy(row->histogram, histogram, sizeof(histogram));
	row->nr_buckets = 4;
	row->count = 8;
	fixture_latency(&fixture, item, 1, 553);
	snprintf(path, sizeof(path), "%s/l.dat", dir);
	assert_int_equal(dat_latency(&fixture.data, &fixture.overhead, 0, path, &next), 0);
	assert_int_equal(next, 2);
	assert_int_equal(fs_read(&text, "%s", path), 0);
	assert_non_null(strstr(text, "# root, distribution\n"
				     "63 64 1 0 1\n"
				     "64 65 2 0.125 0.875\n"
				     "65 70 0 0.375 0.625\n"
				     "70 71 4 0.375 0.625\n"
				     "71 128 0 0.875 0.125\n"
				     "128 130 1 0.875 0.125\n"
				     "130 130 0 1 0\n"
				     "\n\n# root, percentiles\n"));
	assert_non_null(strstr(text, "\n\n# child, distribution\n"));
	free(text);
}

static void test_no_folder(void **state)
{
	(void)state;
	assert_int_equal(dat_overhead(&fixture.data, &fixture.overhead, NULL, "/nonexistent/o.dat"),
			 -ENOENT);
	assert_non_null(strstr(err_msg(), "/nonexistent/o.dat"));
}

static void fill_run(void)
{
	struct rundata_item *item = fixture_item(&fixture, "fault_storm", "{'size': '64M'}");
	size_t i;

	for (i = 0; i < 4; i++)
		fixture_add(&fixture, item, &fixture_fault_rows[i]);
	fixture_add(&fixture, fixture_item(&fixture, "null", "{}"), &fixture_null_row);
	fixture_latency(&fixture, item, 0, 512);
	fixture_latency(&fixture, item, 1, 553);
}

/* The project's own scripts, with names, scales and gaps that a run can have. */
static void test_pictures(void **state)
{
	static const struct stats_interval none = {NAN, NAN, NAN};
	struct plot_files files = {0};
	char out_dir[128], path[256];
	struct stat info;
	size_t i;

	(void)state;
	if (!have_gnuplot() || access("plots/style.gp", R_OK))
		skip();
	fill_run();
	fixture.rows[1].base_interval = fixture.rows[1].diff_interval =
		fixture.rows[1].ratio_interval = none;
	fixture.rows[2].base_ns = fixture.rows[2].diff_ns = fixture.rows[2].ratio = NAN;
	snprintf(out_dir, sizeof(out_dir), "%s/it's \"plots\"", dir);
	if (plot_overhead(&fixture.data, &fixture.overhead, NULL, "plots", out_dir, &files))
		fail_msg("%s", err_msg());
	assert_int_equal(files.nr, 6);
	for (i = 0; i < files.nr; i++) {
		snprintf(path, sizeof(path), "%s/%s", out_dir, files.names[i]);
		assert_int_equal(stat(path, &info), 0);
		assert_true(info.st_size > 500);
	}
	plot_files_free(&files);
}

/* Without gnuplot the data files are all there, and the sentence is gnuplot's. */
static void test_data_without_gnuplot(void **state)
{
	struct plot_files files = {0};

	(void)state;
	fill_run();
	setenv("PATH", dir, 1);
	assert_int_equal(
		plot_overhead(&fixture.data, &fixture.overhead, NULL, "plots", dir, &files),
		-ENOENT);
	assert_string_equal(err_msg(), "gnuplot is not installed");
	assert_int_equal(files.nr, 2);
	assert_string_equal(files.names[0], "overhead.dat");
	assert_string_equal(files.names[1], "latency-0-fault_storm-fault.dat");
	plot_files_free(&files);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_missing),
		TEST(test_failure_has_the_complaint),
		TEST(test_killed),
		TEST(test_hangs),
		TEST(test_talkative),
		TEST(test_empty),
		TEST(test_hostile_names),
		TEST(test_dat_columns),
		TEST(test_dat_latency),
		TEST(test_no_folder),
		TEST(test_pictures),
		TEST(test_data_without_gnuplot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
