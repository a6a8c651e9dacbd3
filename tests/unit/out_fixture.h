/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * out_fixture.h - a run and its overhead, built by hand, for the tests of out/.
 *
 * The numbers are made up for the layout and are no measurements. Everything lives until
 * fixture_free().
 */
#ifndef TESTS_OUT_FIXTURE_H
#define TESTS_OUT_FIXTURE_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "data/overhead.h"
#include "data/rundata.h"

#define FIXTURE_ITEMS 4
#define FIXTURE_ROWS  32

struct fixture {
	struct rundata data;
	struct overhead overhead;
	struct rundata_item items[FIXTURE_ITEMS];
	struct rundata_metric metrics[FIXTURE_ITEMS][FIXTURE_ROWS];
	struct rundata_arm arms[FIXTURE_ITEMS][2];
	struct overhead_row rows[FIXTURE_ROWS];
	struct overhead_latency_row latencies[FIXTURE_ROWS];
};

/* One metric: the baseline and the arm with the half-width of their intervals, the difference with that of its
 * own. */
struct fixture_row {
	const char *name, *op;
	double base, arm, half, diff, diff_half;
	enum overhead_verdict verdict;
};

static const char fixture_run[] =
	"{'schema': 'memcgbench-run', 'schema_version': 1, 'run': 'made-up', 'status': 'complete',"
	" 'started': '2026-01-02T03:04:05Z', 'command': ['memcgbench', 'run', '--blocks=10', "
	"'it\\'s me'], 'clock': 'ns',"
	" 'memcgbench': {'version': '0.1', 'revision': 'abc1234', 'compiler': 'gcc 12.2.0'},"
	" 'plan': {'seed': 7, 'blocks': 10, 'rep_ns': 20000000},"
	" 'boots': [{'boot': 0, 'executor': 'live', 'clock_cost_ns': 27.53, 'facts': {'release': "
	"'6.1.0-18-amd64',"
	"  'version': '#1 SMP PREEMPT_DYNAMIC Debian 6.1.76-1 (2024-02-01)', 'arch': 'x86_64',"
	"  'cpu_model': 'Made Up(R) Processor 1234 @ 2.60GHz', 'hypervisor': 'kvm', "
	"'memory_bytes': 8361000960,"
	"  'thp_enabled': 'madvise', 'thp_shmem': 'never', 'lru_gen': '0x0007', 'swap_bytes': 0, "
	"'governor': '',"
	"  'smt': 'off', 'clocksource': 'kvm-clock', 'cmdline': 'root=/dev/vda1 quiet', "
	"'config_hash': 'feed'},"
	" 'cgroup': {'version': 'v1', 'hybrid': true, 'top_depth': 0}, 'topology': {'pus': 2, "
	"'cores': 2, 'nodes': 1}}]}";

/* JSON with ' for ", so that it can be read here. */
static json_t *fixture_json(const char *text)
{
	char *copy = strdup(text), *c;
	json_t *json;

	for (c = copy; *c; c++) {
		if (*c == '\'' && (c == copy || c[-1] != '\\'))
			*c = '"';
		else if (*c == '\\' && c[1] == '\'')
			memmove(c, c + 1, strlen(c));
	}
	json = json_loads(copy, 0, NULL);
	free(copy);
	return json;
}

static inline void fixture_init(struct fixture *fixture)
{
	memset(fixture, 0, sizeof(*fixture));
	fixture->data.dir = (char *)"results/made-up";
	fixture->data.run = fixture_json(fixture_run);
	fixture->data.items = fixture->items;
	fixture->data.notes = json_array();
	fixture->data.complete = true;
	fixture->overhead.rows = fixture->rows;
	fixture->overhead.latencies = fixture->latencies;
	fixture->overhead.delta_ratio = OVERHEAD_DELTA_RATIO;
	fixture->overhead.delta_ns = OVERHEAD_DELTA_NS;
}

static inline struct rundata_item *fixture_item(struct fixture *fixture, const char *bench,
						const char *params)
{
	size_t i = fixture->data.nr_items++;
	struct rundata_item *item = &fixture->items[i];

	*item = (struct rundata_item){
		.item = (unsigned int)i,
		.bench = (char *)bench,
		.bench_version = 1,
		.op = (char *)"page",
		.mode = (char *)"processes",
		.place = (char *)"compact",
		.memory = (char *)"local",
		.params = fixture_json(params),
		.metrics = fixture->metrics[i],
		.arms = fixture->arms[i],
		.nr_arms = 2,
		.noise = json_array(),
		.warnings = json_array(),
		.errors = json_array(),
		.workers = fixture_json("[{'pu': 0, 'core': 0, 'node': 0, 'package': 0}]"),
	};
	item->arms[0] = (struct rundata_arm){(char *)"root", 0, UINT64_MAX};
	item->arms[1] = (struct rundata_arm){(char *)"child", 1, UINT64_MAX};
	return item;
}

static inline struct overhead_row *fixture_add(struct fixture *fixture, struct rundata_item *item,
					       const struct fixture_row *spec)
{
	struct overhead_row *row = &fixture->rows[fixture->overhead.nr_rows++];
	struct rundata_metric *metric = &item->metrics[item->nr_metrics++];

	*metric = (struct rundata_metric){(char *)spec->name, (char *)"what is timed",
					  (char *)spec->op, (char *)"ns/op", true};
	*row = (struct overhead_row){
		.item = item,
		.metric = metric,
		.base = &item->arms[0],
		.arm = &item->arms[1],
		.nr_blocks = 10,
		.base_ns = spec->base,
		.arm_ns = spec->base + spec->diff,
		.base_interval = {spec->base - spec->half, spec->base + spec->half, 0.979},
		.arm_interval = {spec->arm - spec->half, spec->arm + spec->half, 0.979},
		.diff_ns = spec->diff,
		.diff_interval = {spec->diff - spec->diff_half, spec->diff + spec->diff_half,
				  0.951},
		.ratio = spec->diff / spec->base,
		.ratio_interval = {(spec->diff - spec->diff_half) / spec->base,
				   (spec->diff + spec->diff_half) / spec->base, 0.951},
		.detectable_ns = spec->diff_half * 1.4,
		.detectable_ratio = spec->diff_half * 1.4 / spec->base,
		.delta = fmax(OVERHEAD_DELTA_RATIO * spec->base, fmin(OVERHEAD_DELTA_NS, spec->base / 10)),
		.verdict = spec->verdict,
	};
	return row;
}

/* Interpolated inside the bucket that holds the quantile. */
static inline double fixture_quantile(const struct overhead_latency_row *row, double p)
{
	uint64_t below = 0;
	size_t i;

	for (i = 0; i < row->nr_buckets; i++) {
		uint64_t low = row->histogram[i][0], count = row->histogram[i][1];
		double part = (p * (double)row->count - (double)below) / (double)count;

		if (part <= 1)
			return (double)low +
			       part * (double)(low < 64 ? 1 : 1ull << (57 - __builtin_clzll(low)));
		below += count;
	}
	return NAN;
}

/* A long-tailed distribution around @centre_ns: most ops near it, a few at 6 and 40 times of it. */
static inline struct overhead_latency_row *
fixture_latency(struct fixture *fixture, struct rundata_item *item, size_t arm, uint64_t centre_ns)
{
	struct overhead_latency_row *row = &fixture->latencies[fixture->overhead.nr_latencies++];
	uint64_t low = centre_ns / 2;
	size_t i;

	*row = (struct overhead_latency_row){
		.item = item,
		.metric = &item->metrics[0],
		.arm = &item->arms[arm],
		.clock_cost_ns = 27.5,
		.min_ns = (double)low,
	};
	row->histogram = calloc(1000, sizeof(*row->histogram));
	while (low < centre_ns * 900) {
		unsigned int octave = 63 - (unsigned int)__builtin_clzll(low);
		uint64_t width = octave > 6 ? (uint64_t)1 << (octave - 6) : 1;
		double x = log((double)low / (double)centre_ns);
		double weight = (90000 * exp(-x * x * 60) + 4000 * exp(-(x - 1) * (x - 1) * 4) +
				 60 * exp(-(x - 3.7) * (x - 3.7) * 4)) *
				80 * (double)width / (double)low;

		if (weight >= 0.5) {
			row->histogram[row->nr_buckets][0] = low;
			row->histogram[row->nr_buckets++][1] = (uint64_t)weight;
		}
		low = (low / width + 1) * width;
	}
	row->histogram[row->nr_buckets][0] = low;
	row->histogram[row->nr_buckets++][1] = 1;
	for (i = 0; i < row->nr_buckets; i++)
		row->count += row->histogram[i][1];
	row->p50_ns = fixture_quantile(row, 0.5);
	row->p90_ns = fixture_quantile(row, 0.9);
	row->p99_ns = fixture_quantile(row, 0.99);
	row->p999_ns = fixture_quantile(row, 0.999);
	row->max_ns = (double)low;
	return row;
}

static inline void fixture_free(struct fixture *fixture)
{
	size_t i;

	for (i = 0; i < fixture->data.nr_items; i++) {
		json_decref(fixture->items[i].params);
		json_decref(fixture->items[i].workers);
		json_decref(fixture->items[i].noise);
		json_decref(fixture->items[i].warnings);
		json_decref(fixture->items[i].errors);
	}
	for (i = 0; i < fixture->overhead.nr_latencies; i++)
		free(fixture->latencies[i].histogram);
	json_decref(fixture->data.run);
	json_decref(fixture->data.notes);
}

static const struct fixture_row fixture_fault_rows[] = {
	{"fault", "page", 512.31, 551.17, 3.1, 38.86, 2.4, OVERHEAD_MORE},
	{"munmap", "page", 88.123, 88.413, 0.31, 0.29, 0.84, OVERHEAD_EQUIVALENT},
	{"madvise", "page", 92.4, 94.01, 1.2, 1.61, 1.3, OVERHEAD_SMALL},
	{"exit", "page", 301.7, 308.8, 22.0, 7.1, 19.3, OVERHEAD_INCONCLUSIVE},
};

static const struct fixture_row fixture_null_row = {
	"loop", "iteration", 0.3121, 0.3119, 0.0013, -0.0002, 0.0011, OVERHEAD_EQUIVALENT};

#endif
